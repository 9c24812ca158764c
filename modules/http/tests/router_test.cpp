#include "flotilla/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace flotilla::http {
namespace {

/// What is told of the route; empty when it is fine.
std::string mistake_in(Router& router, std::string_view pattern) {
    std::string told;
    router.on_mistake([&told](const Error& mistake) { told = mistake.message(); });
    router.get(pattern, [] { return std::string("x"); });
    return told;
}

TEST(Router, TellsWhatIsWrongWithAPattern) {
    Router router;
    EXPECT_EQ(mistake_in(router, "a"), "route 'GET a': a pattern begins with a slash");
    EXPECT_EQ(mistake_in(router, "/a/{}"), "route 'GET /a/{}': a parameter needs a name");
    EXPECT_EQ(mistake_in(router, "/a/{*}"), "route 'GET /a/{*}': a parameter needs a name");
    EXPECT_EQ(mistake_in(router, "/a/{b"), "route 'GET /a/{b': a parameter is a whole segment: /users/{id}");
    EXPECT_EQ(mistake_in(router, "/{*a}/b"), "route 'GET /{*a}/b': nothing may follow {*name}");
    EXPECT_EQ(
        mistake_in(router, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"),
        "route 'GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}': more than 8 parameters"
    );
    EXPECT_TRUE(router.routes().empty());
}

TEST(Router, TellsOfASecondRouteAndKeepsTheFirst) {
    Router router;
    EXPECT_EQ(mistake_in(router, "/a/{b}"), "");
    EXPECT_EQ(mistake_in(router, "/a/{c}"), "route 'GET /a/{c}': there is one already");
    EXPECT_EQ(router.routes().size(), 1U);
}

TEST(Router, TellsOfAParameterThatThePatternDoesNotHave) {
    Router router;
    std::vector<std::string> told;
    router.on_mistake([&told](const Error& mistake) { told.push_back(mistake.message()); });
    router.post("/a/{c}", [](Path<"b"> b) { return *b; });
    EXPECT_EQ(
        told,
        std::vector<std::string>{
            "route 'POST /a/{c}': the handler takes Path<\"b\">, which the pattern does not have"
        }
    );
}

TEST(Router, ThrowsWhereNobodyIsToBeTold) {
    Router router;
    EXPECT_THROW(router.get("a", [] { return std::string("x"); }), std::invalid_argument);
}

}  // namespace
}  // namespace flotilla::http
