#include "flotilla/shop/operations.hpp"

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"
#include "flotilla/sql/error.hpp"
#include "request_builder.hpp"
#include "run_on_loop.hpp"

namespace flotilla::shop {
namespace {

using namespace std::chrono_literals;

struct Guarded {
    using Properties = std::vector<std::pair<std::string, reflect::Json>>;

    explicit Guarded(Properties properties = {}) {
        properties.emplace_back("token.secret", "s3cret");
        environment = config::Environment::of(properties);
        tokens = Tokens::load(environment, clock, log.logger("tokens")).value();
        operations = actuator::ActuatorConfig::load(environment).value();
        OperationsGuard::put_before(router, operations, *tokens, clock);
        for (const char* path :
             {"/actuator/health/liveness",
              "/actuator/info",
              "/actuator/prometheus",
              "/actuator/metrics",
              "/actuator/env",
              "/actuator/healthy",
              "/welcome"})
            router.get(path, [] { return std::string("read"); });
        for (const char* path : {"/actuator/refresh", "/actuator/info", "/users"})
            router.post(path, [] { return std::string("written"); });
    }

    using Roles = std::vector<std::string>;

    /// Without a token, unless there are roles for one.
    int ask(const std::string& what, const std::optional<Roles>& roles = std::nullopt) {
        http::RequestBuilder::Fields fields;
        if (roles) {
            authorization = "Bearer " + tokens->keys()->issue("somebody", 1h, *roles).value();
            fields.emplace_back("Authorization", authorization);
        }
        int status = 0;
        test_support::run_on_loop([&](runtime::Runtime&) -> Task<> { return answer(what, fields, status); });
        return status;
    }

    Task<> answer(std::string what, http::RequestBuilder::Fields fields, int& status) {
        const auto response = co_await http::drive(router, std::move(what), std::move(fields));
        status = http::code_of(response.status());
    }

    ManualClock clock;
    log::CapturedLog log;
    config::Environment environment = config::Environment::of({});
    std::unique_ptr<Tokens> tokens;
    actuator::ActuatorConfig operations;
    http::Router router;
    std::string authorization;
};

TEST(OperationsGuard, HealthInfoAndTheScrapeAreForEverybodyTheRestIsForAdministrators) {
    Guarded service;
    for (const char* open :
         {"GET /actuator/health/liveness",
          "GET /actuator/info",
          "GET /actuator/metrics",
          "GET /actuator/prometheus",
          "GET /welcome",
          "POST /users"})
        EXPECT_EQ(service.ask(open), 200) << open;
    for (const char* closed :
         {"GET /actuator/env",
          "GET /actuator/healthy",
          "POST /actuator/refresh",
          "POST /actuator/info",
          "GET /%61ctuator/env",
          "GET /welcome/../actuator/env"}) {
        EXPECT_EQ(service.ask(closed), 401) << closed;
        EXPECT_EQ(service.ask(closed, Guarded::Roles{}), 403) << closed;
        EXPECT_EQ(service.ask(closed, Guarded::Roles{"service"}), 403) << closed;
        EXPECT_EQ(service.ask(closed, Guarded::Roles{"admin"}), 200) << closed;
    }
}

TEST(OperationsGuard, KeepsOutOfTheWayOfAnActuatorThatAsksByItself) {
    for (const char* property : {"spring.security.user.name", "management.server.port"}) {
        Guarded service(Guarded::Properties{{property, reflect::Json("8081")}});
        EXPECT_EQ(service.ask("POST /actuator/refresh"), 200) << property;
    }
    Guarded open_by_choice(Guarded::Properties{{"management.security.enabled", reflect::Json("false")}});
    EXPECT_EQ(open_by_choice.ask("POST /actuator/refresh"), 200);
}

// Whoever returns what the database said has the right status without knowing SQL.
TEST(DatabaseErrors, HaveAStatusWhereverAHandlerReturnsThem) {
    struct Case {
        sql::SqlErrc code;
        int status;
        const char* retry_after;
    };

    for (const Case& c :
         {Case{sql::SqlErrc::connection_lost, 503, "1"},
          Case{sql::SqlErrc::busy, 503, "1"},
          Case{sql::SqlErrc::pool_exhausted, 503, "1"},
          Case{sql::SqlErrc::timed_out, 504, ""},
          Case{sql::SqlErrc::unique_violation, 409, ""},
          Case{sql::SqlErrc::syntax, 500, ""}}) {
        http::Router router;
        router.get("/rows", [&c]() -> Result<std::string> { return sql::fail(c.code, "select"); });
        http::Response response;
        const auto ask = [](http::Router& to, http::Response& into) -> Task<> {
            std::string what = "GET /rows";
            into = co_await http::drive(to, std::move(what));
        };
        test_support::run_on_loop([&](runtime::Runtime&) -> Task<> { return ask(router, response); });
        EXPECT_EQ(http::code_of(response.status()), c.status);
        EXPECT_EQ(response.headers().find("Retry-After"), c.retry_after) << c.status;
    }
}

}  // namespace
}  // namespace flotilla::shop
