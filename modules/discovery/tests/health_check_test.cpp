#include "flotilla/discovery/health_check.hpp"

#include <gtest/gtest.h>

#include "fake_registry.hpp"
#include "flotilla/discovery/simple_discovery.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "on_loop.hpp"
#include "sample.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

TEST(CheckSchedule, AsksNewOnesAfterTheInitialDelayAndThenByInterval) {
    HealthCheckConfig config;
    config.initial_delay = 2s;
    CheckSchedule schedule(config, Random(1));
    TimePoint now{1h};
    EXPECT_TRUE(schedule.due({"a", "b"}, now).empty());
    now += 2s;
    EXPECT_EQ(schedule.due({"a", "b"}, now), (Ids{"a", "b"}));
    EXPECT_TRUE(schedule.due({"a", "b"}, now).empty()) << "one question at a time";
    EXPECT_EQ(schedule.answered("a", true, now), true);
    EXPECT_TRUE(schedule.due({"a", "b"}, now + 22s).empty());
    EXPECT_EQ(schedule.due({"a", "b"}, now + 25s), Ids{"a"}) << "b has not answered yet";
    EXPECT_EQ(schedule.answered("gone", false, now), std::nullopt);
}

TEST(CheckSchedule, CountsAnswersInARow) {
    HealthCheckConfig config;
    config.unhealthy_threshold = 2;
    config.healthy_threshold = 3;
    CheckSchedule schedule(config, Random(1));
    const TimePoint now{1h};
    (void)schedule.due({"a"}, now);
    EXPECT_EQ(schedule.answered("a", false, now), std::nullopt);
    EXPECT_EQ(schedule.answered("a", true, now), true);
    EXPECT_EQ(schedule.answered("a", false, now), std::nullopt);
    EXPECT_EQ(schedule.answered("a", false, now), false);
    EXPECT_EQ(schedule.answered("a", true, now), std::nullopt);
    EXPECT_EQ(schedule.answered("a", true, now), std::nullopt);
    EXPECT_EQ(schedule.answered("a", true, now), true);
}

Task<> checks(runtime::Runtime& runtime) {
    FakeRegistry well(runtime);
    FakeRegistry unwell(runtime);
    co_await well.start();
    co_await unwell.start();
    well.answer("GET /actuator/health", {.status = 200});
    unwell.answer("GET /actuator/health", {.status = 503});
    ServiceInstance good = instance("good", well.port());
    ServiceInstance bad = instance("bad", unwell.port());
    good.host = bad.host = "127.0.0.1";
    StaticDiscovery discovery({good, bad});
    LoadBalancer balancer(discovery, [](std::string_view) { return BalancerConfig{}; });
    Cluster& cluster = balancer.cluster("order-service");
    const Means means{.runtime = runtime, .log = {}, .meters = nullptr};
    HealthChecker checker(means, balancer, [](std::string_view) {
        HealthCheckConfig config;
        config.enabled = true;
        config.interval = 100ms;
        return config;
    });
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("checks", checker.run());
    const TimePoint until = runtime.clock().now() + 2s;
    while (cluster.candidates().size() != 1 && runtime.clock().now() < until)
        co_await runtime::sleep_for(5ms);
    EXPECT_EQ(cluster.candidates().size(), 1U);
    EXPECT_EQ(cluster.candidates().at(0)->instance().id, "good");
    unwell.answer("GET /actuator/health", {.status = 200});
    while (cluster.candidates().size() != 2 && runtime.clock().now() < until)
        co_await runtime::sleep_for(5ms);
    EXPECT_EQ(cluster.candidates().size(), 2U);
    co_await scope.stop();
    co_await well.stop();
    co_await unwell.stop();
}

TEST(HealthCheckerWire, TakesOutWhoDoesNotSay200AndBringsThemBack) {
    on_loop(checks);
}

}  // namespace

}  // namespace flotilla::discovery
