#include "flotilla/base/task_context.hpp"

#include <gtest/gtest.h>

namespace flotilla {

namespace {

TEST(TaskContext, IsCurrentForAScopeAndGivesWayToTheFormerOne) {
    TaskContext outer, inner;
    inner.trace.span_id = 7;
    const TaskContext::Scope in_outer(outer);
    {
        const TaskContext::Scope in_inner(inner);
        EXPECT_EQ(TaskContext::current().trace.span_id, 7U);
    }
    EXPECT_EQ(&TaskContext::current(), &outer);
}

TEST(TaskContext, ACopyForAnotherTaskLeavesTheSpanBehind) {
    int record = 0;
    TaskContext task;
    task.trace.span_id = 7;
    task.span.exchange(&record);
    task.fields = std::make_shared<const TaskFields>();

    const TaskContext copy = task;

    EXPECT_EQ(copy.trace, task.trace);
    EXPECT_EQ(copy.fields, task.fields);
    EXPECT_EQ(copy.span.get(), nullptr);
    EXPECT_EQ(task.span.get(), &record);
}

TEST(TaskContext, WritesIdsAsLogsAndHeadersHaveThem) {
    TraceContext trace;
    EXPECT_EQ(trace_id_text(trace), "");
    EXPECT_EQ(span_id_text(trace), "");
    trace.trace_low = 0xabc;
    trace.span_id = 1;
    EXPECT_EQ(trace_id_text(trace), "0000000000000abc");
    EXPECT_EQ(span_id_text(trace), "0000000000000001");
    trace.trace_high = 2;
    EXPECT_EQ(trace_id_text(trace), "00000000000000020000000000000abc");
}

}  // namespace

}  // namespace flotilla
