#include "flotilla/actuator/health_endpoint.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>

#include "flotilla/actuator/availability.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::actuator {

using test_support::run_on_loop;

namespace {

using namespace std::chrono_literals;

const Json& json_of(const Answer& answer) {
    return std::get<Json>(answer.content);
}

HealthRules open_rules() {
    return {.show_details = Show::always};
}

Health composite() {
    return Health::of({{"one", Health::up()}, {"two", Health::down("gone")}});
}

/// Everything, by the usual rules; g++ 12 takes no braced lists in an awaited call.
Task<Health> check(const HealthRegistry& registry) {
    return registry.check({}, {});
}

TEST(HealthRegistry, AsksAllKindsOfContributorsAndKeepsTheirDetails) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        HealthRegistry registry(runtime, {});
        registry.add("ping", [] { return Health::up(); });
        registry.add_blocking("db", [] { return Health::up(Json::object({{"database", "SQLite"}})); });
        registry.add_coroutine("remote", []() -> Task<Health> {
            co_await runtime::sleep_for(1ms);
            co_return Health::out_of_service();
        });
        const Health health = co_await check(registry);
        EXPECT_EQ(health.status, "OUT_OF_SERVICE");
        EXPECT_EQ(health.components.size(), 3U);
        EXPECT_EQ(health.components[0].name, "db");
        EXPECT_EQ(health.components[0].health.details["database"], Json("SQLite"));
        EXPECT_TRUE(health.components[2].health.details["elapsedMs"].is_integer());
    });
}

TEST(HealthRegistry, AContributorThatThrowsIsDownWithItsMessage) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        HealthRegistry registry(runtime, {});
        registry.add("a", []() -> Health { throw std::runtime_error("ConnectionError: refused"); });
        registry.add_blocking("b", []() -> Health { throw std::runtime_error("no file"); });
        registry.add_coroutine("c", []() -> Task<Health> {
            co_await runtime::yield();
            throw std::runtime_error("no answer");
        });
        const Health health = co_await check(registry);
        EXPECT_EQ(health.status, "DOWN");
        EXPECT_EQ(health.components[0].health.details["error"], Json("ConnectionError: refused"));
        EXPECT_EQ(health.components[1].health.details["error"], Json("no file"));
        EXPECT_EQ(health.components[2].health.details["error"], Json("no answer"));
    });
}

TEST(ActuatorFacts, F05_AContributorThatHangsIsUnknownAndTheOthersAnswer) {
    std::latch release(1);
    run_on_loop([&](runtime::Runtime& runtime) -> Task<> {
        HealthRegistry registry(runtime, {.timeout = 20ms});
        registry.add("ping", [] { return Health::up(); });
        bool hang = false;
        std::atomic<int> asked = 0;
        registry.add_blocking("db", [&] {
            ++asked;
            if (hang) release.wait();
            return Health::up();
        });
        registry.add_coroutine("remote", [&]() -> Task<Health> {
            if (hang) co_await runtime::sleep_for(1h);
            co_return Health::up();
        });
        EXPECT_EQ((co_await check(registry)).status, "UP");
        hang = true;
        const TimePoint start = runtime.clock().now();
        const Health health = co_await check(registry);
        EXPECT_LT(runtime.clock().now() - start, 5s);
        EXPECT_EQ(health.status, "UP") << "UNKNOWN comes last in the order";
        for (const auto& [name, part] : health.components) {
            EXPECT_EQ(part.status, name == "ping" ? "UP" : "UNKNOWN");
            if (name == "ping") continue;
            EXPECT_EQ(part.details["error"], Json("timed out after 20ms"));
            EXPECT_EQ(part.details["last"]["status"], Json("UP"));
        }
        // What hangs holds one thread of the pool, not one more with each call.
        co_await runtime::sleep_for(1ms);
        (void)co_await check(registry);
        (void)co_await check(registry);
        EXPECT_EQ(asked, 2);
        release.count_down();
    });
}

TEST(HealthRegistry, EndsItsTasksWhenTheCallerIsCancelled) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        HealthRegistry registry(runtime, {});
        registry.add_coroutine("remote", []() -> Task<Health> {
            co_await runtime::sleep_for(1h);
            co_return Health::up();
        });
        runtime::TaskScope scope(runtime.loop(0));
        static constexpr auto caller = [](HealthRegistry& of) -> Task<> { (void)co_await check(of); };
        scope.spawn("caller", caller(registry));
        co_await runtime::yield();
        co_await scope.stop();
        EXPECT_EQ(scope.active(), 0U);
    });
}

struct Fixture {
    explicit Fixture(runtime::Runtime& runtime) : registry(runtime, {}) {
        registry.add("ping", [] { return Health::up(); });
        registry.add("livenessState", [this] { return state.liveness_health(); });
        registry.add("readinessState", [this] { return state.readiness_health(); });
        registry.add("discoveryComposite", [] { return composite(); });
        groups["liveness"] = {.include = {"livenessState"}, .rules = {}};
        groups["readiness"] = {.include = {"readinessState"}, .rules = {}};
    }

    AvailabilityState state;
    HealthRegistry registry;
    HealthEndpoint::Groups groups;
};

