#include "flotilla/tracing/tracer.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace flotilla::tracing {

namespace {

using namespace std::chrono_literals;

class TracerTest : public ::testing::Test {
protected:
    ManualClock clock{WallTime{1'700'000'000s}};
    MemorySpanSink sink;
    Random random{1};
    Tracer tracer{{.sampler = always_sampler()}, clock, sink, &random};
    TaskContext task;
    TaskContext::Scope running{task};
};

TEST_F(TracerTest, AChildOfTheCurrentSpanIsPartOfItsTrace) {
    {
        Span server = tracer.start_server({}, {.name = "get"});
        const Scope scope(server);
        Span client = tracer.start_client("get");
        EXPECT_EQ(client.context().parent_id, server.context().span_id);
        EXPECT_EQ(client.context().trace_low, server.context().trace_low);
    }
    const auto spans = sink.take();
    ASSERT_EQ(spans.size(), 2U);
    EXPECT_EQ(spans[0].kind, SpanKind::client);
    EXPECT_EQ(spans[1].kind, SpanKind::server);
    EXPECT_FALSE(TaskContext::current().trace.valid());
}

TEST_F(TracerTest, ARootsSpanIdIsTheLowHalfOfItsTraceId) {
    const Span root = tracer.start_local("job");
    EXPECT_EQ(root.context().trace_low, root.context().span_id);
    EXPECT_EQ(root.context().parent_id, 0U);
    EXPECT_EQ(root.context().trace_high >> 32, 1'700'000'000U) << "Brave puts the second there";
    EXPECT_TRUE(root.context().w3c_random);

    Tracer short_ids({.trace_id_128 = false, .sampler = always_sampler()}, clock, sink, &random);
    EXPECT_EQ(short_ids.start_local("job").context().trace_high, 0U);
}

TEST_F(TracerTest, ASpanFinishesOnceAndAtTheLatestWhenItGoes) {
    Span first = tracer.start_local("first");
    clock.advance(5ms);
    first.finish();
    first.finish();
    first.tag("late", "x");
    {
        Span moved;
        {
            Span second = tracer.start_local("second");
            moved = std::move(second);
        }
        EXPECT_TRUE(moved.recording());
        clock.advance(3us);
    }
    const auto spans = sink.take();
    ASSERT_EQ(spans.size(), 2U);
    EXPECT_EQ(spans[0].name(), "first");
    EXPECT_EQ(spans[0].duration_us(), 5ms);
    EXPECT_FALSE(spans[0].find_tag("late"));
    EXPECT_EQ(spans[1].duration_us(), 3us);
}

TEST_F(TracerTest, AssigningOverASpanFinishesIt) {
    Span span = tracer.start_local("a");
    span = tracer.start_local("b");
    EXPECT_EQ(sink.take().size(), 1U);
    span.abandon();
    span.finish();
    EXPECT_TRUE(sink.take().empty());
}

TEST_F(TracerTest, TakesClockReadingsThatTheCallerHas) {
    const TimePoint arrived = clock.now();
    clock.advance(10ms);
    Span span = tracer.start_server({}, {.now = arrived});
    span.finish(arrived + 25ms);
    EXPECT_EQ(sink.take().at(0).duration_us(), 25ms);
}

TEST_F(TracerTest, AWallClockThatJumpsBackDoesNotTurnATraceAround) {
    {
        Span parent = tracer.start_server({});
        const Scope scope(parent);
        clock.advance(1ms);
        clock.set_wall(WallTime{1s});
        Span child = tracer.start_local("work");
        child.annotate("cache.miss");
        clock.advance(1ms);
    }
    const auto spans = sink.take();
    EXPECT_EQ(spans[0].timestamp() - spans[1].timestamp(), 1ms);
    EXPECT_EQ(spans[0].annotation_at(0).at, spans[0].start);
    EXPECT_EQ(spans[1].duration_us(), 2ms);
}

TEST_F(TracerTest, WorkThatIsQueuedGoesOnInItsTrace) {
    TaskContext queued;
    {
        Span server = tracer.start_server({});
        const Scope scope(server);
        queued = TaskContext::current();
    }
    clock.set_wall(WallTime{5s});
    {
        const TaskContext::Scope elsewhere(queued);
        EXPECT_FALSE(tracer.current().recording()) << "the server span is over";
        const Span work = tracer.start_local("work");
    }
    const auto spans = sink.take();
    EXPECT_EQ(spans[1].context.parent_id, spans[0].context.span_id);
    EXPECT_EQ(spans[1].timestamp(), spans[0].timestamp()) << "the offset of the clocks travels along";
}

TEST_F(TracerTest, AScopeRestoresTheTaskThatItWasOpenedOn) {
    TaskContext other;
    {
        Span span = tracer.start_local("a");
        const Scope scope(span);
        const TaskContext::Scope interleaved(other);
        EXPECT_FALSE(TaskContext::current().trace.valid());
    }
    EXPECT_FALSE(task.trace.valid());
    EXPECT_EQ(task.span.get(), nullptr);
    EXPECT_FALSE(other.trace.valid());
}

TEST_F(TracerTest, TheCurrentSpanTakesTagsFromDeepBelow) {
    tracer.current().tag("nobody", "listens");
    {
        Span span = tracer.start_server({});
        const Scope scope(span);
        tracer.current().tag("user", "u1");
        tracer.current().tag("items", 42);
        tracer.current().annotate("half-way");
        span.finish();
        tracer.current().tag("too", "late");
    }
    const SpanData span = sink.take().at(0);
    EXPECT_EQ(span.find_tag("user"), "u1");
    EXPECT_EQ(span.find_tag("items"), "42");
    EXPECT_EQ(span.annotation_count(), 1U);
    EXPECT_FALSE(span.find_tag("too"));
}

TEST_F(TracerTest, AnErrorIsSaidOnce) {
    {
        const Span span = tracer.start_local("a");
        span.error("disk full");
        span.error("later");
        const Span unnamed = tracer.start_local("b");
        unnamed.error("");
    }
    const auto spans = sink.take();
    EXPECT_EQ(spans[0].find_tag("error"), "error");
    EXPECT_EQ(spans[1].find_tag("error"), "disk full");
}

TEST_F(TracerTest, DoesAsTheOutcomeTableSays) {
    const TraceContext ids{.trace_low = 10, .span_id = 20, .parent_id = 5};

    struct Row {
        const char* what;
        Extracted in;
        bool joined;
        bool child;
        bool sampled;
        bool debug;
        bool shared;
    };

    const auto incoming = [&](bool with_ids, Decision decision, Format format) {
        return Extracted{
            .context = with_ids ? ids : TraceContext{}, .decision = decision, .source = format, .fields = {}
        };
    };
    const Row rows[] = {
        {"b3 ids, accept", incoming(true, Decision::accept, Format::b3), true, false, true, false, true},
        {"b3 ids, deny", incoming(true, Decision::deny, Format::b3), true, false, false, false, false},
        {"b3 ids, debug", incoming(true, Decision::debug, Format::b3_multi), true, false, true, true, true},
        {"b3 ids, none", incoming(true, Decision::none, Format::b3_multi), true, false, true, false, false},
        {"w3c ids, accept", incoming(true, Decision::accept, Format::w3c), false, true, true, false, false},
        {"w3c ids, deny", incoming(true, Decision::deny, Format::w3c), false, true, false, false, false},
        {"deny only", incoming(false, Decision::deny, Format::b3), false, false, false, false, false},
        {"accept only", incoming(false, Decision::accept, Format::b3), false, false, true, false, false},
        {"debug only", incoming(false, Decision::debug, Format::b3), false, false, true, true, false},
        {"nothing", Extracted{}, false, false, true, false, false},
    };
    for (const Row& row : rows) {
        const Span span = tracer.start_server(row.in);
        const TraceContext& context = span.context();
        ASSERT_TRUE(context.valid()) << row.what;
        EXPECT_EQ(context.span_id == 20, row.joined) << row.what;
        EXPECT_EQ(context.parent_id, row.joined ? 5U : row.child ? 20U : 0U) << row.what;
        EXPECT_EQ(context.trace_low == 10, row.joined || row.child) << row.what;
        EXPECT_EQ(context.sampled, row.sampled) << row.what;
        EXPECT_EQ(span.recording(), row.sampled) << row.what;
        EXPECT_EQ(context.debug, row.debug) << row.what;
        EXPECT_EQ(context.shared, row.shared) << row.what;
    }
}

TEST_F(TracerTest, AConsumerNeverJoins) {
    const Extracted in{
        .context = {.trace_low = 10, .span_id = 20},
        .decision = Decision::accept,
        .source = Format::b3,
        .fields = {}
    };
    const Span poll = tracer.start_incoming(SpanKind::consumer, in, {.name = "poll", .topic = "orders"});
    EXPECT_EQ(poll.context().parent_id, 20U);
    EXPECT_NE(poll.context().span_id, 20U);
}

TEST_F(TracerTest, SkippedPathsStartNoTraceButHaveIds) {
    Tracer skipping(
        {.skip = *SkipPattern::parse(SkipPattern::default_pattern()), .sampler = always_sampler()},
        clock,
        sink,
        &random
    );
    const Span span = skipping.start_server({}, {.path = "/actuator/health"});
    EXPECT_TRUE(span.context().valid());
    EXPECT_FALSE(span.recording());
    EXPECT_TRUE(skipping.start_server({}, {.path = "/users"}).recording());
    const Extracted accepted{
        .context = {.trace_low = 1, .span_id = 1},
        .decision = Decision::accept,
        .source = Format::b3,
        .fields = {}
    };
    EXPECT_TRUE(skipping.start_server(accepted, {.path = "/actuator/health"}).recording())
        << "it goes on with one";
}

TEST_F(TracerTest, ARootIsARootWhateverIsCurrent) {
    Span outer = tracer.start_local("outer");
    const Scope scope(outer);
    const Span root = tracer.start_root(SpanKind::none, {.name = "purge-expired"});
    EXPECT_EQ(root.context().parent_id, 0U);
    EXPECT_NE(root.context().trace_low, outer.context().trace_low);
}

TEST_F(TracerTest, ASamplerMayBeReplacedWhileOthersStartTraces) {
    Tracer shared({.sampler = always_sampler()}, Clock::system(), sink);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
            while (!stop) {
                Span span = shared.start_local("a");
                const Scope scope(span);
                span.abandon();
            }
        });
    }
    for (int i = 0; i < 200; ++i) shared.set_sampler(i % 2 == 0 ? never_sampler() : *rate_sampler(10));
    stop = true;
    for (std::thread& thread : threads) thread.join();
    shared.set_sampler(never_sampler());
    EXPECT_FALSE(shared.start_local("a").recording());
}

}  // namespace

}  // namespace flotilla::tracing
