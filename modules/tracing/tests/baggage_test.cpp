#include <gtest/gtest.h>

#include "flotilla/tracing/tracer.hpp"

namespace flotilla::tracing {

namespace {

BaggageConfig fields() {
    return {
        .remote_fields = {"user-id", "Tenant"},
        .local_fields = {"secret-note"},
        .tag_fields = {"tenant"},
        .correlation_fields = {"user-id"}
    };
}

TEST(Baggage, ComesInUnderItsOwnHeaderAndGoesOutAgain) {
    const Propagator propagator({.baggage = fields()});
    IncomingHeaders in;
    propagator.offer(in, "USER-ID", "u1");
    propagator.offer(in, "X-Unknown", "x");
    const Extracted extracted = propagator.extract(in);
    ASSERT_TRUE(extracted.fields);
    EXPECT_EQ(find_field(extracted.fields.get(), "user-id"), "u1");
    EXPECT_EQ(extracted.fields->fields.size(), 1U);
    EXPECT_TRUE(extracted.fields->fields[0].in_log);

    OutgoingHeaders out;
    propagator.inject({.trace_low = 1, .span_id = 1}, extracted.fields.get(), out);
    EXPECT_EQ(out.find("user-id"), "u1");
    EXPECT_EQ(out.find("baggage"), "user-id=u1");
}

TEST(Baggage, IsReadFromW3CsHeaderToo) {
    const Propagator propagator({.baggage = fields()});
    IncomingHeaders in;
    propagator.offer(in, "baggage", "tenant = a%20b%2Cc ;p=1 , other=1,secret-note=no");
    propagator.offer(in, "baggage", "user-id=u2");
    const Extracted extracted = propagator.extract(in);
    ASSERT_TRUE(extracted.fields);
    EXPECT_EQ(find_field(extracted.fields.get(), "Tenant"), "a b,c");
    EXPECT_EQ(find_field(extracted.fields.get(), "user-id"), "u2");
    EXPECT_FALSE(find_field(extracted.fields.get(), "secret-note"))
        << "local fields are not taken from outside";

    OutgoingHeaders out;
    propagator.inject({.trace_low = 1, .span_id = 1}, extracted.fields.get(), out);
    EXPECT_EQ(out.find("baggage"), "Tenant=a%20b%2Cc,user-id=u2");
}

TEST(Baggage, LocalFieldsStayHere) {
    const Propagator propagator({.baggage = fields()});
    const auto set = propagator.with_field(nullptr, "Secret-Note", "n");
    EXPECT_EQ(find_field(set.get(), "secret-note"), "n");
    OutgoingHeaders out;
    propagator.inject({.trace_low = 1, .span_id = 1}, set.get(), out);
    EXPECT_FALSE(out.find("secret-note").data());
    EXPECT_FALSE(out.find("baggage").data());
}

TEST(Baggage, HasLimitsAndCountsWhatItDrops) {
    BaggageConfig config;
    for (int i = 0; i < 20; ++i) config.remote_fields.push_back("f" + std::to_string(i));
    const Propagator propagator({.baggage = config});

    std::shared_ptr<const TaskFields> set;
    set = propagator.with_field(set, "f0", std::string(257, 'x'));
    EXPECT_EQ(set, nullptr);
    EXPECT_EQ(propagator.baggage_dropped(), 1U);

    for (int i = 0; i < 20; ++i) set = propagator.with_field(set, "f" + std::to_string(i), "v");
    EXPECT_EQ(set->fields.size(), 16U);
    EXPECT_EQ(propagator.baggage_dropped(), 5U);

    for (int i = 0; i < 5; ++i)
        set = propagator.with_field(set, "f" + std::to_string(i), std::string(256, 'y'));
    EXPECT_EQ(propagator.baggage_dropped(), 7U) << "1 KiB in total";
    EXPECT_EQ(propagator.with_field(set, "unknown", "v"), set);
    EXPECT_EQ(propagator.with_field(set, "f9", "a\r\nSet-Cookie: x"), set)
        << "no second header through a value";
    EXPECT_FALSE(find_field(propagator.with_field(set, "f9", "").get(), "f9"));
}

TEST(Baggage, OfTheTaskIsSeenByWhatIsStartedBeneath) {
    ManualClock clock;
    MemorySpanSink sink;
    Random random(1);
    Tracer tracer({.propagation = {.baggage = fields()}, .sampler = always_sampler()}, clock, sink, &random);
    TaskContext task;
    const TaskContext::Scope running(task);
    Span server = tracer.start_server({});
    {
        const Scope scope(server);
        tracer.set_baggage("user-id", "u7");
        EXPECT_EQ(tracer.baggage("user-id"), "u7");
        const Span client = tracer.start_client("get");
        OutgoingHeaders out;
        tracer.inject(client, out);
        EXPECT_EQ(out.find("user-id"), "u7");
    }
    EXPECT_FALSE(tracer.baggage("user-id"));
}

TEST(Baggage, TagFieldsBecomeTagsOfTheServerSpan) {
    ManualClock clock;
    MemorySpanSink sink;
    Random random(1);
    Tracer tracer({.propagation = {.baggage = fields()}, .sampler = always_sampler()}, clock, sink, &random);
    IncomingHeaders in;
    tracer.propagator().offer(in, "tenant", "acme");
    tracer.start_server(tracer.propagator().extract(in)).finish();
    EXPECT_EQ(sink.take().at(0).find_tag("tenant"), "acme");
}

}  // namespace

}  // namespace flotilla::tracing
