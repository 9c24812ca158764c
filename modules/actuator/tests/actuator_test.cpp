#include "flotilla/actuator/actuator.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "actuator_fixture.hpp"
#include "flotilla/http/server.hpp"

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;

TEST(ActuatorFacts, F03_HealthTellsTheStatusAloneAndWithDetailsWhenShown) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture closed(runtime, {});
        closed.actuator.availability().enter(LifePhase::ready);
        closed.mount();
        const auto plain = co_await closed.send("GET /actuator/health");
        EXPECT_EQ(summary(plain), R"(200 {"status":"UP","groups":["liveness","readiness"]})");
        EXPECT_EQ(field_of(plain, "Content-Type"), v3);

        Fixture open(runtime, {{"management.endpoint.health.show-details", "always"}});
        open.actuator.health().add_blocking("db", [] {
            return Health::up(Json::object({{"database", "SQLite"}}));
        });
        open.mount();
        const auto full = co_await open.send("GET /actuator/health");
        EXPECT_EQ(json_of(full)["components"]["db"]["details"]["database"], Json("SQLite"));
        EXPECT_TRUE(json_of(full)["components"]["diskSpace"]["details"].contains("free"));
        const auto head = co_await open.send("HEAD /actuator/health/db/");
        EXPECT_EQ(code_of(head), 200);
        const auto unknown = co_await open.send("GET /actuator/health/nope");
        EXPECT_EQ(summary(unknown), "404 ");
        EXPECT_EQ(field_of(unknown, "Content-Type"), "");
    });
}

TEST(ActuatorFacts, F06_AnOwnOrderAndMappingComeFromTheConfiguration) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            {{"management.endpoint.health.status.order", "fatal,down,out-of-service,up,unknown"},
             {"management.endpoint.health.status.http-mapping.fatal", 503},
             {"management.endpoint.health.show-details", "always"}}
        );
        fixture.actuator.health().add("disk", [] {
            Health health;
            health.status = "FATAL";
            return health;
        });
        fixture.actuator.health().add("cache", [] { return Health::down("gone"); });
        fixture.mount();
        const auto whole = co_await fixture.send("GET /actuator/health");
        EXPECT_EQ(code_of(whole), 503);
        EXPECT_EQ(json_of(whole)["status"], Json("FATAL"));
        const auto down = co_await fixture.send("GET /actuator/health/cache");
        EXPECT_EQ(code_of(down), 200) << "an own mapping replaces the default one as a whole";
    });
}

TEST(ActuatorFacts, F07_ReadyzOnTheMainPortAgreesWithTheGroup) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {{"management.endpoint.health.probes.add-additional-paths", true}});
        fixture.mount();
        fixture.actuator.availability().enter(LifePhase::started);
        for (const char* path : {"/actuator/health/readiness", "/readyz"}) {
            const auto during = co_await fixture.send(std::string("GET ") + path);
            EXPECT_EQ(summary(during), R"(503 {"status":"OUT_OF_SERVICE"})");
        }
        fixture.actuator.availability().enter(LifePhase::ready);
        for (const char* path : {"/actuator/health/readiness", "/readyz", "/livez"}) {
            const auto after = co_await fixture.send(std::string("GET ") + path);
            EXPECT_EQ(summary(after), R"(200 {"status":"UP"})");
        }
        const auto below = co_await fixture.send("GET /readyz/readinessState");
        EXPECT_EQ(code_of(below), 404);
    });
}

TEST(ActuatorFacts, F08_TheOldMediaTypeRenamesComponents) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {{"management.endpoint.health.show-details", "always"}});
        fixture.mount();
        const auto answer = co_await fixture.send("GET /actuator/health", http::header("Accept", v2));
        EXPECT_EQ(field_of(answer, "Content-Type"), v2);
        EXPECT_FALSE(json_of(answer).contains("components"));
        EXPECT_EQ(json_of(answer)["details"]["ping"]["status"], Json("UP"));
    });
}

TEST(ActuatorFacts, F10_InfoIsEmptyUntilContributorsAreEnabled) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture bare(runtime);
        bare.mount();
        const auto nothing = co_await bare.send("GET /actuator/info");
        EXPECT_EQ(summary(nothing), "200 {}");

        Fixture full(
            runtime,
            with(
                {{"management.info.env.enabled", true},
                 {"management.info.os.enabled", true},
                 {"management.info.process.enabled", true},
                 {"management.info.runtime.enabled", true},
                 {"info.app.name", "Order"},
                 {"info.app.tags[0]", "shop"}}
            )
        );
        full.mount();
        const Json info = json_of(co_await full.send("GET /actuator/info"));
        EXPECT_FALSE(info.contains("build") || info.contains("git")) << "nobody has told of them";
        EXPECT_EQ(info["app"]["name"], Json("Order"));
        EXPECT_EQ(info["process"]["pid"].as_int64(), getpid());
        EXPECT_GT(info["process"]["memory"]["rss"].as_int64(), 0);
        EXPECT_EQ(info["runtime"]["language"], Json("C++23"));
        EXPECT_TRUE(info["os"].contains("arch"));
    });
}

