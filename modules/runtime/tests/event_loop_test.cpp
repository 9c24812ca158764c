#include "flotilla/runtime/event_loop.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <vector>

#include "flotilla/runtime/descriptor.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::runtime {

namespace {

using namespace std::chrono_literals;

TEST(EventLoop, TimersFireInTheOrderOfTheirTimes) {
    std::vector<int> order;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        const TimePoint start = runtime.clock().now();
        static constexpr auto note = [](std::vector<int>& list, TimePoint at, int n) -> Task<> {
            co_await sleep_until(at);
            list.push_back(n);
        };
        scope.spawn("c", note(order, start + 3ms, 3));
        scope.spawn("a", note(order, start + 1ms, 1));
        scope.spawn("b", note(order, start + 2ms, 2));
        co_await sleep_until(start + 4ms);
        co_await scope.stop();
    });
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(EventLoop, JobsFromOtherThreadsRunInOrderAndAreNeverLost) {
    constexpr int per_thread = 20'000;
    std::vector<int> last(2, -1);
    std::atomic<int> seen = 0;
    bool ordered = true;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        EventLoop& loop = runtime.loop(0);
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < 2; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < per_thread; ++i)
                    loop.post([&, t, i] {
                        ordered = ordered && last[t] == i - 1;
                        last[t] = i;
                        ++seen;
                    });
            });
        while (seen < 2 * per_thread) co_await yield();
        for (auto& thread : threads) thread.join();
    });
    EXPECT_TRUE(ordered);
    EXPECT_EQ(seen, 2 * per_thread);
}

TEST(EventLoop, ATasksContextIsCurrentWhileItRunsAndNotBetween) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        static constexpr auto carry = [](std::uint64_t id, int& right) -> Task<> {
            TaskContext::current().trace.span_id = id;
            for (int i = 0; i < 50; ++i) {
                co_await yield();
                if (TaskContext::current().trace.span_id == id) ++right;
            }
        };
        int right = 0;
        for (std::uint64_t id = 1; id <= 4; ++id) scope.spawn("carry", carry(id, right));
        EXPECT_EQ(TaskContext::current().trace.span_id, 0U);
        co_await scope.drain(Deadline());
        EXPECT_EQ(right, 200);
        EXPECT_EQ(TaskContext::current().trace.span_id, 0U);
    });
}

TEST(Signal, WakesInTheOrderOfWaitingAndKeepsDeadlines) {
    std::vector<int> order;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        Signal signal;
        static constexpr auto wait = [](Signal& s, std::vector<int>& list, int n) -> Task<> {
            co_await s.wait();
            list.push_back(n);
        };
        scope.spawn("1", wait(signal, order, 1));
        scope.spawn("2", wait(signal, order, 2));
        EXPECT_TRUE(signal.notify_one());
        EXPECT_TRUE(signal.notify_one());
        EXPECT_FALSE(signal.notify_one());
        const Wake wake = co_await signal.wait(Deadline::after(runtime.clock().now(), 2ms));
        EXPECT_EQ(wake, Wake::timed_out);
        EXPECT_FALSE(signal.has_waiters());
        co_await scope.stop();
    });
    EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(Signal, NotifyAllWakesThoseWhoWaitNowAndMayLoseTheSignalMeanwhile) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        auto signal = std::make_unique<Signal>();
        int woken = 0;
        static constexpr auto again = [](Signal& s, int& count) -> Task<> {
            for (;;) {
                co_await s.wait();
                ++count;
            }
        };
        TaskScope keen(runtime.loop(0));
        keen.spawn("a", again(*signal, woken));
        keen.spawn("b", again(*signal, woken));
        signal->notify_all();
        EXPECT_EQ(woken, 2);
        co_await keen.stop();

        // The first to be woken cancels the second and destroys the Signal.
        static constexpr auto destroy = [](std::unique_ptr<Signal>& s, TaskScope& other) -> Task<> {
            co_await s->wait();
            co_await other.stop();
            s.reset();
        };
        TaskScope other(runtime.loop(0));
        scope.spawn("destroy", destroy(signal, other));
        other.spawn("wait", again(*signal, woken));
        static constexpr auto notify = [](std::unique_ptr<Signal>& s) -> Task<> {
            s->notify_all();
            co_return;
        };
        scope.spawn("notify", notify(signal));
        co_await scope.drain({});
        EXPECT_FALSE(signal);
    });
}

