/// The numbered acceptance facts of the metrics specification that need no HTTP.
#include <gtest/gtest.h>
#include <malloc.h>
#include <time.h>

#include <chrono>
#include <thread>

#include "flotilla/base/task_context.hpp"
#include "flotilla/log/captured_log.hpp"
#include "flotilla/metrics/registry.hpp"
#include "samples.hpp"

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

const Tags welcome{{"method", "GET"}, {"uri", "/welcome"}};

TEST(MetricsFacts, F01_LegacyFlavourPrintsTheCourseListingByteForByte) {
    Registry registry({.flavor = Flavor::legacy});
    static_cast<void>(registry.long_task_timer("users.welcome", welcome));
    EXPECT_EQ(
        registry.scrape(),
        "# HELP users_welcome_seconds_max  \n"
        "# TYPE users_welcome_seconds_max gauge\n"
        "users_welcome_seconds_max{method=\"GET\",uri=\"/welcome\",} 0.0\n"
        "# HELP users_welcome_seconds  \n"
        "# TYPE users_welcome_seconds summary\n"
        "users_welcome_seconds_active_count{method=\"GET\",uri=\"/welcome\",} 0.0\n"
        "users_welcome_seconds_duration_sum{method=\"GET\",uri=\"/welcome\",} 0.0\n"
    );
}

TEST(MetricsFacts, F02_CurrentFlavourHasCountSumMaxAndNoTrailingComma) {
    Registry registry;
    static_cast<void>(registry.long_task_timer("users.welcome", welcome));
    EXPECT_EQ(
        registry.scrape(),
        "# HELP users_welcome_seconds  \n"
        "# TYPE users_welcome_seconds summary\n"
        "users_welcome_seconds_count{method=\"GET\",uri=\"/welcome\"} 0\n"
        "users_welcome_seconds_sum{method=\"GET\",uri=\"/welcome\"} 0.0\n"
        "# HELP users_welcome_seconds_max  \n"
        "# TYPE users_welcome_seconds_max gauge\n"
        "users_welcome_seconds_max{method=\"GET\",uri=\"/welcome\"} 0.0\n"
    );
}

TEST(MetricsFacts, F03_OpenMetricsEndsWithEofAndNamesCountersWithoutTotal) {
    Registry registry;
    registry.counter("orders.placed").increment();
    EXPECT_EQ(negotiate("application/openmetrics-text; version=1.0.0"), Format::openmetrics);
    EXPECT_EQ(
        registry.scrape(Format::openmetrics),
        "# TYPE orders_placed counter\n"
        "# HELP orders_placed  \n"
        "orders_placed_total 1.0\n"
        "# EOF\n"
    );
}

