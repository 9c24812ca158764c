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

TEST(TaskScope, AnOwnerThatIsCancelledStillWaitsForItsTasks) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        TaskScope outer(runtime.loop(0));
        int finished = 0;
        static constexpr auto own = [](int& count) -> Task<> {
            TaskScope inner(EventLoop::current());
            inner.spawn("sleeper", sleep_and_count(1h, count));
            (void)co_await inner.drain({});
            EXPECT_EQ(inner.active(), 0U);
            ++count;
            co_await yield();
            ADD_FAILURE() << "the next wait of a cancelled task throws";
        };
        const std::function<Task<int>(TaskScope&)> beside = [&](TaskScope& scope) -> Task<int> {
            scope.spawn("sleeper", sleep_and_count(1h, finished));
            co_await sleep_for(1h);
            co_return 1;
        };
        static constexpr auto own_in_scope = [](std::function<Task<int>(TaskScope&)> body) -> Task<> {
            co_await in_scope(EventLoop::current(), std::move(body));
        };
        outer.spawn("owner", own(finished));
        outer.spawn("owner in scope", own_in_scope(beside));
        co_await outer.stop();
        EXPECT_EQ(finished, 1);
    });
}

TEST(TaskScope, InScopeEndsTheTasksBesideTheBodyAndGivesItsValue) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        int finished = 0;
        const std::function<Task<int>(TaskScope&)> body = [&](TaskScope& scope) -> Task<int> {
            scope.spawn("slow", sleep_and_count(1h, finished));
            scope.spawn("quick", sleep_and_count(0ms, finished));
            co_await sleep_for(1ms);
            co_return 7;
        };
        EXPECT_EQ(co_await in_scope(runtime.loop(0), body), 7);
        EXPECT_EQ(finished, 1);
    });
}

}  // namespace

}  // namespace flotilla::runtime
