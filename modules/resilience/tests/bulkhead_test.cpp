#include "flotilla/resilience/bulkhead.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace flotilla::resilience {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct TestWaiter final : Waiter {
    void admitted() noexcept override { woken.store(true); }

    std::atomic<bool> woken{false};
};

TEST(ResilienceFacts, F28_TheTwentySixthCallIsRefusedAndAReleaseAdmitsExactlyOne) {
    const ManualClock clock;
    Bulkhead bulkhead("x", {}, clock);
    std::vector<std::string_view> events;
    std::vector<Bulkhead::Permit> inside;
    for (int call = 0; call < 25; ++call) inside.push_back(bulkhead.try_enter());
    bulkhead.events().subscribe([&](const Event& event) { events.push_back(to_string(event.type)); });
    EXPECT_FALSE(bulkhead.try_enter());
    EXPECT_EQ(bulkhead.refusal().message(), "Bulkhead 'x' is full and does not permit further calls");
    TestWaiter impatient;
    EXPECT_EQ(bulkhead.enter(impatient), Entry::refused);
    inside.pop_back();
    EXPECT_EQ(bulkhead.available_concurrent_calls(), 1U);
    const auto admitted = bulkhead.try_enter();
    EXPECT_TRUE(admitted);
    EXPECT_FALSE(bulkhead.try_enter());
    EXPECT_THAT(
        events,
        ElementsAre("CALL_REJECTED", "CALL_REJECTED", "CALL_FINISHED", "CALL_PERMITTED", "CALL_REJECTED")
    );
}

TEST(Bulkhead, WaitersTakeTheirTurn) {
    Bulkhead bulkhead("x", {.max_concurrent_calls = 1, .max_wait_duration = 1s});
    TestWaiter first;
    TestWaiter second;
    TestWaiter third;
    EXPECT_EQ(bulkhead.enter(first), Entry::admitted);
    auto inside = bulkhead.permit_of(first);
    EXPECT_EQ(bulkhead.enter(second), Entry::waiting);
    EXPECT_EQ(bulkhead.enter(third), Entry::waiting);
    EXPECT_EQ(bulkhead.waiting(), 2U);
    inside.leave();
    EXPECT_TRUE(second.woken);
    EXPECT_FALSE(third.woken);
    EXPECT_FALSE(bulkhead.try_enter()) << "nobody jumps the queue";
    EXPECT_FALSE(bulkhead.leave_queue(second)) << "is in already";
    EXPECT_TRUE(bulkhead.leave_queue(third));
    bulkhead.permit_of(second).leave();
    EXPECT_EQ(bulkhead.waiting(), 0U);
    EXPECT_EQ(bulkhead.available_concurrent_calls(), 1U);
}

TEST(Bulkhead, ALargerLimitAdmitsWaitersAndASmallerOneWaitsForCallsToEnd) {
    Bulkhead bulkhead("x", {.max_concurrent_calls = 1, .max_wait_duration = 1s});
    auto one = bulkhead.try_enter();
    TestWaiter waiter;
    EXPECT_EQ(bulkhead.enter(waiter), Entry::waiting);
    bulkhead.change_limit(2);
    ASSERT_TRUE(waiter.woken);
    auto two = bulkhead.permit_of(waiter);
    bulkhead.change_limit(1);
    EXPECT_EQ(bulkhead.available_concurrent_calls(), 0U);
    one.leave();
    EXPECT_FALSE(bulkhead.try_enter());
    two.leave();
    EXPECT_TRUE(bulkhead.try_enter());
}

TEST(Bulkhead, ThreadsNeverExceedTheLimitAndLoseNoWaiter) {
    constexpr std::uint32_t limit = 3;
    Bulkhead bulkhead("x", {.max_concurrent_calls = limit, .max_wait_duration = 1s});
    std::atomic<std::uint32_t> inside{0};
    std::atomic<bool> exceeded{false};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int call = 0; call < 2000; ++call) {
                TestWaiter waiter;
                if (bulkhead.enter(waiter) == Entry::waiting) {
                    while (!waiter.woken.load()) std::this_thread::yield();
                }
                const auto permit = bulkhead.permit_of(waiter);
                if (inside.fetch_add(1) + 1 > limit) exceeded = true;
                inside.fetch_sub(1);
                ++done;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_FALSE(exceeded);
    EXPECT_EQ(done.load(), 16'000);
    EXPECT_EQ(bulkhead.available_concurrent_calls(), limit);
    EXPECT_EQ(bulkhead.waiting(), 0U);
}

TEST(QueueBulkhead, RunsCoreThenQueuesThenRunsUpToTheMaximum) {
    QueueBulkhead bulkhead("x", {.core_thread_pool_size = 1, .max_thread_pool_size = 2, .queue_capacity = 1});
    TestWaiter waiters[4];
    EXPECT_EQ(bulkhead.enter(waiters[0]), Entry::admitted);
    EXPECT_EQ(bulkhead.enter(waiters[1]), Entry::waiting);
    EXPECT_EQ(bulkhead.enter(waiters[2]), Entry::admitted) << "the queue is full";
    EXPECT_EQ(bulkhead.enter(waiters[3]), Entry::refused);
    EXPECT_EQ(bulkhead.metrics().active_threads, 2U);
    EXPECT_EQ(bulkhead.metrics().queue_depth, 1U);
    bulkhead.permit_of(waiters[0]).leave();
    EXPECT_TRUE(waiters[1].woken);
    EXPECT_EQ(bulkhead.metrics().active_threads, 2U);
    bulkhead.permit_of(waiters[1]).leave();
    bulkhead.permit_of(waiters[2]).leave();
    EXPECT_EQ(bulkhead.metrics().active_threads, 0U);
    EXPECT_EQ(bulkhead.metrics().thread_pool_size, 1U);
}

TEST(QueueBulkhead, WithoutAQueueHandsOver) {
    QueueBulkhead bulkhead("x", {.core_thread_pool_size = 1, .max_thread_pool_size = 2, .queue_capacity = 0});
    TestWaiter waiters[3];
    EXPECT_EQ(bulkhead.enter(waiters[0]), Entry::admitted);
    EXPECT_EQ(bulkhead.enter(waiters[1]), Entry::admitted);
    EXPECT_EQ(bulkhead.enter(waiters[2]), Entry::refused);
    bulkhead.permit_of(waiters[0]).leave();
    bulkhead.permit_of(waiters[1]).leave();
}

}  // namespace

}  // namespace flotilla::resilience