TEST(MetricsFacts, F04_NegotiationOfFormats) {
    EXPECT_EQ(negotiate("text/html"), std::nullopt);
    EXPECT_EQ(negotiate("text/html,*/*;q=0.1"), Format::text);
    EXPECT_EQ(
        negotiate("application/openmetrics-text;version=1.0.0;q=0.5,application/"
                  "openmetrics-text;version=0.0.1;q=0.4,"
                  "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
        Format::openmetrics
    );
}

TEST(MetricsFacts, F05_TagValuesAreEscapedAndReadBack) {
    Registry registry;
    registry.counter("x", {{"t", "a\"b\\c\n"}}).increment();
    const std::string text = registry.scrape();
    EXPECT_NE(text.find("x_total{t=\"a\\\"b\\\\c\\n\"} 1.0\n"), text.npos);
    EXPECT_EQ(read_samples(text).at(0).labels.at("t"), "a\"b\\c\n");
}

TEST(MetricsFacts, F06_TwoScrapesWithoutTrafficAreTheSame) {
    Registry registry;
    for (const char* uri : {"/b", "/a", "/c"}) {
        registry.timer("http.server.requests", {{"uri", uri}}, {.slo = {5ms, 10ms}}).record(7ms);
        registry.counter("orders", {{"uri", uri}}).increment(0.1);
    }
    EXPECT_EQ(registry.scrape(), registry.scrape());
    EXPECT_EQ(registry.scrape(Format::openmetrics), registry.scrape(Format::openmetrics));
}

TEST(MetricsFacts, F07_PercentileHistogramHas69Buckets) {
    Registry registry;
    registry.timer("t", {}, {.percentile_histogram = true}).record(7ms);
    std::vector<std::string> bounds;
    for (const ReadSample& sample : read_samples(registry.scrape())) {
        if (sample.name == "t_seconds_bucket") bounds.push_back(sample.labels.at("le"));
    }
    ASSERT_EQ(bounds.size(), 69u);
    const std::vector<std::string> first(bounds.begin(), bounds.begin() + 6);
    EXPECT_EQ(
        first,
        (std::vector<std::string>{
            "0.001", "0.001048576", "0.001398101", "0.001747626", "0.002097151", "0.002446676"
        })
    );
    const std::vector<std::string> last(bounds.end() - 4, bounds.end());
    EXPECT_EQ(last, (std::vector<std::string>{"22.906492245", "28.633115306", "30.0", "+Inf"}));
}

TEST(MetricsFacts, F08_CountEqualsTheLastBucketUnderConcurrentWrites) {
    Registry registry;
    const Timer timer = registry.timer("t", {}, {.slo = {1us, 10us, 100us}});
    std::atomic<bool> stop{false};
    std::vector<std::thread> writers;
    for (int w = 0; w < 2; ++w) {
        writers.emplace_back([&] {
            for (std::int64_t i = 0; !stop.load(std::memory_order_relaxed); ++i)
                timer.record(Duration{i % 200'000});
        });
    }
    double before = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string text = registry.scrape();
        const std::string last = value_after(text, "t_seconds_bucket{le=\"+Inf\"}");
        ASSERT_EQ(last, value_after(text, "t_seconds_count"));
        const double now = *parse_double(last);
        ASSERT_GE(now, before);
        before = now;
    }
    stop = true;
    for (auto& writer : writers) writer.join();
}

TEST(MetricsFacts, F09_MaxIsSeenAt119SecondsAndGoneAt182) {
    for (const Duration phase : {0s, 31s, 59s}) {
        ManualClock clock;
        Registry registry({}, clock);
        clock.advance(phase);
        const Timer timer = registry.timer("t");
        registry.tick();
        timer.record(20s);
        timer.record(10ms);
        EXPECT_EQ(value_after(registry.scrape(), "t_seconds_max"), "20.0");
        clock.advance(119s);
        EXPECT_EQ(value_after(registry.scrape(), "t_seconds_max"), "20.0");
        clock.advance(63s);
        EXPECT_EQ(value_after(registry.scrape(), "t_seconds_max"), "0.0");
    }
}

TEST(MetricsFacts, F10_ClientQuantilesFallToZeroAfterAMinute) {
    ManualClock clock;
    Registry registry({}, clock);
    const Timer timer = registry.timer("t", {}, {.percentiles = {0.5}});
    timer.record(7ms);
    EXPECT_EQ(value_after(registry.scrape(), "t_seconds{quantile=\"0.5\"}"), "0.006815744");
    clock.advance(39s);
    EXPECT_EQ(value_after(registry.scrape(), "t_seconds{quantile=\"0.5\"}"), "0.006815744");
    clock.advance(21s);
    const std::string text = registry.scrape();
    EXPECT_EQ(value_after(text, "t_seconds{quantile=\"0.5\"}"), "0.0");
    EXPECT_EQ(value_after(text, "t_seconds_count"), "1");
}

TEST(MetricsFacts, F12_The101stUriIsFoldedWithOneWarning) {
    log::CapturedLog log;
    Registry registry({}, Clock::system(), log.logger("metrics"));
    for (int i = 0; i < 150; ++i) {
        registry.timer("http.client.requests", {{"uri", "/users/" + std::to_string(i)}}).record(1ms);
    }
    const std::string text = registry.scrape();
    std::size_t series = 0;
    for (const ReadSample& sample : read_samples(text))
        series += sample.name == "http_client_requests_seconds_count";
    EXPECT_EQ(series, 101u);
    EXPECT_EQ(value_after(text, "http_client_requests_seconds_count{uri=\"_other\"}"), "50");
    EXPECT_EQ(registry.refused(Refusal::folded), 50u);
    EXPECT_EQ(log.system().counts().of(log::Level::warn), 1u);
    EXPECT_EQ(
        log.count_of(
            "Reached the maximum number of URI tags for 'http.client.requests'. Are you using 'uriVariables'?"
        ),
        1u
    );
}

TEST(MetricsFacts, F14_ThreeSleepingRequestsAreActive) {
    ManualClock clock;
    Registry registry({}, clock);
    const LongTaskTimer active = registry.long_task_timer("http.server.requests.active", {{"method", "GET"}});
    std::vector<LongTaskTimer::Task> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(active.start(clock.now()));
    clock.advance(2s);
    const std::string text = registry.scrape();
    EXPECT_EQ(value_after(text, "http_server_requests_active_seconds_count{method=\"GET\"}"), "3");
    EXPECT_EQ(value_after(text, "http_server_requests_active_seconds_sum{method=\"GET\"}"), "6.0");
    EXPECT_EQ(value_after(text, "http_server_requests_active_seconds_max{method=\"GET\"}"), "2.0");
    tasks.clear();
    EXPECT_EQ(
        value_after(registry.scrape(), "http_server_requests_active_seconds_count{method=\"GET\"}"), "0"
    );
}

TEST(MetricsFacts, F15_AGaugeAfterACounterOfThatNameIsLoggedOnceAndLeftOut) {
    log::CapturedLog log;
    Registry registry({}, Clock::system(), log.logger("metrics"));
    registry.counter("x", {{"k", "1"}}).increment();
    registry.gauge("x", {{"k", "2"}}).set(5);
    registry.gauge("x", {{"k", "3"}}).set(5);
    EXPECT_EQ(registry.scrape(), "# HELP x_total  \n# TYPE x_total counter\nx_total{k=\"1\"} 1.0\n");
    EXPECT_EQ(log.system().counts().of(log::Level::warn), 1u);
    EXPECT_EQ(registry.refused(Refusal::conflict), 2u);
    EXPECT_EQ(registry.view("x", {{"k", "2"}})->measurements.at(0).value, 5);
}

TEST(MetricsFacts, F16_IncludedNamesRestrictToFamiliesWithoutTotal) {
    Registry registry;
    registry.gauge("process.uptime", {}, {{}, "seconds"}).set(3);
    registry.counter("orders.placed").increment();
    registry.timer("x").record(1ms);
    const auto only = [&](std::string name) {
        return registry.scrape(Format::text, std::vector{std::move(name)});
    };
    EXPECT_EQ(read_samples(only("process_uptime_seconds")).size(), 1u);
    EXPECT_EQ(read_samples(only("orders_placed")).at(0).name, "orders_placed_total");
    EXPECT_EQ(only("orders_placed_total"), "");
    EXPECT_EQ(read_samples(only("x_seconds_max")).size(), 1u);
    EXPECT_EQ(registry.scrape(Format::text, std::vector<std::string>{}), "");
}

TEST(MetricsFacts, F17_ExemplarsAppearInOpenMetricsOnly) {
    ManualClock clock;
    Registry registry({}, clock);
    const Timer timer = registry.timer("t", {}, {.slo = {5ms, 10ms}});
    const Timer without_buckets = registry.timer("plain");
    const Counter counter = registry.counter("c");
    TaskContext task;
    task.trace = {.trace_high = 1, .trace_low = 2, .span_id = 3, .sampled = true};
    {
        const TaskContext::Scope scope(task);
        timer.record(7ms);
        without_buckets.record(7ms);
        counter.increment_with_exemplar();
    }
    clock.advance(1s);
    timer.record(8ms);  // outside any sampled span
    const std::string labels = R"({span_id="0000000000000003",trace_id="00000000000000010000000000000002"})";
    for (const ReadSample& sample : read_samples(registry.scrape(Format::openmetrics))) {
        if (sample.name == "t_seconds_bucket" && sample.labels.at("le") == "0.01") {
            EXPECT_EQ(sample.exemplar, labels + " 0.007 1700000000.000");
        } else if (sample.name == "c_total") {
            EXPECT_EQ(sample.exemplar, labels + " 1.0 1700000000.000");
        } else {
            // Prometheus 2.42 refuses a whole scrape for an exemplar after the _count of a summary.
            EXPECT_EQ(sample.exemplar, "") << sample.name;
        }
    }
    EXPECT_EQ(registry.scrape().find("trace_id"), std::string::npos);
    clock.advance(70s);
    EXPECT_EQ(registry.scrape(Format::openmetrics).find("trace_id"), std::string::npos);
}

TEST(MetricsFacts, F18_ExemplarLabelsStayWithin128CodePoints) {
    Registry registry;
    TaskContext task;
    task.trace = {.trace_high = ~0ull, .trace_low = ~0ull, .span_id = ~0ull, .sampled = true};
    const TaskContext::Scope scope(task);
    registry.timer("t", {}, {.slo = {10ms}}).record(7ms);
    for (const ReadSample& sample : read_samples(registry.scrape(Format::openmetrics))) {
        if (sample.exemplar.empty()) continue;
        const std::size_t labels = sample.exemplar.find('}');
        EXPECT_LE(labels, 128u);  // with quotes and braces even
    }
}

TEST(MetricsFacts, F24_EightThreadsTimesTenMillionAreExact) {
    Registry registry;
    const Counter counter = registry.counter("c");
    constexpr int each = sanitized ? 200'000 : 10'000'000;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < each; ++i) counter.increment();
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(counter.count(), 8.0 * each);
}

TEST(MetricsFacts, F25_AThreadThatEndsKeepsItsContribution) {
    Registry registry;
    const Counter counter = registry.counter("c");
    const Timer timer = registry.timer("t");
    for (int i = 0; i < 300; ++i) {
        std::thread([&] {
            counter.increment(0.5);
            timer.record(1ms);
        }).join();
    }
    EXPECT_EQ(counter.count(), 150.0);
    EXPECT_EQ(timer.count(), 300u);
    EXPECT_EQ(timer.total(), 300ms);
}

TEST(MetricsFacts, F27_AHundredThousandSeriesStayBelow40MegabytesAnd90Milliseconds) {
    if (sanitized) GTEST_SKIP() << "sanitizers change memory and time";
    const auto heap = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
    const std::size_t before = heap();
    Registry registry({.maximum_per_family = 100'000});
    for (int i = 0; i < 100'000; ++i) {
        registry
            .counter(
                "shop.orders." + std::to_string(i / 2000),
                {{"uri", "/users/" + std::to_string(i)}, {"method", "GET"}, {"status", "200"}}
            )
            .increment();
    }
    EXPECT_EQ(registry.series(), 100'000u);
    EXPECT_LT(heap() - before, 40u << 20);
    // 200 and the two cells of this thread.
    const auto bytes_per_series = static_cast<int>((heap() - before) / 100'000);
    EXPECT_LE(bytes_per_series, 216);
    RecordProperty("bytes_per_series", bytes_per_series);
    static_cast<void>(registry.scrape());
    // Of this thread's processor time, so that a busy machine does not fail the test.
    const auto used = [] {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    };
    const auto start = used();
    static_cast<void>(registry.scrape());
    EXPECT_LT(used() - start, 90ms);
}

TEST(MetricsFacts, F28_ACommonTagIsOnEverySample) {
    Registry registry({.common_tags = {{"region", "kr"}}});
    registry.timer("t", {{"a", "b"}}, {.slo = {5ms}}).record(1ms);
    registry.counter("c").increment();
    registry.gauge("g", {}, [] { return 1.0; });
    registry.multi_gauge("m").set({{{{"row", "1"}}, 1}, {{{"row", "2"}}, 2}});
    static_cast<void>(registry.long_task_timer("l", {}, {.slo = {5min}}));
    const auto samples = read_samples(registry.scrape());
    EXPECT_GE(samples.size(), 13u);
    for (const ReadSample& sample : samples) EXPECT_EQ(sample.labels.at("region"), "kr") << sample.name;
}

TEST(MetricsFacts, F29_ADeniedMeterDoesNothingAndNeverAppears) {
    Registry registry;
    registry.add_filter(filters::deny(filters::name_starts_with("noise")));
    const Counter counter = registry.counter("noise.counter");
    const Timer timer = registry.timer("noise.timer");
    counter.increment();
    timer.record(1s);
    registry.gauge("noise.gauge").set(1);
    EXPECT_EQ(counter.count(), 0);
    EXPECT_EQ(registry.scrape(), "");
    EXPECT_TRUE(registry.names().empty());
}

TEST(MetricsFacts, F30_NewBucketsByConfigurationAreForNewMetersAndTheLogSaysSo) {
    log::CapturedLog log;
    Registry registry({}, Clock::system(), log.logger("metrics"));
    static_cast<void>(registry.timer("http.a", {{"k", "1"}}));
    registry.set_distribution({{.name = "http", .slo = std::vector<std::string>{"5ms", "1s"}}});
    static_cast<void>(registry.timer("http.a", {{"k", "1"}}));
    static_cast<void>(registry.timer("http.b"));
    std::vector<std::string> bounds;
    for (const ReadSample& sample : read_samples(registry.scrape())) {
        EXPECT_NE(sample.name, "http_a_seconds_bucket");
        if (sample.name == "http_b_seconds_bucket") bounds.push_back(sample.labels.at("le"));
    }
    EXPECT_EQ(bounds, (std::vector<std::string>{"0.005", "1.0", "+Inf"}));
    EXPECT_EQ(log.count_of("metrics.distribution has changed"), 1u);
}

}  // namespace
}  // namespace flotilla::metrics
