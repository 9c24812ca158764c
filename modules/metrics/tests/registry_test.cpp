#include "flotilla/metrics/registry.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <stdexcept>
#include <thread>

#include "flotilla/base/clock.hpp"
#include "flotilla/log/captured_log.hpp"
#include "samples.hpp"

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;

TEST(Registry, TheSameIdIsTheSameMeter) {
    Registry registry;
    registry.counter("c", {{"a", "1"}, {"b", "2"}}).increment();
    registry.counter("c", {{"b", "2"}, {"a", "1"}}).increment(2);
    EXPECT_EQ(registry.counter("c", {{"a", "0"}, {"b", "2"}, {"a", "1"}}).count(), 3);
}

TEST(Registry, TheSameIdOfAnotherTypeThrows) {
    Registry registry;
    static_cast<void>(registry.counter("x"));
    EXPECT_THROW(static_cast<void>(registry.timer("x")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(registry.gauge("x")), std::invalid_argument);
}

TEST(Registry, IgnoresNegativeAmounts) {
    Registry registry;
    const Counter counter = registry.counter("c");
    counter.increment(-1);
    counter.increment(std::numeric_limits<double>::quiet_NaN());
    counter.increment(0.25);
    EXPECT_EQ(counter.count(), 0.25);
    const Timer timer = registry.timer("t");
    timer.record(-1ns);
    EXPECT_EQ(timer.count(), 0u);
    const Summary summary = registry.summary("s");
    summary.record(-1);
    EXPECT_EQ(summary.count(), 0u);
}

TEST(Registry, HandlesAre16BytesAndDefaultOnesDoNothing) {
    EXPECT_LE(sizeof(Counter), 16u);
    EXPECT_LE(sizeof(Timer), 16u);
    EXPECT_LE(sizeof(Summary), 16u);
    Counter{}.increment();
    Timer{}.record(1s);
    Gauge{}.set(1);
    Summary{}.record(1);
    MultiGauge{}.set({});
    const auto task = LongTaskTimer{}.start(TimePoint{});
    EXPECT_EQ(Timer{}.count(), 0u);
}

TEST(Registry, GaugesReadFunctionsAndObjects) {
    Registry registry;
    auto queue = std::make_shared<std::vector<int>>(3);
    registry.gauge_of("queue.size", {}, std::weak_ptr(queue), &std::vector<int>::size);
    registry.gauge("broken", {}, []() -> double { throw std::runtime_error("no"); });
    registry.time_gauge("age", {}, [] { return Duration(1500ms); });
    std::string text = registry.scrape();
    EXPECT_EQ(value_after(text, "queue_size"), "3.0");
    EXPECT_EQ(value_after(text, "broken"), "NaN");
    EXPECT_EQ(value_after(text, "age_seconds"), "1.5");
    queue.reset();
    EXPECT_EQ(value_after(registry.scrape(), "queue_size"), "NaN");
}

TEST(Registry, GaugesAreSetAndMoved) {
    Registry registry;
    const Gauge gauge = registry.gauge("g");
    gauge.set(2);
    gauge.add(-0.5);
    EXPECT_EQ(gauge.value(), 1.5);
}

TEST(Registry, SummariesScale) {
    Registry registry;
    const Summary summary = registry.summary("s", {}, {.unit = "percent", .scale = 100});
    summary.record(0.25);
    summary.record(0.5);
    EXPECT_EQ(summary.total(), 75);
    EXPECT_EQ(summary.max(), 50);
    EXPECT_EQ(value_after(registry.scrape(), "s_percent_max"), "50.0");
}

TEST(Registry, TimersTimeCallsAndSamples) {
    ManualClock clock;
    Registry registry({}, clock);
    const Timer timer = registry.timer("t");
    EXPECT_EQ(timer.record(clock, [&] { return clock.advance(1s), 7; }), 7);
    EXPECT_THROW(timer.record(clock, [&] { throw std::runtime_error("x"); }), std::runtime_error);
    const Sample sample(clock);
    clock.advance(2s);
    EXPECT_EQ(sample.stop(timer), 2s);
    EXPECT_EQ(timer.count(), 3u);
    EXPECT_EQ(timer.total(), 3s);
    EXPECT_EQ(timer.max(), 2s);
}

TEST(Registry, LongTasksCanBeMovedAndStopped) {
    ManualClock clock;
    Registry registry({}, clock);
    const LongTaskTimer timer = registry.long_task_timer("l");
    auto first = timer.start(clock.now());
    clock.advance(5s);
    auto second = timer.start(clock.now());
    auto moved = std::move(first);
    EXPECT_EQ(timer.active(), 2u);
    clock.advance(1s);
    EXPECT_EQ(timer.duration(clock.now()), 7s);
    second = std::move(moved);
    EXPECT_EQ(timer.active(), 1u);
    EXPECT_EQ(timer.duration(clock.now()), 6s);
    second.stop();
    second.stop();
    EXPECT_EQ(timer.active(), 0u);
}

TEST(Registry, LongTasksEndOnOtherThreads) {
    Registry registry;
    const LongTaskTimer timer = registry.long_task_timer("l");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                auto task = timer.start(TimePoint{});
                std::thread([task = std::move(task)]() mutable { task.stop(); }).join();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(timer.active(), 0u);
}

TEST(Registry, MultiGaugesReplaceTheirRows) {
    Registry registry;
    const MultiGauge gauge = registry.multi_gauge("rows");
    gauge.set({{{{"k", "b"}}, 1}, {{{"k", "a"}}, 2}});
    EXPECT_EQ(registry.scrape(), "# HELP rows  \n# TYPE rows gauge\nrows{k=\"a\"} 2.0\nrows{k=\"b\"} 1.0\n");
    gauge.set({{{{"k", "c"}}, 3}});
    EXPECT_EQ(read_samples(registry.scrape()).size(), 1u);
}

TEST(Registry, RemovedMetersAreGoneAndCanComeBack) {
    Registry registry({.common_tags = {{"region", "kr"}}});
    const Counter old = registry.counter("c", {{"a", "1"}});
    old.increment();
    registry.timer("t", {}, {.slo = {1ms}}).record(1ms);
    EXPECT_TRUE(registry.remove("c", {{"a", "1"}}));
    EXPECT_TRUE(registry.remove("t"));
    EXPECT_FALSE(registry.remove("t"));
    EXPECT_EQ(registry.scrape(), "");
    EXPECT_EQ(registry.series(), 0u);
    EXPECT_TRUE(registry.names().empty());
    old.increment();
    EXPECT_EQ(registry.counter("c", {{"a", "1"}}).count(), 0);
    // Another type is free to take the name now.
    registry.gauge("t").set(1);
    EXPECT_EQ(read_samples(registry.scrape()).size(), 2u);
}

TEST(Registry, RemovedFunctionsLetGoWhatTheyHold) {
    Registry registry;
    const auto held = std::make_shared<int>(5);
    registry.gauge("g", {}, [held] { return static_cast<double>(*held); });
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_TRUE(registry.remove("g"));
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Registry, LimitsRefuseAndWarnOnce) {
    log::CapturedLog log;
    Registry registry(
        {.maximum_series = 6, .maximum_per_family = 3, .maximum_tags = 2},
        Clock::system(),
        log.logger("metrics")
    );
    for (int i = 0; i < 5; ++i) registry.counter("a", {{"k", std::to_string(i)}}).increment();
    EXPECT_EQ(registry.refused(Refusal::family), 2u);
    registry.counter("b", {{"x", "1"}, {"y", "2"}, {"z", "3"}}).increment();
    EXPECT_EQ(registry.refused(Refusal::tags), 1u);
    registry.timer("t").record(1ms);
    registry.counter("c").increment();
    registry.counter("d").increment();
    EXPECT_EQ(registry.refused(Refusal::series), 2u);
    EXPECT_EQ(registry.counter("a", {{"k", "1"}}).count(), 1);
    EXPECT_EQ(registry.series(), 6u);
    EXPECT_EQ(log.system().counts().of(log::Level::warn), 3u);
}

TEST(Registry, LeavesOutWhatIsIdleUntilItCountsAgain) {
    ManualClock clock;
    Registry registry({.idle_expiry = 10min}, clock);
    const Counter rare = registry.counter("rare", {{"k", "1"}});
    const Counter busy = registry.counter("busy");
    const Timer timer = registry.timer("timer", {}, {.slo = {1ms}});
    registry.gauge("gauge").set(1);
    const auto shown = [&] {
        std::set<std::string> names;
        for (const auto& sample : read_samples(registry.scrape())) names.insert(sample.name);
        return names;
    };
    rare.increment();
    timer.record(1ms);
    const auto all = shown();
    const std::size_t series = registry.series();
    clock.advance(9min);
    busy.increment();
    EXPECT_EQ(shown(), all);
    clock.advance(1min);
    EXPECT_EQ(shown(), (std::set<std::string>{"busy_total", "gauge"}));
    EXPECT_EQ(registry.series(), 2u);
    EXPECT_EQ(registry.names(), (std::vector<std::string>{"busy", "gauge"}));
    EXPECT_FALSE(registry.view("rare"));
    rare.increment();
    timer.record(1ms);
    EXPECT_EQ(shown(), all);
    EXPECT_EQ(registry.series(), series);
    EXPECT_EQ(registry.view("rare")->measurements.at(0).value, 2);
    clock.advance(10min);
    EXPECT_FALSE(registry.view("rare"));
    EXPECT_TRUE(registry.remove("rare", {{"k", "1"}}));
    EXPECT_EQ(shown(), (std::set<std::string>{"gauge"}));
}

TEST(Registry, FindsEveryMeterWhateverElseComesAndGoes) {
    Registry registry({.maximum_per_family = 10'000});
    const auto tags = [](int i) { return Tags{{"k", std::to_string(i)}}; };
    for (int i = 0; i < 3'000; ++i) registry.counter("c", tags(i)).increment(i);
    for (int i = 0; i < 3'000; i += 3) EXPECT_TRUE(registry.remove("c", tags(i)));
    for (int i = 0; i < 3'000; ++i) {
        EXPECT_EQ(registry.remove("c", tags(-i - 1)), false);
        EXPECT_EQ(registry.counter("c", tags(i)).count(), i % 3 == 0 ? 0 : i) << i;
    }
    EXPECT_EQ(registry.series(), 3'000u);
}

TEST(Registry, OtherTagKeysUnderOneNameAreExportedUnlessStrict) {
    for (const bool strict : {false, true}) {
        Registry registry({.strict_labels = strict});
        registry.counter("c", {{"a", "1"}}).increment();
        registry.counter("c", {{"b", "1"}}).increment();
        EXPECT_EQ(read_samples(registry.scrape()).size(), strict ? 1u : 2u);
    }
}

TEST(Registry, NamesThatBecomeTheSameConflict) {
    Registry registry;
    registry.counter("a.b").increment();
    registry.counter("a_b").increment(5);
    registry.timer("h", {{"k", "1"}}, {.slo = {1ms}}).record(1ms);
    static_cast<void>(registry.timer("h", {{"k", "2"}}, {.percentiles = {0.5}}));
    const auto samples = read_samples(registry.scrape());
    EXPECT_EQ(samples.at(0).value, 1);
    EXPECT_EQ(registry.refused(Refusal::conflict), 2u);
    EXPECT_EQ(registry.view("a_b")->measurements.at(0).value, 5);
}

TEST(Registry, AlignedWindowsForgetTheMaximumAfterAMinute) {
    ManualClock clock;
    Registry registry({.align_windows = true}, clock);
    registry.timer("t").record(20s);
    clock.advance(39s);
    EXPECT_EQ(value_after(registry.scrape(), "t_seconds_max"), "20.0");
    clock.advance(22s);
    EXPECT_EQ(value_after(registry.scrape(), "t_seconds_max"), "0.0");
}

TEST(Registry, RegistersAndScrapesFromManyThreads) {
    Registry registry;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 200; ++i) {
                const Tags tags{{"i", std::to_string(i)}};
                registry.counter("c", tags).increment();
                registry.timer("t", tags, {.slo = {1ms}, .percentiles = {0.5}}).record(1ms);
                registry.gauge("g", {{"t", std::to_string(t)}}).set(i);
                if (i % 50 == 0) static_cast<void>(registry.scrape());
                if (i % 7 == 0) registry.remove("g", {{"t", std::to_string(t)}});
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(registry.counter("c", {{"i", "17"}}).count(), 4);
    EXPECT_EQ(registry.view("t")->measurements.at(0).value, 800);
}

}  // namespace
}  // namespace flotilla::metrics