TEST(ActuatorFacts, F16_ALevelIsSetAtOnceAndRestored) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const auto logger = fixture.log.logger("order");
        logger.debug("unseen");
        const auto set = co_await fixture.send(
            "POST /actuator/loggers/order",
            http::header("Content-Type", "application/json"),
            R"({"configuredLevel":"debug"})"
        );
        EXPECT_EQ(summary(set), "204 ");
        logger.debug("seen");
        const auto state = co_await fixture.send("GET /actuator/loggers/order");
        EXPECT_EQ(summary(state), R"(200 {"configuredLevel":"DEBUG","effectiveLevel":"DEBUG"})");
        const auto cleared =
            co_await fixture.send("POST /actuator/loggers/order", http::header("Content-Type", v3), "{}");
        EXPECT_EQ(code_of(cleared), 204);
        logger.debug("unseen");
        EXPECT_EQ(fixture.log.count_of("seen"), 1U);
        EXPECT_EQ(fixture.log.count_of("unseen"), 0U);
        for (const char* body :
             {R"({"configuredLevel":"LOUD"})", R"({"configuredLevel":3})", R"([])", R"({)"}) {
            const auto bad = co_await fixture.send(
                "POST /actuator/loggers/order", http::header("Content-Type", "application/json"), body
            );
            EXPECT_EQ(code_of(bad), 400) << body;
        }
    });
}

TEST(Actuator, LoggersListsLevelsLoggersAndGroups) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const Json all = json_of(co_await fixture.send("GET /actuator/loggers"));
        EXPECT_EQ(all["levels"].text(), R"(["OFF","ERROR","WARN","INFO","DEBUG","TRACE"])");
        EXPECT_EQ(all["loggers"]["ROOT"].text(), R"({"configuredLevel":"INFO","effectiveLevel":"INFO"})");
        EXPECT_EQ(all["groups"]["web"]["members"].text(), R"(["http.server","gateway"])");

        const auto group = co_await fixture.send(
            "POST /actuator/loggers/sql?configuredLevel=TRACE",
            http::header("Content-Type", "application/json")
        );
        EXPECT_EQ(code_of(group), 204);
        const Json db = json_of(co_await fixture.send("GET /actuator/loggers/db"));
        EXPECT_EQ(db["effectiveLevel"], Json("TRACE"));
        const auto unknown = co_await fixture.send("GET /actuator/loggers/nope");
        EXPECT_EQ(summary(unknown), "404 ");
        const auto head = co_await fixture.send("HEAD /actuator/loggers/nope");
        EXPECT_EQ(code_of(head), 204);
    });
}

TEST(ActuatorFacts, F18_MappingsContainEveryRoute) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.router.get(
            "/users/{userId}",
            [](http::Path<"userId"> id) { return Json(*id); },
            {.name = "UserController#getUser(string)"}
        );
        fixture.mount();
        const Json document = json_of(co_await fixture.send("GET /actuator/mappings"));
        const Json& routes =
            document["contexts"]["order-service"]["mappings"]["dispatcherServlets"]["dispatcherServlet"];
        EXPECT_EQ(routes.size(), fixture.router.routes().size());
        const Json& user = routes[0];
        EXPECT_EQ(user["handler"], Json("UserController#getUser(string)"));
        EXPECT_EQ(user["predicate"], Json("{GET [/users/{userId}], produces [application/json]}"));
        EXPECT_EQ(
            user["details"]["handlerMethod"].text(),
            R"x({"className":"UserController","name":"getUser","descriptor":"(string)"})x"
        );
        EXPECT_EQ(
            user["details"]["requestMappingConditions"].text(),
            R"({"consumes":[],"headers":[],"methods":["GET"],"params":[],"patterns":["/users/{userId}"],)"
            R"("produces":[{"mediaType":"application/json","negated":false}]})"
        );
        std::vector<std::string> handlers;
        for (const auto& route : routes.elements()) handlers.emplace_back(route["handler"].string_or(""));
        EXPECT_NE(std::ranges::find(handlers, "Actuator web endpoint 'loggers-name'"), handlers.end());
    });
}

TEST(ActuatorFacts, F19_ExchangesAreRecordedForWhoeverCanSeeThem) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const auto observer = fixture.actuator.exchange_observer();
        const http::RequestBuilder builder(
            "GET /users/7?page=2", {{"Authorization", "Bearer x"}, {"X-A", "b"}}, ""
        );
        http::Response response;
        response.text_body("text/plain") = "hello";
        observer({builder.request, response, TimePoint(1s), TimePoint(1s + 20ms), 100});
        const Json shown = json_of(co_await fixture.send("GET /actuator/httpexchanges"))["exchanges"][0];
        EXPECT_EQ(shown["request"]["uri"], Json("http://localhost:8081/users/7?page=2"));
        EXPECT_EQ(shown["request"]["headers"]["X-A"].text(), R"(["b"])");
        EXPECT_FALSE(shown["request"]["headers"].contains("Authorization"));
        EXPECT_EQ(shown["timeTaken"], Json("PT0.02S"));
        const Json trace = json_of(co_await fixture.send("GET /actuator/httptrace"))["traces"][0];
        EXPECT_EQ(trace["timeTaken"], Json(20));

        Fixture unseen(runtime, {});
        EXPECT_FALSE(unseen.actuator.exchange_observer());
    });
}