TEST(EventLoop, WhatIsStillSuspendedOrQueuedIsDestroyedWithTheLoop) {
    auto sleeping = std::make_shared<int>();
    auto reading = std::make_shared<int>();
    auto queued = std::make_shared<int>();
    static constexpr auto sleep = [](std::shared_ptr<int>) -> Task<> { co_await sleep_for(1h); };
    static constexpr auto read = [](std::shared_ptr<int>) -> Task<> {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
        Descriptor in(EventLoop::current(), ends[0]);
        const Descriptor out(EventLoop::current(), ends[1]);
        in.mark_drained();
        co_await in.readable(Deadline::after(EventLoop::current().now(), 1h));
    };
    {
        EventLoop loop;
        TaskContext context;
        loop.post([&] {
            asio::co_spawn(Executor(loop, context), sleep(sleeping), asio::detached);
            asio::co_spawn(Executor(loop, context), read(reading), asio::detached);
            loop.stop();
            loop.post([queued] {});
        });
        loop.run();
        loop.post([queued] {});  // from what is now a foreign thread
        EXPECT_EQ(sleeping.use_count(), 2);
    }
    EXPECT_EQ(sleeping.use_count(), 1);
    EXPECT_EQ(reading.use_count(), 1);
    EXPECT_EQ(queued.use_count(), 1);
}

TEST(Runtime, BlockingWorkLeavesTheLoopAndComesBackWithItsValueAndTrace) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        TaskContext::current().trace.span_id = 42;
        auto work = [&] {
            EXPECT_FALSE(runtime.loop(0).on_this_thread());
            return TaskContext::current().trace.span_id;
        };
        const auto value = co_await runtime.blocking(work);
        EXPECT_TRUE(runtime.loop(0).on_this_thread());
        EXPECT_EQ(value, 42U);
        auto bad = []() -> Result<int> { return fail(Errc::not_found); };
        const auto failed = co_await runtime.blocking(bad);
        EXPECT_EQ(failed.error().code(), Errc::not_found);
        auto bug = []() -> int { throw std::runtime_error("bug"); };
        bool thrown = false;
        try {
            co_await runtime.blocking(bug);
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
    });
}

TEST(Runtime, AFullPoolIsAnErrorAndIsCounted) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        std::atomic<bool> go = false;
        std::atomic<int> begun = 0;
        static constexpr auto block = [](Runtime& r, std::atomic<int>& count, std::atomic<bool>& until
                                      ) -> Task<> {
            auto work = [&] {
                ++count;
                until.wait(false);
            };
            co_await r.blocking(work);
        };
        // Two threads and four places in the queue. What is queued before both are at work does not stay
        // there.
        for (int i = 0; i < 2; ++i) scope.spawn("block", block(runtime, begun, go));
        while (begun < 2) co_await yield();
        for (int i = 0; i < 4; ++i) scope.spawn("block", block(runtime, begun, go));
        while (runtime.pool().stats().queued < 4) co_await yield();
        auto nothing = [] {};
        const auto refused = co_await runtime.blocking(nothing);
        EXPECT_EQ(refused.error().code(), Errc::limit_exceeded);
        EXPECT_EQ(runtime.pool().stats().rejected, 1U);
        go = true;
        go.notify_all();
        co_await scope.drain(Deadline());
    });
}

TEST(Runtime, WorkCrossesToAnotherLoopAndBack) {
    run_on_loop(
        [](Runtime& runtime) -> Task<> {
            TaskContext::current().trace.span_id = 42;
            const std::function<Task<std::size_t>()> there = []() -> Task<std::size_t> {
                co_await yield();
                EXPECT_EQ(TaskContext::current().trace.span_id, 42U);
                co_return EventLoop::current().index();
            };
            EXPECT_EQ(co_await runtime.on(runtime.loop(1), there), 1U);
            EXPECT_TRUE(runtime.loop(0).on_this_thread());
        },
        2
    );
}

}  // namespace

}  // namespace flotilla::runtime
