/// The numbered acceptance facts of the tracing specification that hold at this floor.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "flotilla/tracing/http_rules.hpp"
#include "flotilla/tracing/span_queue.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::tracing {

namespace {

using namespace std::chrono_literals;

class TracingFacts : public ::testing::Test {
protected:
    using Headers = std::vector<std::pair<std::string, std::string>>;

    static Extracted extract(const Tracer& tracer, const Headers& headers) {
        IncomingHeaders in;
        for (const auto& [name, value] : headers) tracer.propagator().offer(in, name, value);
        return tracer.propagator().extract(in);
    }

    Span serve(const Headers& headers) { return tracer.start_server(extract(tracer, headers)); }

    static Headers headers_of(const Tracer& tracer, const Span& span) {
        OutgoingHeaders out;
        tracer.inject(span, out);
        Headers headers;
        for (const auto& [name, value] : out) headers.emplace_back(name, value);
        return headers;
    }

    static std::string find(const Headers& headers, std::string_view name) {
        for (const auto& [key, value] : headers)
            if (key == name) return value;
        return "(absent)";
    }

    static bool is_hex(std::string_view text, std::size_t length) {
        return text.size() == length && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    }

    ManualClock clock;
    MemorySpanSink sink;
    Random random{5};
    Tracer tracer{{.sampler = always_sampler()}, clock, sink, &random};
    TaskContext task;
    TaskContext::Scope running{task};
};

constexpr const char* id128 = "5e8eeec48b08e26882aba313eb08f0a4";
constexpr const char* span1 = "dcc1df555b5777b3";

TEST_F(TracingFacts, F01_DenyOnlyIsNotReportedAndHasNewIds) {
    {
        const Span span = serve({{"b3", "0"}});
        EXPECT_TRUE(is_hex(trace_id_text(span.context()), 32));
        EXPECT_TRUE(is_hex(span_id_text(span.context()), 16));
    }
    EXPECT_TRUE(sink.take().empty());
}

TEST_F(TracingFacts, F02_DebugOnlyIsReportedAndPassedOn) {
    {
        Span server = serve({{"b3", "d"}});
        const Scope scope(server);
        const Span client = tracer.start_client("get");
        const Headers out = headers_of(tracer, client);
        EXPECT_EQ(find(out, "X-B3-Flags"), "1");
        EXPECT_EQ(find(out, "X-B3-Sampled"), "(absent)");
    }
    const auto spans = sink.take();
    ASSERT_EQ(spans.size(), 2U);
    for (const SpanData& span : spans) EXPECT_TRUE(span.context.debug);
}

TEST_F(TracingFacts, F03_TheSingleHeaderWinsOverMany) {
    const Span span = serve(
        {{"X-B3-TraceId", "000000000000000a"},
         {"X-B3-SpanId", "000000000000000b"},
         {"b3", std::string(id128) + "-" + span1 + "-1"}}
    );
    EXPECT_EQ(trace_id_text(span.context()), id128);
    EXPECT_EQ(span_id_text(span.context()), span1);
}

TEST_F(TracingFacts, F04_A64BitIdStaysSoInB3AndIsPaddedInW3C) {
    const Span span =
        serve({{"X-B3-TraceId", "82aba313eb08f0a4"}, {"X-B3-SpanId", span1}, {"X-B3-Sampled", "1"}});
    const Headers out = headers_of(tracer, span);
    EXPECT_EQ(find(out, "X-B3-TraceId"), "82aba313eb08f0a4");
    EXPECT_EQ(find(out, "traceparent"), "00-000000000000000082aba313eb08f0a4-dcc1df555b5777b3-01");
    const Span back = serve({{"traceparent", find(out, "traceparent")}});
    EXPECT_EQ(trace_id_text(back.context()), "82aba313eb08f0a4");
}

TEST_F(TracingFacts, F05_AMalformedTraceparentStartsANewTrace) {
    for (const std::string& header :
         {std::string("ff-") + id128 + "-" + span1 + "-01",
          std::string("00-5E8EEEC48B08E26882ABA313EB08F0A4-") + span1 + "-01",
          std::string("00-00000000000000000000000000000000-") + span1 + "-01",
          std::string("00-") + id128 + "-0000000000000000-01"}) {
        const Span span = serve({{"traceparent", header}, {"tracestate", "b3=d"}});
        EXPECT_TRUE(span.context().valid());
        EXPECT_NE(trace_id_text(span.context()), id128) << header;
        EXPECT_EQ(span.context().parent_id, 0U);
        EXPECT_FALSE(span.context().debug);
    }
}

TEST_F(TracingFacts, F06_AHigherVersionIsReadAndWrittenAsZero) {
    const std::string header = std::string("01-") + id128 + "-" + span1 + "-01-what";
    ASSERT_EQ(header.size(), 60U);
    const Span span = serve({{"traceparent", header}});
    EXPECT_EQ(trace_id_text(span.context()), id128);
    EXPECT_TRUE(find(headers_of(tracer, span), "traceparent").starts_with(std::string("00-") + id128));
}

TEST_F(TracingFacts, F07_JoinSharesTheClientsSpanAndOtherwiseItIsAChild) {
    const std::string header = std::string(id128) + "-" + span1 + "-1-00000000000000aa";
    serve({{"b3", header}}).finish();
    Tracer apart({.supports_join = false, .sampler = always_sampler()}, clock, sink, &random);
    apart.start_server(extract(apart, {{"b3", header}})).finish();
    const auto spans = sink.take();
    ASSERT_EQ(spans.size(), 2U);
    EXPECT_EQ(span_id_text(spans[0].context), span1);
    EXPECT_EQ(spans[0].context.parent_id, 0xaaU);
    EXPECT_TRUE(spans[0].context.shared);
    EXPECT_NE(span_id_text(spans[1].context), span1);
    EXPECT_EQ(spans[1].context.parent_id, 0xdcc1df555b5777b3U);
    EXPECT_FALSE(spans[1].context.shared);
}

TEST_F(TracingFacts, F08_ThreeHopsMakeOneTraceWithOnePath) {
    for (const bool join : {false, true}) {
        Tracer hop({.supports_join = join, .sampler = always_sampler()}, clock, sink, &random);
        {
            Span user = hop.start_server({});
            const Scope in_user(user);
            const Span to_order = hop.start_client("get");
            Span order = hop.start_server(extract(hop, headers_of(hop, to_order)));
            const Scope in_order(order);
            const Span to_catalog = hop.start_client("get");
            const Span catalog = hop.start_server(extract(hop, headers_of(hop, to_catalog)));
        }
        std::set<std::uint64_t> ids;
        std::set<std::uint64_t> traces;
        std::set<std::uint64_t> parents;
        for (const SpanData& span : sink.take()) {
            ids.insert(span.context.span_id);
            traces.insert(span.context.trace_low);
            parents.insert(span.context.parent_id);
        }
        EXPECT_EQ(traces.size(), 1U);
        EXPECT_EQ(ids.size(), join ? 3U : 5U);
        EXPECT_EQ(parents.size(), ids.size()) << "each span but the last is the parent of one other";
        parents.erase(0);
        EXPECT_TRUE(std::ranges::includes(ids, parents));
    }
}

TEST_F(TracingFacts, F10_Rate10TakesTenOfAThousandAndOneInTheFirstTenth) {
    tracer.set_sampler(*rate_sampler(10));
    int first_tenth = 0;
    int all = 0;
    for (int i = 0; i < 1000; ++i, clock.advance(1ms)) {
        const bool sampled = tracer.start_server({}).recording();
        all += sampled ? 1 : 0;
        if (i < 100) first_tenth += sampled ? 1 : 0;
    }
    EXPECT_EQ(first_tenth, 1);
    EXPECT_EQ(all, 10);
}

TEST_F(TracingFacts, F11_Rate103Takes13InTheFirstTenthAnd103InTheSecond) {
    tracer.set_sampler(*rate_sampler(103));
    int first_tenth = 0;
    int all = 0;
    for (int i = 0; i < 10'000; ++i, clock.advance(100us)) {
        const bool sampled = tracer.start_server({}).recording();
        all += sampled ? 1 : 0;
        if (i < 1000) first_tenth += sampled ? 1 : 0;
    }
    EXPECT_EQ(first_tenth, 13);
    EXPECT_EQ(all, 103);
}

TEST_F(TracingFacts, F12_HalfProbabilityTakesHalfAndTwoServicesAgree) {
    tracer.set_sampler(*probability_sampler(0.5));
    const auto elsewhere = *probability_sampler(0.5);
    int count = 0;
    for (int i = 0; i < 100'000; ++i) {
        const Span span = tracer.start_server({});
        count += span.recording() ? 1 : 0;
        ASSERT_EQ(span.recording(), elsewhere->sample({.trace_low = span.context().trace_low}));
    }
    EXPECT_GE(count, 49'000);
    EXPECT_LE(count, 51'000);
}

TEST_F(TracingFacts, F13_ProbabilityOneTakesAllAndZeroFromThenOnNone) {
    tracer.set_sampler(*probability_sampler(1));
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(tracer.start_server({}).recording());
    tracer.set_sampler(*probability_sampler(0));
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(tracer.start_server({}).recording());
}

TEST_F(TracingFacts, F14_InsideARequestTheTaskHasIdsAndOutsideNone) {
    for (const auto& sampler : {always_sampler(), never_sampler()}) {
        tracer.set_sampler(sampler);
        const Span span = tracer.start_server({});
        const Scope scope(span);
        EXPECT_TRUE(is_hex(trace_id_text(TaskContext::current().trace), 32));
        EXPECT_TRUE(is_hex(span_id_text(TaskContext::current().trace), 16));
    }
    EXPECT_EQ(trace_id_text(TaskContext::current().trace), "");
    EXPECT_EQ(span_id_text(TaskContext::current().trace), "");
}

TEST_F(TracingFacts, F15_AnUnknownPathIsNamedNotFoundAndA200HasNoStatus) {
    {
        const Span missing = serve({});
        describe_http_server(missing, {.method = "GET", .path = "/nowhere", .status = 404}, {});
    }
    {
        const Span found = serve({});
        describe_http_server(found, {.method = "GET", .path = "/a", .route = "/a", .status = 200}, {});
    }
    const auto spans = sink.take();
    EXPECT_EQ(spans[0].name(), "get not_found");
    EXPECT_EQ(spans[0].find_tag("http.status_code"), "404");
    EXPECT_EQ(spans[0].find_tag("error"), "404");
    EXPECT_FALSE(spans[1].find_tag("http.status_code"));
}

TEST_F(TracingFacts, F16_AQueueThatNobodyDrainsStaysWithinItsLimitAndCounts) {
    SpanQueue queue;
    Tracer busy({.sampler = always_sampler()}, clock, queue, &random);
    for (int i = 0; i < 12'000; ++i) busy.start_local("work").finish();
    EXPECT_LE(queue.size(), 10'000U);
    EXPECT_LE(queue.bytes(), 8U << 20);
    EXPECT_EQ(queue.size() + queue.dropped(), 12'000U);
}

}  // namespace

}  // namespace flotilla::tracing