TEST(ActuatorFacts, F24_ShutdownIsOffByDefaultAndAnswersFirst) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture off(runtime);
        off.mount();
        const auto refused = co_await off.send("POST /actuator/shutdown");
        EXPECT_EQ(code_of(refused), 404);

        Fixture on(runtime, with({{"management.endpoint.shutdown.access", "unrestricted"}}));
        on.mount();
        const auto get = co_await on.send("GET /actuator/shutdown");
        EXPECT_EQ(code_of(get), 405);
        const auto answer = co_await on.send("POST /actuator/shutdown");
        EXPECT_EQ(summary(answer), R"(200 {"message":"Shutting down, bye..."})");
        EXPECT_EQ(on.shutdown_after, 500ms);
    });
}

TEST(ActuatorFacts, F04_AStoppedDatabaseIsDownAndChangesNothingElse) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {{"management.endpoint.health.show-details", "always"}});
        bool stopped = false;
        fixture.actuator.health().add_blocking("db", [&stopped]() -> Health {
            if (stopped) throw std::runtime_error("ConnectionError: refused 127.0.0.1:3306");
            return Health::up();
        });
        fixture.actuator.availability().enter(LifePhase::ready);
        fixture.mount();
        const auto before = co_await fixture.send("GET /actuator/health");
        EXPECT_EQ(code_of(before), 200);
        stopped = true;
        const auto after = co_await fixture.send("GET /actuator/health");
        EXPECT_EQ(code_of(after), 503);
        const Json components = json_of(after)["components"];
        EXPECT_EQ(components["db"]["details"]["error"], Json("ConnectionError: refused 127.0.0.1:3306"));
        for (const char* other : {"diskSpace", "ping", "livenessState", "readinessState"})
            EXPECT_EQ(components[other]["status"], Json("UP")) << other;
        const auto alive = co_await fixture.send("GET /actuator/health/liveness");
        EXPECT_EQ(code_of(alive), 200);
    });
}

TEST(Actuator, AGroupWithAnUnknownMemberStopsTheStart) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {{"management.endpoint.health.group.custom.include", "ping,dbb"}});
        const auto mounted = fixture.actuator.mount(fixture.router, fixture.router);
        EXPECT_FALSE(mounted);
        Fixture lenient(
            runtime,
            {{"management.endpoint.health.group.custom.include", "ping,dbb"},
             {"management.endpoint.health.validate-group-membership", false}}
        );
        lenient.mount();
        const auto custom = co_await lenient.send("GET /actuator/health/custom");
        EXPECT_EQ(code_of(custom), 200);
    });
}

TEST(Actuator, ContributorsCanBeTurnedOff) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            {{"management.health.diskspace.enabled", false}, {"management.health.defaults.enabled", true}}
        );
        EXPECT_FALSE(fixture.actuator.config().contributes("diskSpace"));
        EXPECT_TRUE(fixture.actuator.config().contributes("db"));
        Fixture none(
            runtime, {{"management.health.defaults.enabled", false}, {"management.health.ping.enabled", true}}
        );
        EXPECT_FALSE(none.actuator.config().contributes("diskSpace"));
        EXPECT_TRUE(none.actuator.config().contributes("ping"));
        co_return;
    });
}

TEST(Actuator, StartReportsAreShown) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        auto& report = fixture.actuator.startup();
        const TimePoint began = runtime.clock().now() - 2s;
        report.began(began);
        report.step("environment", began, began + 25ms);
        report.step("config", runtime.clock().now());
        report.feature("tracing", true, "sampling is 0.1");
        report.feature("tls", false, "no certificate");
        report.component("router", "flotilla::http::Router", {"server"});
        fixture.mount();
        const Json startup = json_of(co_await fixture.send("GET /actuator/startup"));
        const Json& first = startup["timeline"]["events"][0];
        EXPECT_EQ(first["startupStep"]["name"], Json("environment"));
        EXPECT_EQ(first["startTime"], startup["timeline"]["startTime"]);
        EXPECT_EQ(first["duration"], Json("PT0.025S"));
        EXPECT_EQ(startup["timeline"]["events"][1]["startupStep"]["name"], Json("config"));
        const Json conditions = json_of(co_await fixture.send("GET /actuator/conditions"));
        EXPECT_TRUE(conditions["contexts"]["order-service"]["positiveMatches"].contains("tracing"));
        EXPECT_TRUE(conditions["contexts"]["order-service"]["negativeMatches"].contains("tls"));
        const Json beans = json_of(co_await fixture.send("GET /actuator/beans"));
        EXPECT_EQ(
            beans["contexts"]["order-service"]["beans"]["router"]["dependencies"].text(), R"(["server"])"
        );
    });
}

}  // namespace

}  // namespace flotilla::actuator
