#include "flotilla/resilience/rate_limiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "flotilla/base/random.hpp"

namespace flotilla::resilience {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint zero{1h};

RateLimiterConfig two_a_second() {
    return {.limit_for_period = 2, .limit_refresh_period = 1s, .timeout_duration = 500ms};
}

TEST(ResilienceFacts, F29_TheWorkedExampleWithAReservationBelowZero) {
    RateLimiter limiter("x", two_a_second(), zero);
    EXPECT_EQ(limiter.reserve(zero), 0ns);
    EXPECT_EQ(limiter.reserve(zero), 0ns);
    EXPECT_EQ(limiter.reserve(zero + 300ms), std::nullopt) << "700 ms are too long";
    EXPECT_EQ(limiter.refusal().message(), "RateLimiter 'x' does not permit further calls");
    EXPECT_EQ(limiter.available_permissions(zero + 300ms), 0);
    EXPECT_EQ(limiter.reserve(zero + 600ms), 400ms);
    EXPECT_EQ(limiter.available_permissions(zero + 600ms), -1);
    EXPECT_EQ(limiter.available_permissions(zero + 1s), 1);
    EXPECT_EQ(limiter.reserve(zero + 1s), 0ns);
    EXPECT_EQ(limiter.reserve(zero + 1s), std::nullopt);
    EXPECT_EQ(limiter.reserve(zero + 1500ms), 500ms) << "as long as the timeout";
}

TEST(RateLimiter, WaitsForSeveralCyclesWhenItMust) {
    auto config = two_a_second();
    config.timeout_duration = 10s;
    RateLimiter limiter("x", config, zero);
    EXPECT_EQ(limiter.reserve(zero, 2), 0ns);
    EXPECT_EQ(limiter.reserve(zero + 250ms, 5), 2750ms) << "two cycles more than the next one";
    EXPECT_EQ(limiter.available_permissions(zero + 250ms), -5);
    EXPECT_EQ(limiter.available_permissions(zero + 3s), 1);
    EXPECT_EQ(limiter.reserve_within(1s, zero + 3s, 2), 1s);
}

TEST(RateLimiter, DrainsToZeroAndKeepsDebts) {
    RateLimiter limiter("x", two_a_second(), zero);
    std::vector<EventType> events;
    limiter.events().subscribe([&](const Event& event) { events.push_back(event.type); });
    limiter.drain_permissions(zero);
    EXPECT_EQ(limiter.available_permissions(zero), 0);
    EXPECT_EQ(limiter.reserve(zero + 900ms), 100ms);
    limiter.drain_permissions(zero + 900ms);
    EXPECT_EQ(limiter.available_permissions(zero + 900ms), -1);
    EXPECT_EQ(limiter.available_permissions(zero + 1s), 1);
    EXPECT_THAT(
        events, testing::ElementsAre(EventType::drained, EventType::successful_acquire, EventType::drained)
    );
}

TEST(RateLimiter, ANewLimitHoldsFromTheNextRefill) {
    RateLimiter limiter("x", two_a_second(), zero);
    limiter.change_limit_for_period(10);
    EXPECT_EQ(limiter.available_permissions(zero), 2);
    EXPECT_EQ(limiter.available_permissions(zero + 1s), 10);
}

TEST(RateLimiter, ANewLimitDoesNotRefillACycleInWhichSomebodyWasRefused) {
    RateLimiter limiter("x", two_a_second(), zero);
    EXPECT_EQ(limiter.reserve(zero + 1s, 2), 0ns);
    EXPECT_EQ(limiter.reserve(zero + 2s, 3), std::nullopt);
    limiter.change_limit_for_period(10);
    EXPECT_EQ(limiter.available_permissions(zero + 2s), 2);
    EXPECT_EQ(limiter.available_permissions(zero + 3s), 10);
}

TEST(RateLimiter, ShortPeriodsDoNotOverflowAndRestForYears) {
    RateLimiter limiter("x", {}, zero);
    EXPECT_EQ(limiter.reserve(zero, 50), 0ns);
    EXPECT_EQ(limiter.reserve(zero + 100ns), 400ns);
    for (const Duration rest : {1s, 3600s, 86'400s, 31'536'000s}) {
        EXPECT_EQ(limiter.available_permissions(zero + rest), 50);
    }
}

TEST(RateLimiter, GcraSpreadsWhatIsMoreThanABurst) {
    RateLimiter limiter(
        "x",
        {.limit_for_period = 10,
         .limit_refresh_period = 1s,
         .timeout_duration = 150ms,
         .algorithm = RateAlgorithm::gcra},
        zero
    );
    EXPECT_EQ(limiter.available_permissions(zero), 10);
    for (int call = 0; call < 10; ++call) EXPECT_EQ(limiter.reserve(zero), 0ns);
    EXPECT_EQ(limiter.reserve(zero), 100ms);
    EXPECT_EQ(limiter.available_permissions(zero), -1);
    EXPECT_EQ(limiter.reserve(zero), std::nullopt);
    EXPECT_EQ(limiter.reserve(zero + 100ms), 100ms);
    EXPECT_EQ(limiter.available_permissions(zero + 5s), 10);
    limiter.drain_permissions(zero + 5s);
    EXPECT_EQ(limiter.available_permissions(zero + 5s), 0);
    EXPECT_EQ(limiter.reserve(zero + 5s), 100ms);
}

/// Whatever the order of callers, no window of a period has more than the burst and one period's permits.
TEST(RateLimiter, GcraNeverExceedsBurstAndRate) {
    Random random(5);
    RateLimiter limiter(
        "x",
        {.limit_for_period = 20,
         .limit_refresh_period = 1s,
         .timeout_duration = 2s,
         .algorithm = RateAlgorithm::gcra},
        zero
    );
    std::vector<TimePoint> passes;
    TimePoint now = zero;
    for (int call = 0; call < 20'000; ++call) {
        now += Duration(random.below(60'000'000));
        if (const auto wait = limiter.reserve(now)) passes.push_back(now + *wait);
    }
    std::sort(passes.begin(), passes.end());
    std::size_t first = 0;
    for (std::size_t last = 0; last < passes.size(); ++last) {
        while (passes[last] - passes[first] >= 1s) ++first;
        ASSERT_LE(last - first + 1, 40U);
    }
}

TEST(RateLimiter, ThreadsShareOnePeriodExactly) {
    for (const auto algorithm : {RateAlgorithm::cycle, RateAlgorithm::gcra}) {
        RateLimiter limiter(
            "x",
            {.limit_for_period = 1000,
             .limit_refresh_period = 1s,
             .timeout_duration = 0s,
             .algorithm = algorithm},
            zero
        );
        std::atomic<int> passed{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                for (int call = 0; call < 1000; ++call) passed += limiter.reserve(zero + 1us) ? 1 : 0;
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(passed.load(), 1000);
    }
}

}  // namespace

}  // namespace flotilla::resilience
