#include <gtest/gtest.h>

#include <random>

#include "flotilla/base/task_context.hpp"
#include "flotilla/metrics/registry.hpp"
#include "samples.hpp"

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;

const Tags users{
    {"error", "none"},
    {"exception", "none"},
    {"method", "GET"},
    {"outcome", "SUCCESS"},
    {"status", "200"},
    {"uri", "/users/{userId}"}
};

TEST(Scrape, OfAnHttpTimerIsTheReferenceOfTheSpecification) {
    Registry registry;
    const Timer timer = registry.timer("http.server.requests", users, {.slo = {5ms}});
    timer.record(23100us);
    for (int i = 0; i < 2; ++i) timer.record(1ms);
    const std::string labels =
        R"(error="none",exception="none",method="GET",outcome="SUCCESS",status="200",uri="/users/{userId}")";
    EXPECT_EQ(
        registry.scrape(),
        "# HELP http_server_requests_seconds  \n"
        "# TYPE http_server_requests_seconds histogram\n"
        "http_server_requests_seconds_bucket{" +
            labels +
            ",le=\"0.005\"} 2\n"
            "http_server_requests_seconds_bucket{" +
            labels +
            ",le=\"+Inf\"} 3\n"
            "http_server_requests_seconds_count{" +
            labels +
            "} 3\n"
            "http_server_requests_seconds_sum{" +
            labels +
            "} 0.0251\n"
            "# HELP http_server_requests_seconds_max  \n"
            "# TYPE http_server_requests_seconds_max gauge\n"
            "http_server_requests_seconds_max{" +
            labels + "} 0.0231\n"
    );
}

TEST(Scrape, OfLegacyFlavourHasCommasAndDecimalPoints) {
    Registry registry({.flavor = Flavor::legacy});
    registry
        .timer(
            "http.server.requests",
            {{"uri", "/"}},
            {.description = "Duration of HTTP server request handling", .slo = {5ms}}
        )
        .record(1ms);
    registry.counter("orders.created").increment();
    EXPECT_EQ(
        registry.scrape(),
        "# HELP http_server_requests_seconds Duration of HTTP server request handling\n"
        "# TYPE http_server_requests_seconds histogram\n"
        "http_server_requests_seconds_bucket{uri=\"/\",le=\"0.005\",} 1.0\n"
        "http_server_requests_seconds_bucket{uri=\"/\",le=\"+Inf\",} 1.0\n"
        "http_server_requests_seconds_count{uri=\"/\",} 1.0\n"
        "http_server_requests_seconds_sum{uri=\"/\",} 0.001\n"
        "# HELP http_server_requests_seconds_max Duration of HTTP server request handling\n"
        "# TYPE http_server_requests_seconds_max gauge\n"
        "http_server_requests_seconds_max{uri=\"/\",} 0.001\n"
        "# HELP orders_created_total  \n"
        "# TYPE orders_created_total counter\n"
        "orders_created_total 1.0\n"
    );
}

TEST(Scrape, OfInfoGaugesIsNativeInOpenMetrics) {
    Registry registry;
    registry.gauge("app.info", {{"version", "1"}}, {"say \"hi\"\\", {}}).set(1);
    EXPECT_EQ(
        registry.scrape(),
        "# HELP app_info say \"hi\"\\\\\n# TYPE app_info gauge\napp_info{version=\"1\"} 1\n"
    );
    EXPECT_EQ(
        registry.scrape(Format::openmetrics),
        "# TYPE app info\n# HELP app say \\\"hi\\\"\\\\\napp_info{version=\"1\"} 1\n# EOF\n"
    );
}

TEST(Scrape, OfALongTaskTimerWithBucketsHasGcountAndGsum) {
    ManualClock clock;
    Registry registry({}, clock);
    const LongTaskTimer timer = registry.long_task_timer("job", {}, {.slo = {1s, 1min}});
    const auto task = timer.start(clock.now());
    clock.advance(2s);
    EXPECT_EQ(
        registry.scrape(),
        "# HELP job_seconds  \n# TYPE job_seconds histogram\n"
        "job_seconds_bucket{le=\"1.0\"} 0\njob_seconds_bucket{le=\"60.0\"} "
        "1\njob_seconds_bucket{le=\"+Inf\"} 1\n"
        "# HELP job_seconds_gcount  \n# TYPE job_seconds_gcount gauge\njob_seconds_gcount 1.0\n"
        "# HELP job_seconds_gsum  \n# TYPE job_seconds_gsum gauge\njob_seconds_gsum 2.0\n"
        "# HELP job_seconds_max  \n# TYPE job_seconds_max gauge\njob_seconds_max 2.0\n"
    );
    EXPECT_EQ(
        registry.scrape(Format::openmetrics),
        "# TYPE job_seconds gaugehistogram\n# HELP job_seconds  \n"
        "job_seconds_bucket{le=\"1.0\"} 0\njob_seconds_bucket{le=\"60.0\"} "
        "1\njob_seconds_bucket{le=\"+Inf\"} 1\n"
        "job_seconds_gcount 1\njob_seconds_gsum 2.0\n"
        "# TYPE job_seconds_max gauge\n# HELP job_seconds_max  \njob_seconds_max 2.0\n# EOF\n"
    );
}

