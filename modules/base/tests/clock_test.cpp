#include "flotilla/base/clock.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/task_context.hpp"

namespace flotilla {

namespace {

using namespace std::chrono_literals;

TEST(Deadline, PassesAtItsMomentAndNeverWhenThereIsNone) {
    ManualClock clock;
    const auto deadline = Deadline::after(clock.now(), 5s);
    EXPECT_EQ(deadline.left(clock.now()), 5s);
    clock.advance(5s);
    EXPECT_TRUE(deadline.passed(clock.now()));
    EXPECT_EQ(deadline.left(clock.now()), 0s);
    EXPECT_TRUE(Deadline().never());
    EXPECT_TRUE(Deadline::after(clock.now(), Duration::max()).never());
    EXPECT_EQ(deadline.or_sooner(Deadline()), deadline);
}

TEST(TaskContext, AScopePutsTheFormerContextBack) {
    TaskContext outer;
    outer.trace.span_id = 0xabc;
    outer.trace.trace_low = 0xabc;
    EXPECT_FALSE(TaskContext::current().trace.valid());
    {
        const TaskContext::Scope scope(outer);
        TaskContext inner;
        {
            const TaskContext::Scope nested(inner);
            EXPECT_EQ(&TaskContext::current(), &inner);
        }
        EXPECT_EQ(&TaskContext::current(), &outer);
        EXPECT_EQ(trace_id_text(TaskContext::current().trace), "0000000000000abc");
    }
    EXPECT_FALSE(TaskContext::current().trace.valid());
}

}  // namespace

}  // namespace flotilla
