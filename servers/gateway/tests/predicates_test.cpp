#include <gtest/gtest.h>

#include "shot.hpp"

namespace flotilla::gateway {
namespace {

/// Whether a route with these predicates takes the request.
bool takes(const std::string& predicates, std::string_view line, ShotOptions options = {}) {
    const auto table = table_of("routes: [{id: r, uri: 'http://a', predicates: [" + predicates + "]}]");
    EXPECT_TRUE(table) << (table ? "" : table.error().message());
    if (!table) return false;
    Shot shot(line, std::move(options));
    return (*table)->find(*shot) != nullptr;
}

TEST(GatewayFacts, F07_APathMayEndInASlashUnlessTheFlagSaysNo) {
    EXPECT_TRUE(takes("'Path=/red/{segment}'", "GET /red/1"));
    EXPECT_TRUE(takes("'Path=/red/{segment}'", "GET /red/1/"));
    EXPECT_FALSE(takes("'Path=/red/{segment},false'", "GET /red/1/"));
    EXPECT_FALSE(takes("'Path=/red/{segment}'", "GET /red/1/2"));
}

TEST(Predicates, MethodIsExactAndDoesNotTakeHeadForGet) {
    EXPECT_TRUE(takes("'Method=GET,POST'", "POST /"));
    EXPECT_FALSE(takes("'Method=GET'", "HEAD /"));
    EXPECT_FALSE(takes("'Method=get'", "GET /"));
}

TEST(Predicates, HeaderLooksAtEveryLine) {
    EXPECT_TRUE(takes("Header=X-A", "GET /", {.headers = "x-a: 1\r\n"}));
    EXPECT_TRUE(takes("'Header=X-A, q.'", "GET /", {.headers = "X-A: no\r\nX-A: qb\r\n"}));
    EXPECT_FALSE(takes("'Header=X-A, q.'", "GET /", {.headers = "X-A: qbb\r\n"}));
    EXPECT_FALSE(takes("Header=X-A", "GET /"));
}

TEST(Predicates, CookieComparesTheWholeValueWithoutQuotes) {
    EXPECT_TRUE(takes("'Cookie=c, v.'", "GET /", {.headers = "Cookie: a=1; c=\"v1\"\r\n"}));
    EXPECT_FALSE(takes("'Cookie=C, v.'", "GET /", {.headers = "Cookie: c=v1\r\n"}));
    EXPECT_FALSE(takes("'Cookie=c, v'", "GET /", {.headers = "Cookie: c=v1\r\n"}));
}

TEST(Predicates, QueryIsDecodedFirst) {
    EXPECT_TRUE(takes("Query=green", "GET /?green"));
    EXPECT_TRUE(takes("'Query=a b, c.d'", "GET /?a+b=c%2Ed"));
    EXPECT_TRUE(takes("'Query=red, g.'", "GET /?red=x&red=gr"));
    EXPECT_FALSE(takes("Query=Green", "GET /?green=1"));
}

TEST(Predicates, TimesAreStrictAndNeedAZone) {
    const ShotOptions at{.wall = WallTime{std::chrono::seconds{1'484'962'968}}};  // 2017-01-21T01:42:48Z
    EXPECT_TRUE(takes("'After=2017-01-20T17:42:47.789-07:00[America/Denver]'", "GET /", at));
    EXPECT_FALSE(takes("'After=1484962968000'", "GET /", at)) << "not at the very moment";
    EXPECT_FALSE(takes("'Before=1484962968000'", "GET /", at));
    EXPECT_TRUE(takes("'Between=2017-01-20T00:00:00Z,2017-01-22T00:00:00Z'", "GET /", at));
    EXPECT_TRUE(takes("'Before=2999-01-01T00:00:00Z'", "GET /", at));
    EXPECT_TRUE(takes("'After=0001-01-01T00:00:00Z'", "GET /", at));
    EXPECT_NE(
        refusal_of("routes: [{id: r, uri: 'http://a', predicates: ['After=2017-01-20T17:42:47']}]"), ""
    );
    EXPECT_NE(
        refusal_of("routes: [{id: r, uri: 'http://a', predicates: "
                   "['Between=2017-01-20T00:00:00Z,2017-01-20T00:00:00Z']}]"),
        ""
    );
}

TEST(Predicates, RemoteAddrIsTheSocketsAddress) {
    EXPECT_TRUE(takes("'RemoteAddr=10.0.0.0/8'", "GET /"));
    EXPECT_FALSE(
        takes("'RemoteAddr=192.168.0.1/24'", "GET /", {.headers = "X-Forwarded-For: 192.168.0.7\r\n"})
    );
}

TEST(Predicates, AnIPv6AddressWithoutAMaskIsThatAddressAlone) {
    EXPECT_FALSE(takes("'RemoteAddr=::2'", "GET /", {.peer = "::1"}));
    EXPECT_TRUE(takes("'RemoteAddr=::1'", "GET /", {.peer = "::1"}));
    EXPECT_FALSE(takes("'RemoteAddr=0.0.0.0/0'", "GET /", {.peer = "::1"}));
}

TEST(Predicates, XForwardedRemoteAddrCountsFromTheEnd) {
    const ShotOptions two{.headers = "X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\n"};
    EXPECT_TRUE(takes("'XForwardedRemoteAddr=2.2.2.2'", "GET /", two));
    EXPECT_FALSE(takes("'XForwardedRemoteAddr=1.1.1.1'", "GET /", two));
    EXPECT_TRUE(
        takes("{name: XForwardedRemoteAddr, args: {sources: 1.1.1.1, maxTrustedIndex: 2}}", "GET /", two)
    );
    const ShotOptions lines{.headers = "X-Forwarded-For: 2.2.2.2\r\nX-Forwarded-For: 2.2.2.2\r\n"};
    EXPECT_FALSE(takes("'XForwardedRemoteAddr=2.2.2.2'", "GET /", lines)) << "two lines are not believed";
    EXPECT_TRUE(takes("'XForwardedRemoteAddr=10.1.2.3'", "GET /", lines));
}

TEST(Predicates, AllMustHoldAndNoneIsAlwaysTrue) {
    EXPECT_FALSE(takes("'Path=/a', 'Method=POST'", "GET /a"));
    EXPECT_TRUE(takes("", "GET /whatever"));
}

TEST(Predicates, WhatAUserAddsIsAskedTooAndOneThatThrowsDoesNotHold) {
    class Throws final : public Predicate {
    public:
        bool test(Exchange&) const override { throw std::runtime_error("no"); }

        std::string text() const override { return "Throws"; }
    };

    Components components = Components::standard();
    components.predicate("Throws", {}, [](const Arguments&) -> Result<PredicatePtr> {
        return std::make_shared<Throws>();
    });
    const auto table = table_of(
        "routes: [{id: a, uri: 'http://a', predicates: ['Throws=']}, {id: b, uri: 'http://b', predicates: "
        "['Path=/**']}]",
        {},
        components
    );
    ASSERT_TRUE(table) << table.error().message();
    Shot shot("GET /");
    const Route* route = (*table)->find(*shot);
    ASSERT_NE(route, nullptr);
    EXPECT_EQ(route->id(), "b");
}

}  // namespace
}  // namespace flotilla::gateway