TEST(Scrape, SortsFamiliesAndSeries) {
    Registry registry;
    for (const char* name : {"jvm.x", "jvm.info", "jvm.buffer", "jvm"}) registry.gauge(name).set(1);
    registry.counter("a", {{"k", "2"}}).increment();
    registry.counter("a", {{"k", "1"}}).increment();
    std::vector<std::string> order;
    for (const ReadSample& sample : read_samples(registry.scrape())) {
        order.push_back(sample.name + (sample.labels.empty() ? "" : sample.labels.at("k")));
    }
    EXPECT_EQ(order, (std::vector<std::string>{"a_total1", "a_total2", "jvm_info", "jvm_buffer", "jvm_x"}));
}

TEST(Scrape, WritesSummariesWithQuantilesAndFunctionMeters) {
    Registry registry;
    const Summary summary = registry.summary("size", {}, {.unit = "bytes", .percentiles = {0.5, 0.95}});
    for (int i = 1; i <= 100; ++i) summary.record(i);
    registry.function_counter("f", {}, [] { return 12.0; });
    registry.function_timer("ft", {}, [] { return CountAndTotal{3, 1500ms}; });
    EXPECT_EQ(
        registry.scrape(),
        "# HELP f_total  \n# TYPE f_total counter\nf_total 12.0\n"
        "# HELP ft_seconds  \n# TYPE ft_seconds summary\nft_seconds_count 3\nft_seconds_sum 1.5\n"
        "# HELP size_bytes  \n# TYPE size_bytes summary\n"
        "size_bytes{quantile=\"0.5\"} 50.0\nsize_bytes{quantile=\"0.95\"} 92.0\n"
        "size_bytes_count 100\nsize_bytes_sum 5050.0\n"
        "# HELP size_bytes_max  \n# TYPE size_bytes_max gauge\nsize_bytes_max 100.0\n"
    );
}

TEST(Scrape, BucketsWinOverQuantiles) {
    Registry registry;
    registry.timer("t", {}, {.slo = {1ms}, .percentiles = {0.5}}).record(1ms);
    EXPECT_EQ(registry.scrape().find("quantile"), std::string::npos);
}

TEST(Scrape, KeepsExemplarsForSevenSecondsAtLeast) {
    ManualClock clock;
    Registry registry({}, clock);
    const Timer timer = registry.timer("t", {}, {.slo = {1s}});
    const auto record_in_trace = [&](std::uint64_t id) {
        TaskContext task;
        task.trace = {.trace_low = id, .span_id = id, .sampled = true};
        const TaskContext::Scope scope(task);
        timer.record(1ms);
    };
    const auto shown = [&] {
        const auto samples = read_samples(registry.scrape(Format::openmetrics));
        return samples.at(0).exemplar.substr(0, samples.at(0).exemplar.find(','));
    };
    record_in_trace(1);
    clock.advance(6900ms);
    record_in_trace(2);
    EXPECT_EQ(shown(), "{span_id=\"0000000000000001\"");
    clock.advance(50ms);
    record_in_trace(3);  // within 90 ms of the last attempt
    clock.advance(100ms);
    record_in_trace(4);
    EXPECT_EQ(shown(), "{span_id=\"0000000000000004\"");
}

TEST(Scrape, OfAnyTagsReadsBack) {
    std::mt19937 random(3);
    Registry registry;
    std::set<std::string> values;
    for (int i = 0; i < 300; ++i) {
        std::string value;
        for (std::size_t length = random() % 12; length > 0; --length) {
            value += "\\\"\n{},=abcdefghijklmnopqrst"[random() % 27];
        }
        registry.counter("c", {{"k", value}}).increment();
        values.insert(value);
    }
    for (const Format format : {Format::text, Format::openmetrics}) {
        std::set<std::string> seen;
        for (const ReadSample& sample : read_samples(registry.scrape(format)))
            seen.insert(sample.labels.at("k"));
        EXPECT_EQ(seen, values);
    }
}

}  // namespace
}  // namespace flotilla::metrics
