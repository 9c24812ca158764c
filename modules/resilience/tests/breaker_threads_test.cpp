/// Many threads at one breaker.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>

#include "breaker_fixture.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::resilience {

namespace {

using enum BreakerState;

TEST(ResilienceFacts, F10_OfAHundredThreadsAfterTheWaitExactlyTenAreAdmitted) {
    for (int round = 0; round < 20; ++round) {
        ManualClock clock;
        CircuitBreakerConfig config{.sliding_window_size = 1, .wait_in_open_state = Backoff::fixed(1s)};
        CircuitBreaker breaker("x", config, clock);
        breaker.try_acquire(clock.now()).failed(clock.now(), some_error());
        std::atomic<int> refusals_told{0};
        breaker.events().subscribe(EventType::not_permitted, [&](const Event&) { ++refusals_told; });
        const TimePoint now = clock.now() + 1s + 1ns;
        std::atomic<int> admitted{0};
        std::barrier<> all(100);
        std::vector<std::thread> threads;
        for (int i = 0; i < 100; ++i) {
            threads.emplace_back([&] {
                all.arrive_and_wait();
                const auto permit = breaker.try_acquire(now);
                admitted += permit ? 1 : 0;
                all.arrive_and_wait();  // keeps the permits until all have asked
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(admitted.load(), 10);
        EXPECT_EQ(refusals_told.load(), 90);
        EXPECT_EQ(breaker.metrics(now).not_permitted_calls, 90U);
    }
}

/// Calls, transitions, resets and looks at once; the sanitizer says whether they race. Whatever they did, a
/// reset breaker is as good as new.
TEST(ResilienceFacts, F38_SixteenThreadsOfCallsTransitionsAndResets) {
    for (const auto type : {SlidingWindowType::count_based, SlidingWindowType::time_based}) {
        for (const LateResults late : {LateResults::ignore, LateResults::record}) {
            CircuitBreakerConfig config{
                .slow_call_duration_threshold = 1ms,
                .sliding_window_type = type,
                .sliding_window_size = 10,
                .minimum_number_of_calls = 10,
                .wait_in_open_state = Backoff::fixed(1ms),
                .automatic_transition_from_open_to_half_open_enabled = late == LateResults::record,
                .permitted_number_of_calls_in_half_open_state = 3,
                .max_wait_duration_in_half_open_state = 5ms,
                .late_results = late,
            };
            const ManualClock clock;
            CircuitBreaker breaker("x", config, clock);
            breaker.events().keep(100);
            std::atomic<std::int64_t> time{0};
            std::atomic<std::uint64_t> admitted{0};
            std::vector<std::thread> threads;
            for (std::size_t i = 0; i < 16; ++i) {
                threads.emplace_back([&, i] {
                    Random random(i + 1);
                    for (int step = 0; step < 3000; ++step) {
                        const TimePoint now = t_zero + Duration(time.fetch_add(20'000));
                        switch (i < 12 ? 0 : random.below(8)) {
                            case 1:
                                breaker.reset(now);
                                break;
                            case 2:
                                std::ignore =
                                    breaker.transition_to(static_cast<BreakerState>(random.below(6)), now);
                                break;
                            case 3:
                                std::ignore = breaker.metrics(now);
                                std::ignore = breaker.timer();
                                break;
                            case 4:
                                breaker.tick(now);
                                std::ignore = breaker.events().recent();
                                break;
                            default: {
                                auto permit = breaker.try_acquire(now);
                                if (!permit) break;
                                ++admitted;
                                const auto end = random.below(10);
                                if (end < 5) {
                                    permit.succeeded(now, random.below(10) == 0 ? 2ms : 0ms);
                                } else if (end < 9) {
                                    permit.failed(now, some_error());
                                }
                            }
                        }
                    }
                });
            }
            for (std::thread& thread : threads) thread.join();
            EXPECT_GT(admitted.load(), 0U);
            const TimePoint end = t_zero + 1h;
            breaker.reset(end);
            EXPECT_EQ(breaker.state(), closed);
            EXPECT_EQ(breaker.metrics(end).buffered_calls, 0U);
            for (int call = 0; call < 10; ++call) breaker.try_acquire(end).failed(end, some_error());
            EXPECT_EQ(breaker.state(), open);
        }
    }
}

/// Calls in a microsecond that so many threads make through one calm breaker, the best of five times.
double calls_of(std::size_t threads) {
    constexpr int each = 1'000'000;
    CircuitBreaker breaker("x", {});
    double best = 0;
    for (int round = 0; round < 5; ++round) {
        std::barrier<> all(static_cast<std::ptrdiff_t>(threads) + 1);
        std::vector<std::thread> callers;
        for (std::size_t i = 0; i < threads; ++i) {
            callers.emplace_back([&] {
                all.arrive_and_wait();
                for (int call = 0; call < each; ++call) breaker.try_acquire(t_zero).succeeded(t_zero);
                all.arrive_and_wait();
            });
        }
        all.arrive_and_wait();
        const TimePoint began = Clock::system().now();
        all.arrive_and_wait();
        const auto took = static_cast<double>((Clock::system().now() - began).count());
        for (std::thread& caller : callers) caller.join();
        best = std::max(best, static_cast<double>(threads) * each * 1000 / took);
    }
    return best;
}

TEST(ResilienceFacts, F39_SixteenThreadsMakeEightTimesTheCallsOfOne) {
    if (std::thread::hardware_concurrency() < 16) GTEST_SKIP() << "takes sixteen cores";
    EXPECT_GE(calls_of(16), calls_of(1) * 8);
}

}  // namespace

}  // namespace flotilla::resilience
