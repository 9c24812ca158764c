// The numbered acceptance facts of the tracing specification that need a reporter.

#include <gtest/gtest.h>

#include "collector.hpp"
#include "flotilla/tracing/tracer.hpp"
#include "flotilla/zipkin/reporter.hpp"
#include "sample_spans.hpp"

namespace flotilla::zipkin {

namespace {

using namespace std::chrono_literals;
using testing::Collector;
using testing::eventually;

/// A tracer that reports to a collector, or to nobody.
struct Traced {
    Traced(runtime::Runtime& runtime, ReporterConfig config, tracing::TracerConfig tracing)
        : reporter({.runtime = runtime}, std::move(config)),
          sink(reporter.sink()),
          tracer(with_all(std::move(tracing)), runtime.clock(), *sink) {
        reporter.start({.service = "facts"});
    }

    static tracing::TracerConfig with_all(tracing::TracerConfig tracing) {
        tracing.sampler = tracing::always_sampler();
        return tracing;
    }

    static ReporterConfig to(const std::string& url) {
        ReporterConfig config;
        config.endpoint = url;
        config.message_timeout = 2ms;
        return config;
    }

    /// Serves a request with these headers; the context of its span.
    TraceContext serve(const std::vector<tracing::HeaderView>& headers) {
        tracing::IncomingHeaders in;
        for (const auto& [name, value] : headers) tracer.propagator().offer(in, name, value);
        auto span = tracer.start_server(tracer.propagator().extract(in), {.name = "get"});
        return span.context();
    }

    Reporter reporter;
    std::shared_ptr<tracing::SpanSink> sink;
    tracing::Tracer tracer;
};

Task<> deny_and_debug(runtime::Runtime& runtime) {
    Collector collector(runtime);
    co_await collector.start();
    Traced traced(runtime, Traced::to(collector.url()), {});
    const TraceContext denied = traced.serve({{"b3", "0"}});
    const TraceContext debugged = traced.serve({{"b3", "d"}});
    const bool come = co_await eventually([&] { return collector.spans() > 0; });
    EXPECT_TRUE(come);
    co_await traced.reporter.stop();
    EXPECT_EQ(collector.spans(), 1U);
    EXPECT_TRUE(denied.valid());
    const auto& span = collector.posts().at(0).spans[0];
    EXPECT_EQ(span["traceId"].string_or(""), trace_id_text(debugged));
    EXPECT_EQ(span["debug"].as_bool(), true);
    co_await collector.stop();
}

TEST(TracingFacts, F01_F02_DenyIsNotReportedAndDebugIsReportedAsSuch) {
    test_support::run_on_loop(deny_and_debug);
}

Task<> joins(runtime::Runtime& runtime) {
    const std::vector<tracing::HeaderView> headers{
        {"X-B3-TraceId", "463ac35c9f6413ad48485a3953bb6124"},
        {"X-B3-SpanId", "a2fb4a1d1a96d312"},
        {"X-B3-ParentSpanId", "0020000000000001"},
        {"X-B3-Sampled", "1"}
    };
    Collector collector(runtime);
    co_await collector.start();
    for (const bool join : {true, false}) {
        Traced traced(runtime, Traced::to(collector.url()), {.supports_join = join});
        traced.serve(headers);
        co_await traced.reporter.stop();
    }
    EXPECT_EQ(collector.posts().size(), 2U) << "stop sends what is left";
    const auto& joined = collector.posts().at(0).spans[0];
    EXPECT_EQ(joined["traceId"].string_or(""), "463ac35c9f6413ad48485a3953bb6124");
    EXPECT_EQ(joined["id"].string_or(""), "a2fb4a1d1a96d312");
    EXPECT_EQ(joined["parentId"].string_or(""), "0020000000000001");
    EXPECT_EQ(joined["shared"].as_bool(), true);
    EXPECT_EQ(joined["kind"].string_or(""), "SERVER");
    const auto& child = collector.posts().at(1).spans[0];
    EXPECT_NE(child["id"].string_or(""), "a2fb4a1d1a96d312");
    EXPECT_EQ(child["parentId"].string_or(""), "a2fb4a1d1a96d312");
    EXPECT_FALSE(child.contains("shared"));
    co_await collector.stop();
}

TEST(TracingFacts, F07_AJoinedSpanIsReportedAsShared) {
    test_support::run_on_loop(joins);
}

Task<> silent_server(runtime::Runtime& runtime) {
    Collector collector(runtime);
    co_await collector.start();
    collector.silent = true;
    ReporterConfig config = Traced::to(collector.url());
    config.close_timeout = 20ms;
    Traced traced(runtime, config, {});
    traced.serve({});
    const bool posted = co_await eventually([&] { return collector.posts().size() == 1; });
    EXPECT_TRUE(posted);
    // The server holds the first message; nobody who finishes a span ever waits for it.
    for (int i = 0; i < 25'000; ++i) traced.serve({});
    ReporterStats stats = traced.reporter.stats();
    EXPECT_EQ(stats.spans, 25'001U);
    EXPECT_LE(stats.queued_spans, 10'000U);
    EXPECT_LE(stats.queued_bytes, Bytes::mega(8).count);
    EXPECT_EQ(stats.queued_spans + stats.spans_dropped, 25'001U);
    co_await traced.reporter.stop();
    stats = traced.reporter.stats();
    EXPECT_EQ(stats.queued_spans, 0U);
    EXPECT_EQ(stats.queued_bytes, 0U);
    EXPECT_EQ(stats.spans_dropped, 25'001U);
    co_await collector.stop();
}

TEST(TracingFacts, F16_WithTheCollectorSilentTheQueueIsBoundedAndTheRestIsCounted) {
    test_support::run_on_loop(silent_server);
}

Task<> shuts_down(runtime::Runtime& runtime) {
    Collector collector(runtime);
    co_await collector.start();
    ReporterConfig config = Traced::to(collector.url());
    config.message_timeout = 1h;
    Traced flushed(runtime, config, {});
    for (int i = 0; i < 100; ++i) flushed.serve({});
    const TimePoint began = runtime.clock().now();
    co_await flushed.reporter.stop();
    EXPECT_LT(runtime.clock().now() - began, 1s);
    EXPECT_EQ(collector.spans(), 100U);
    EXPECT_EQ(flushed.reporter.stats().spans_dropped, 0U);

    collector.silent = true;
    config.close_timeout = 30ms;
    Traced cut(runtime, config, {});
    for (int i = 0; i < 100; ++i) cut.serve({});
    co_await cut.reporter.stop();
    EXPECT_EQ(cut.reporter.stats().spans_dropped, 100U);
    co_await collector.stop();
}

TEST(TracingFacts, F17_PendingSpansAreFlushedAtTheEndAndTheRestIsCounted) {
    test_support::run_on_loop(shuts_down);
}

}  // namespace

}  // namespace flotilla::zipkin
