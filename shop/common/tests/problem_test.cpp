#include "flotilla/shop/problem.hpp"

#include <gtest/gtest.h>

#include "flotilla/reflect/json.hpp"
#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/paths.hpp"
#include "request_builder.hpp"

namespace flotilla::shop {
namespace {

using http::RequestBuilder;
using reflect::Json;

const WallTime noon = parse_iso_time("2021-02-10T05:22:33Z").value();

Problem out_of_stock() {
    return Problem(http::Status::conflict, "INSUFFICIENT_STOCK").member("available", 3);
}

TEST(Problem, N3_IsWrittenInTheFormOfTheCourseWithACode) {
    const RequestBuilder request("POST /order-service/6f1d/orders", {}, "{}");
    const auto response = out_of_stock().answer(request.request, noon);
    EXPECT_EQ(response.status(), http::Status::conflict);
    EXPECT_EQ(
        response.text(),
        R"({"timestamp":"2021-02-10T05:22:33.000+00:00","status":409,"error":"Conflict",)"
        R"("path":"/order-service/6f1d/orders","code":"INSUFFICIENT_STOCK","available":3})"
    );
    EXPECT_EQ(response.headers().find("Cache-Control"), "no-store");
}

TEST(Problem, IsWrittenAsRfc9457ForWhoAsksSo) {
    const RequestBuilder request("GET /x", {{"Accept", "application/problem+json"}}, "");
    const auto response = out_of_stock().answer(request.request, noon);
    EXPECT_EQ(response.headers().find("Content-Type"), "application/problem+json");
    EXPECT_EQ(
        response.text(),
        R"({"type":"about:blank","title":"Conflict","status":409,"instance":"/x","code":"INSUFFICIENT_STOCK",)"
        R"("available":3})"
    );
}

TEST(Problem, NamesEveryFieldThatIsWrong) {
    const RequestBuilder request("POST /users", {}, "{}");
    const auto problem =
        Problem::invalid({{"email", "Email cannot be null"}, {"name", "Name cannot be null"}});
    const Json body = reflect::parse_json(problem.answer(request.request, noon).text().value()).value();
    EXPECT_EQ(body["message"].string_or(""), "Email cannot be null; Name cannot be null");
    EXPECT_EQ(
        body["errors"].text(),
        R"([{"field":"email","message":"Email cannot be null"},{"field":"name","message":"Name cannot be null"}])"
    );
}

TEST(Problem, SaysWhenToComeBackWhenTheDatabaseIsAway) {
    const RequestBuilder request("GET /x", {}, "");
    const auto away = Problem::of_database(Error(Errc::unavailable, "no route to 10.0.0.3"));
    EXPECT_EQ(away.status(), http::Status::service_unavailable);
    const auto response = away.answer(request.request, noon);
    EXPECT_EQ(response.headers().find("Retry-After"), "1");
    EXPECT_EQ(response.text()->find("10.0.0.3"), std::string_view::npos);
    EXPECT_EQ(Problem::of_database(Error(Errc::internal)).status(), http::Status::internal_server_error);
}

TEST(BothPaths, AnswersWithAndWithoutTheNameOfTheService) {
    http::Router router;
    BothPaths paths(router, "/order-service");
    paths.health_check([] { return std::string("well"); });
    paths.get("/{userId}/orders", [](http::Path<"userId"> user) { return *user; });
    sign_answers(router, "order-service:1");
    for (const char* path :
         {"/health_check", "/health-check", "/order-service/health_check", "/order-service/health-check"}) {
        RequestBuilder request("GET " + std::string(path), {}, "");
        http::Response response;
        router.prepare(request.request);
        router.handle(request.request, response);
        EXPECT_EQ(response.text(), "well") << path;
        EXPECT_EQ(response.headers().find("X-Instance-Id"), "order-service:1");
        EXPECT_EQ(response.headers().find("Cache-Control"), "no-store");
    }
    RequestBuilder request("GET /order-service/u1/orders", {}, "");
    http::Response response;
    router.prepare(request.request);
    router.handle(request.request, response);
    EXPECT_EQ(response.text(), "u1");
}

}  // namespace
}  // namespace flotilla::shop
