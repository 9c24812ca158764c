#include "flotilla/actuator/caches.hpp"

#include <gtest/gtest.h>

#include "actuator_fixture.hpp"

namespace flotilla::actuator {

namespace {

TEST(Caches, AreListedByManagerAndCleared) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        std::string cleared;
        Caches& caches = fixture.actuator.caches();
        caches.add({.name = "cities", .target = "lru<string,City>", .clear = [&] { cleared += 'c'; }});
        caches.add({.name = "routes", .target = "lru<string,Route>", .clear = [&] { cleared += 'r'; }});
        caches.add({.name = "routes", .target = "map", .clear = [&] { cleared += 'x'; }, .manager = "other"});
        fixture.mount();
        const Json all = json_of(co_await fixture.send("GET /actuator/caches"));
        EXPECT_EQ(
            all["cacheManagers"]["cacheManager"]["caches"]["cities"]["target"], Json("lru<string,City>")
        );
        const auto one = co_await fixture.send("GET /actuator/caches/cities");
        EXPECT_EQ(
            summary(one), R"(200 {"target":"lru<string,City>","name":"cities","cacheManager":"cacheManager"})"
        );
        const auto ambiguous = co_await fixture.send("GET /actuator/caches/routes");
        EXPECT_EQ(code_of(ambiguous), 400);
        const auto chosen = co_await fixture.send("GET /actuator/caches/routes?cacheManager=other");
        EXPECT_EQ(json_of(chosen)["target"], Json("map"));
        const auto unknown = co_await fixture.send("GET /actuator/caches/nobody");
        EXPECT_EQ(summary(unknown), "404 ");

        const auto nothing = co_await fixture.send("DELETE /actuator/caches/nobody");
        EXPECT_EQ(code_of(nothing), 404);
        const auto gone = co_await fixture.send("DELETE /actuator/caches/routes?cacheManager=other");
        EXPECT_EQ(summary(gone), "204 ");
        EXPECT_EQ(cleared, "x");
        const auto whole = co_await fixture.send("DELETE /actuator/caches");
        EXPECT_EQ(code_of(whole), 204);
        EXPECT_EQ(cleared, "xcrx");
    });
}

TEST(Actuator, HasNoBillOfMaterialsAndSaysSo) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const auto none = co_await fixture.send("GET /actuator/sbom");
        EXPECT_EQ(summary(none), R"(200 {"ids":[]})");
        const auto unknown = co_await fixture.send("GET /actuator/sbom/application");
        EXPECT_EQ(summary(unknown), "404 ");
        const auto empty = co_await fixture.send("GET /actuator/caches");
        EXPECT_EQ(summary(empty), R"(200 {"cacheManagers":{}})");
    });
}

TEST(ActuatorFacts, F10_BuildAndGitAreToldWhereTheyAreKnownAndNotTurnedOff) {
    const BuildDetails build{
        .artifact = "order-service", .version = "1.2", .commit = "abc", .commit_time = "2026-03-09T18:00:00Z"
    };
    EXPECT_EQ(build_info(build).text(), R"({"artifact":"order-service","version":"1.2"})");
    EXPECT_EQ(git_info(build).text(), R"({"commit":{"id":"abc","time":"2026-03-09T18:00:00Z"}})");
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        for (const bool told : {true, false}) {
            auto environment = config::Environment::of(
                {{"management.endpoints.web.exposure.include", "*"},
                 {"management.info.build.enabled", told},
                 {"management.info.git.enabled", told}}
            );
            log::CapturedLog log;
            metrics::Registry meters;
            Actuator actuator(
                ActuatorConfig::load(environment).value(),
                {.runtime = runtime,
                 .environment = environment,
                 .log = log.system(),
                 .meters = meters,
                 .build = {.version = "1.2", .commit = "abc"}}
            );
            http::Router router;
            FLT_ASSERT(actuator.mount(router, router).has_value());
            const auto info = co_await http::drive(router, "GET /actuator/info");
            EXPECT_EQ(
                info.text().value_or(""),
                told ? R"({"build":{"version":"1.2"},"git":{"commit":{"id":"abc"}}})" : "{}"
            );
        }
    });
}

}  // namespace

}  // namespace flotilla::actuator
