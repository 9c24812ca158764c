/// What admitted and refused calls cost the heap.

#include <gtest/gtest.h>

#include "breaker_fixture.hpp"
#include "counted_heap.hpp"
#include "flotilla/resilience/bulkhead.hpp"
#include "flotilla/resilience/rate_limiter.hpp"

namespace flotilla::resilience {

namespace {

template <class Work>
std::size_t allocations_of(Work&& work) {
    const std::size_t before = testing::heap_allocations;
    for (int i = 0; i < 1000; ++i) work();
    return testing::heap_allocations - before;
}

TEST(ResilienceFacts, F38_CallsThroughABreakerDoNotAllocate) {
    for (const auto type : {SlidingWindowType::count_based, SlidingWindowType::time_based}) {
        ManualClock clock;
        CircuitBreaker breaker("x", {.failure_rate_threshold = 90, .sliding_window_type = type}, clock);
        const auto call = [&](bool good) {
            auto permit = breaker.try_acquire(clock.now());
            if (good) {
                permit.succeeded(clock.now());
            } else {
                permit.failed_with(clock.now(), "503");
            }
        };
        EXPECT_EQ(allocations_of([&] { call(true); }), 0U);
        int number = 0;
        const auto mixed = [&] { call(++number % 4 != 0); };
        allocations_of(mixed);  // the window grows to what the failures need
        EXPECT_EQ(allocations_of(mixed), 0U);
        breaker.events().keep(100);
        EXPECT_EQ(allocations_of([&] { call(true); }), 0U) << "nor do its events";
        ASSERT_TRUE(breaker.transition_to(BreakerState::forced_open, clock.now()));
        EXPECT_EQ(allocations_of([&] { EXPECT_FALSE(breaker.try_acquire(clock.now())); }), 0U);
    }
}

TEST(Allocations, LimitersAndBulkheadsDoNotAllocate) {
    RateLimiter limiter("x", {}, t_zero);
    Bulkhead bulkhead("x");
    EXPECT_EQ(allocations_of([&] { std::ignore = limiter.reserve(t_zero); }), 0U);
    EXPECT_EQ(allocations_of([&] { EXPECT_TRUE(bulkhead.try_enter()); }), 0U);
}

}  // namespace

}  // namespace flotilla::resilience
