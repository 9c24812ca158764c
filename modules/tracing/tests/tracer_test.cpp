#include "flotilla/tracing/tracer.hpp"

#include <gtest/gtest.h>

namespace flotilla::tracing {

namespace {

TEST(Tracer, AChildOfTheCurrentSpanIsPartOfItsTrace) {
    ManualClock clock;
    MemorySpanSink sink;
    Random random(1);
    Tracer tracer({.sampler = always_sampler()}, clock, sink, &random);
    {
        Span server = tracer.start_server({}, {.name = "get"});
        const Scope scope(server);
        Span client = tracer.start_client("get");
        EXPECT_EQ(client.context().parent_id, server.context().span_id);
        EXPECT_EQ(client.context().trace_low, server.context().trace_low);
    }
    EXPECT_EQ(sink.take().size(), 2U);
    EXPECT_FALSE(TaskContext::current().trace.valid());
}

}  // namespace

}  // namespace flotilla::tracing
