#include "flotilla/metrics/view.hpp"

#include <gtest/gtest.h>

#include "flotilla/metrics/registry.hpp"

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;
using Measurements = std::vector<Measurement>;

TEST(View, AddsUpOverSeriesAndTakesTheLargestMaximum) {
    Registry registry;
    registry.timer("http.server.requests", {{"status", "200"}, {"uri", "/a"}}).record(1s);
    registry.timer("http.server.requests", {{"status", "200"}, {"uri", "/b"}}).record(3s);
    registry.timer("http.server.requests", {{"status", "404"}, {"uri", "/b"}}).record(2s);
    const auto all = registry.view("http.server.requests");
    ASSERT_TRUE(all);
    EXPECT_EQ(all->unit, "seconds");
    EXPECT_EQ(all->description, "");
    EXPECT_EQ(all->measurements, (Measurements{{"COUNT", 3}, {"TOTAL_TIME", 6}, {"MAX", 3}}));
    EXPECT_EQ(
        all->available_tags, (std::vector<AvailableTag>{{"status", {"200", "404"}}, {"uri", {"/a", "/b"}}})
    );
}

TEST(View, NarrowsByTagsWhichThenVanish) {
    Registry registry;
    registry.timer("t", {{"status", "200"}, {"uri", "/a"}}).record(1s);
    registry.timer("t", {{"status", "404"}, {"uri", "/b"}}).record(2s);
    const auto some = registry.view("t", {{"status", "404"}});
    EXPECT_EQ(some->measurements, (Measurements{{"COUNT", 1}, {"TOTAL_TIME", 2}, {"MAX", 2}}));
    EXPECT_EQ(some->available_tags, (std::vector<AvailableTag>{{"uri", {"/b"}}}));
    EXPECT_FALSE(registry.view("t", {{"status", "500"}}));
    EXPECT_FALSE(registry.view("t", {{"status", "404"}, {"uri", "/a"}}));
    EXPECT_FALSE(registry.view("unknown"));
}

TEST(View, HasTheStatisticsOfEachType) {
    ManualClock clock;
    Registry registry({}, clock);
    registry.counter("c", {}, {"Orders.", "orders"}).increment(2);
    registry.gauge("g").set(4);
    registry.summary("s").record(5);
    registry.function_timer("ft", {}, [] { return CountAndTotal{1, 2s}; });
    registry.multi_gauge("m").set({{{{"k", "1"}}, 1}, {{{"k", "2"}}, 2}});
    const auto task = registry.long_task_timer("l").start(clock.now());
    clock.advance(3s);
    EXPECT_EQ(registry.view("c")->measurements, (Measurements{{"COUNT", 2}}));
    EXPECT_EQ(registry.view("c")->description, "Orders.");
    EXPECT_EQ(registry.view("c")->unit, "orders");
    EXPECT_EQ(registry.view("g")->measurements, (Measurements{{"VALUE", 4}}));
    EXPECT_EQ(registry.view("s")->measurements, (Measurements{{"COUNT", 1}, {"TOTAL", 5}}));
    EXPECT_EQ(registry.view("ft")->measurements, (Measurements{{"COUNT", 1}, {"TOTAL_TIME", 2}}));
    EXPECT_EQ(registry.view("l")->measurements, (Measurements{{"ACTIVE_TASKS", 1}, {"DURATION", 3}}));
    EXPECT_EQ(registry.view("m")->measurements, (Measurements{{"VALUE", 3}}));
    EXPECT_EQ(registry.view("m", {{"k", "2"}})->measurements, (Measurements{{"VALUE", 2}}));
    EXPECT_EQ(registry.names(), (std::vector<std::string>{"c", "ft", "g", "l", "m", "s"}));
}

}  // namespace
}  // namespace flotilla::metrics
