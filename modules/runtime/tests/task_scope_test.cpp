#include "flotilla/runtime/task_scope.hpp"

#include <gtest/gtest.h>

#include "run_on_loop.hpp"

namespace flotilla::runtime {

namespace {

using namespace std::chrono_literals;

Task<> sleep_and_count(Duration span, int& finished) {
    co_await sleep_for(span);
    ++finished;
}

TEST(TaskScope, DrainLetsTasksFinishAndCancelsThoseThatAreLate) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        int finished = 0;
        scope.spawn("quick", sleep_and_count(1ms, finished));
        scope.spawn("slow", sleep_and_count(1h, finished));
        EXPECT_EQ(scope.tasks().size(), 2U);
        EXPECT_EQ(co_await scope.drain(Deadline::after(runtime.clock().now(), 30ms)), 1U);
        EXPECT_EQ(finished, 1);
        EXPECT_EQ(scope.active(), 0U);
        EXPECT_FALSE(scope.spawn("late", sleep_and_count(0ms, finished)));
    });
}

TEST(TaskScope, AFailureIsReportedAndCancellationIsNot) {
    std::vector<std::string> failures;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0), [&](const std::string& task, const std::exception_ptr&) {
            failures.push_back(task);
        });
        static constexpr auto fails = []() -> Task<> {
            co_await yield();
            throw std::runtime_error("bug");
        };
        int finished = 0;
        scope.spawn("buggy", fails());
        scope.spawn("sleeper", sleep_and_count(1h, finished));
        co_await sleep_for(2ms);
        EXPECT_EQ(scope.active(), 1U);
        co_await scope.stop();
    });
    EXPECT_EQ(failures, std::vector<std::string>{"buggy"});
}

TEST(TaskScope, CancellationReachesEachKindOfWait) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        Signal never;
        static constexpr auto wait = [](Signal& signal) -> Task<> { co_await signal.wait(); };
        static constexpr auto both = [](Signal& signal) -> Task<> {
            co_await signal.wait(Deadline::after(EventLoop::current().now(), 1h));
        };
        scope.spawn("signal", wait(never));
        scope.spawn("signal with deadline", both(never));
        co_await scope.stop();
        EXPECT_FALSE(never.has_waiters());
    });
}

}  // namespace

}  // namespace flotilla::runtime