TEST(ActuatorFacts, F03_AnonymousCallersSeeTheStatusAloneUnlessDetailsAreShown) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.registry.remove("discoveryComposite");
        fixture.state.enter(LifePhase::ready);
        const HealthEndpoint closed(fixture.registry, {}, fixture.groups);
        const Call call;
        const Answer plain = co_await closed.read("", call);
        EXPECT_EQ(json_of(plain).text(), R"({"status":"UP","groups":["liveness","readiness"]})");
        EXPECT_EQ(plain.status, http::Status::ok);

        const HealthEndpoint open(fixture.registry, open_rules(), {});
        const Answer full = co_await open.read("", call);
        EXPECT_TRUE(json_of(full)["components"]["ping"].contains("details"));
        EXPECT_FALSE(json_of(full).contains("groups"));
    });
}

TEST(HealthEndpoint, ShowsToAuthorizedCallersWhatIsForThem) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        const HealthRules rules{.show_details = Show::when_authorized, .roles = {"OPS"}};
        const HealthEndpoint endpoint(fixture.registry, rules, {});
        Call call;
        EXPECT_FALSE(json_of(co_await endpoint.read("", call)).contains("components"));
        call.caller = Caller{"ann", {"USER"}};
        EXPECT_FALSE(json_of(co_await endpoint.read("", call)).contains("components"));
        call.caller = Caller{"bob", {"ROLE_OPS"}};
        EXPECT_TRUE(json_of(co_await endpoint.read("", call)).contains("components"));
    });
}

TEST(ActuatorFacts, F07_ReadinessIs503DuringStartUpTasksAnd200Afterwards) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        const HealthEndpoint endpoint(fixture.registry, {}, fixture.groups);
        const Call call;
        fixture.state.enter(LifePhase::started);
        const Answer during = co_await endpoint.read("readiness", call);
        EXPECT_EQ(during.status, http::Status::service_unavailable);
        EXPECT_EQ(json_of(during).text(), R"({"status":"OUT_OF_SERVICE"})");
        const Answer alive = co_await endpoint.read("liveness", call);
        EXPECT_EQ(alive.status, http::Status::ok);

        fixture.state.enter(LifePhase::ready);
        const Answer after = co_await endpoint.read("readiness", call);
        EXPECT_EQ(after.status, http::Status::ok);
        EXPECT_EQ(json_of(after).text(), R"({"status":"UP"})");
        const Answer elsewhere = co_await endpoint.read_group("readiness", call);
        EXPECT_EQ(json_of(elsewhere), json_of(after));
    });
}

TEST(HealthEndpoint, AnswersForSingleNodesWithTheirOwnStatus) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.state.enter(LifePhase::ready);
        const HealthEndpoint endpoint(fixture.registry, open_rules(), fixture.groups);
        const Call call;
        const Answer two = co_await endpoint.read("discoveryComposite/two/", call);
        EXPECT_EQ(two.status, http::Status::service_unavailable);
        EXPECT_EQ(json_of(two)["details"]["error"], Json("gone"));
        const Answer one = co_await endpoint.read("discoveryComposite/one", call);
        EXPECT_EQ(one.status, http::Status::ok);
        EXPECT_EQ(json_of(one).text(), R"({"status":"UP"})");
        const Answer both = co_await endpoint.read("discoveryComposite", call);
        EXPECT_EQ(json_of(both)["groups"].size(), 2U);

        for (const char* path : {"nope", "discoveryComposite/three", "ping/x", "readiness/ping"}) {
            const Answer nothing = co_await endpoint.read(path, call);
            EXPECT_FALSE(nothing.status) << path;
        }
    });
}

TEST(HealthEndpoint, KnowsNoComponentsWhenNoneAreShownButGroupsAnswer) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        const HealthEndpoint endpoint(fixture.registry, {}, fixture.groups);
        const Call call;
        const Answer component = co_await endpoint.read("ping", call);
        EXPECT_FALSE(component.status);
        const Answer group = co_await endpoint.read("liveness/", call);
        EXPECT_EQ(group.status, http::Status::service_unavailable);
    });
}

TEST(HealthEndpoint, GroupsMayHoldNestedContributorsAndHaveRulesOfTheirOwn) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        HealthRules rules = open_rules();
        rules.status.http_mapping = {{"DOWN", 207}};
        fixture.groups["custom"] = {.include = {"discoveryComposite/two", "ping"}, .rules = rules};
        fixture.groups["most"] = {
            .include = {"*"},
            .exclude = {"discoveryComposite/two", "readinessState", "livenessState"},
            .rules = rules
        };
        const HealthEndpoint endpoint(fixture.registry, {}, fixture.groups);
        EXPECT_TRUE(endpoint.check_groups());
        const Call call;
        const Answer custom = co_await endpoint.read("custom", call);
        EXPECT_EQ(custom.status, static_cast<http::Status>(207));
        EXPECT_EQ(json_of(custom)["components"]["discoveryComposite"]["components"].size(), 1U);
        const Answer nested = co_await endpoint.read("custom/discoveryComposite/two", call);
        EXPECT_EQ(nested.status, static_cast<http::Status>(207));
        const Answer most = co_await endpoint.read("most", call);
        EXPECT_EQ(json_of(most)["status"], Json("UP"));
        EXPECT_FALSE(json_of(most).contains("groups"));
    });
}

TEST(HealthEndpoint, RefusesAGroupWithAMemberThatNobodyHas) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.groups["custom"] = {.include = {"ping", "dbb"}, .rules = {}};
        const HealthEndpoint endpoint(fixture.registry, {}, fixture.groups);
        const auto checked = endpoint.check_groups();
        EXPECT_FALSE(checked);
        EXPECT_EQ(checked.error().message(), "health group 'custom': there is no health contributor 'dbb'");
        co_return;
    });
}

}  // namespace

}  // namespace flotilla::actuator
