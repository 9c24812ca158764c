#include "flotilla/zipkin/reporter.hpp"

#include <gtest/gtest.h>

#include "collector.hpp"
#include "flotilla/log/captured_log.hpp"
#include "sample_spans.hpp"

namespace flotilla::zipkin {

namespace {

using namespace std::chrono_literals;
using testing::Collector;
using testing::eventually;
using testing::span_number;

ReporterConfig config_for(const std::string& url) {
    ReporterConfig config;
    config.endpoint = url;
    config.message_timeout = 5ms;
    config.close_timeout = 2s;
    return config;
}

void finish(Reporter& reporter, std::uint64_t count, std::size_t tag_length = 8) {
    for (std::uint64_t i = 1; i <= count; ++i) reporter.sink()->finished(span_number(i, tag_length));
}

Task<> reports_to_this_machine(runtime::Runtime& runtime) {
    Collector collector(runtime);
    co_await collector.start();
    metrics::Registry meters;
    Reporter reporter({.runtime = runtime, .meters = &meters}, config_for(collector.url()));
    reporter.start({.service = "Test", .ip = "10.0.0.7", .port = 80});
    finish(reporter, 40);
    const bool all = co_await eventually([&] { return collector.spans() == 40; });
    EXPECT_TRUE(all);
    EXPECT_EQ(collector.posts().at(0).content_encoding, "") << "nothing to be saved on the way";
    co_await reporter.stop();
    co_await collector.stop();
}

Task<> reports(runtime::Runtime& runtime) {
    Collector collector(runtime);
    co_await collector.start();
    metrics::Registry meters;
    ReporterConfig config = config_for(collector.url());
    config.compression.enabled = true;
    Reporter reporter({.runtime = runtime, .meters = &meters}, config);
    finish(reporter, 2);
    reporter.start({.service = "Test", .ip = "10.0.0.7", .port = 80});
    finish(reporter, 1);
    const bool all = co_await eventually([&] { return collector.spans() == 3; });
    EXPECT_TRUE(all);
    EXPECT_EQ(collector.posts().size(), 1U) << "what finishes together travels together";
    const Collector::Post& post = collector.posts().at(0);
    EXPECT_EQ(post.content_type, "application/json");
    EXPECT_EQ(post.content_encoding, "");
    EXPECT_EQ(post.b3, "0");
    EXPECT_EQ(post.traceparent, "");
    EXPECT_EQ(post.spans[0]["localEndpoint"].text(), R"({"serviceName":"test","ipv4":"10.0.0.7","port":80})");

    finish(reporter, 40);
    const bool more = co_await eventually([&] { return collector.spans() == 43; });
    EXPECT_TRUE(more);
    EXPECT_EQ(collector.posts().back().content_encoding, "gzip");
    co_await reporter.stop();
    const ReporterStats stats = reporter.stats();
    EXPECT_EQ(stats.spans, 43U);
    EXPECT_EQ(stats.spans_dropped, 0U);
    EXPECT_EQ(stats.messages, 2U);
    EXPECT_EQ(stats.queued_spans, 0U);
    EXPECT_EQ(stats.queued_bytes, 0U);
    EXPECT_LT(stats.message_bytes, stats.span_bytes);
    const std::string scrape = meters.scrape();
    for (const char* line :
         {"zipkin_reporter_messages_total 2.0",
          "zipkin_reporter_spans_total 43.0",
          "zipkin_reporter_spans_dropped_total 0.0",
          "zipkin_reporter_queue_spans 0.0",
          "zipkin_reporter_queue_bytes 0.0",
          "zipkin_reporter_messages_bytes_total ",
          "zipkin_reporter_spans_bytes_total "})
        EXPECT_NE(scrape.find(line), std::string::npos) << line << '\n' << scrape;
    co_await collector.stop();
}

TEST(Reporter, SendsWhatFinishesInBatchesWithoutATraceOfItsOwn) {
    test_support::run_on_loop(reports);
}

TEST(Reporter, DoesNotCompressForAServerOnThisMachine) {
    test_support::run_on_loop(reports_to_this_machine);
}

Task<> reports_early(runtime::Runtime& runtime) {
    Collector collector(runtime);
    co_await collector.start();
    ReporterConfig config = config_for(collector.url());
    config.message_timeout = 1h;
    config.message_max_bytes = {20'000};
    Reporter reporter({.runtime = runtime}, config);
    reporter.start({});
    finish(reporter, 60, 1'000);
    const bool all = co_await eventually([&] { return collector.spans() == 60; });
    EXPECT_TRUE(all);
    EXPECT_GE(collector.posts().size(), 4U);
    for (const Collector::Post& post : collector.posts()) EXPECT_LE(post.text.size(), 20'000U);
    co_await reporter.stop();
    co_await collector.stop();
}

TEST(Reporter, DoesNotWaitOnceThereIsEnoughForAMessage) {
    test_support::run_on_loop(reports_early);
}

Task<> retries(runtime::Runtime& runtime) {
    Collector collector(runtime);
    co_await collector.start();
    collector.answers = {503};
    Reporter reporter({.runtime = runtime}, config_for(collector.url()));
    reporter.start({});
    finish(reporter, 1);
    const bool twice = co_await eventually([&] { return reporter.stats().messages == 1; });
    EXPECT_TRUE(twice);
    EXPECT_EQ(collector.posts().size(), 2U);
    EXPECT_EQ(reporter.stats().spans_dropped, 0U);
    co_await reporter.stop();
    co_await collector.stop();
}

TEST(Reporter, TriesAgainWhenTheServerIsBusy) {
    test_support::run_on_loop(retries);
}

Task<> survives_an_outage(runtime::Runtime& runtime) {
    log::CapturedLog log;
    metrics::Registry meters;
    Collector collector(runtime);
    co_await collector.start();
    co_await collector.stop();
    Reporter reporter(
        {.runtime = runtime, .meters = &meters, .log = log.logger("zipkin")}, config_for(collector.url())
    );
    reporter.start({});
    for (std::uint64_t lost = 1; lost <= 2; ++lost) {
        finish(reporter, 3);
        const bool dropped = co_await eventually([&] { return reporter.stats().messages_dropped == lost; });
        EXPECT_TRUE(dropped);
    }
    EXPECT_EQ(reporter.stats().spans_dropped, 6U);
    EXPECT_EQ(log.count_of("WARN"), 1U);
    EXPECT_EQ(log.count_of("Connection refused; 3 dropped so far"), 1U);
    co_await collector.start();
    finish(reporter, 1);
    const bool back = co_await eventually([&] { return collector.spans() == 1; });
    EXPECT_TRUE(back);
    const bool told =
        co_await eventually([&] { return log.count_of("reported again; 2 messages were lost") == 1; });
    EXPECT_TRUE(told);
    const std::string scrape = meters.scrape();
    EXPECT_NE(scrape.find("zipkin_reporter_messages_dropped_total{cause=\"refused\"} 2.0"), std::string::npos)
        << scrape;
    EXPECT_NE(scrape.find("zipkin_reporter_spans_dropped_total 6.0"), std::string::npos);
    co_await reporter.stop();
    co_await collector.stop();
}

TEST(Reporter, CountsWhatAnOutageCostsAndSaysSoOnce) {
    test_support::run_on_loop(survives_an_outage);
}

Task<Result<std::string>> found_at(std::string url, int* asked) {
    if (++*asked == 1) co_return fail(Errc::not_found, "no instance of 'zipkin'");
    co_return url;
}

Task<> follows(runtime::Runtime& runtime) {
    Collector collector(runtime);
    co_await collector.start();
    int asked = 0;
    Reporter reporter(
        {.runtime = runtime, .locate = [&] { return found_at(collector.url(), &asked); }},
        config_for("lb://zipkin/api/v2/spans")
    );
    reporter.start({});
    finish(reporter, 1);
    const bool there = co_await eventually([&] { return collector.spans() == 1; });
    EXPECT_TRUE(there);
    EXPECT_EQ(asked, 2);
    co_await reporter.stop();
    co_await collector.stop();
}

TEST(Reporter, AsksForTheAddressBeforeEachAttempt) {
    test_support::run_on_loop(follows);
}

Task<> never_started(runtime::Runtime& runtime) {
    Reporter reporter({.runtime = runtime}, config_for("http://127.0.0.1:1/api/v2/spans"));
    const auto sink = reporter.sink();
    finish(reporter, 2);
    co_await reporter.stop();
    sink->finished(span_number(3));
    EXPECT_EQ(reporter.stats().spans_dropped, 3U);
}

TEST(Reporter, ThatNeverStartedCountsAllAsDropped) {
    test_support::run_on_loop(never_started);
}

}  // namespace

}  // namespace flotilla::zipkin
