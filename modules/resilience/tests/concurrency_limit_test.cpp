#include "flotilla/resilience/concurrency_limit.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "flotilla/resilience/adaptive_limiter.hpp"
#include "flotilla/resilience/errors.hpp"

namespace flotilla::resilience {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint zero{1h};

TEST(ResilienceFacts, F35_AimdComesDownByTheRatioAndNotBelowItsMinimum) {
    Random random(1);
    AimdLimit low;
    EXPECT_EQ(low.update({1ms, 20, true}, random), 20);
    AimdLimit high({.initial_limit = 100});
    EXPECT_EQ(high.update({1ms, 100, true}, random), 90);
    EXPECT_EQ(high.update({6s, 10, false}, random), 81) << "as slow as a drop";
    EXPECT_EQ(high.update({1ms, 41, false}, random), 82);
    EXPECT_EQ(high.update({1ms, 40, false}, random), 82) << "half of it is not used";
}

TEST(ResilienceFacts, F35_Gradient2AtASteadyTimeGrowsByItsSmoothedQueue) {
    Random random(1);
    Gradient2Limit limit({.initial_limit = 50});
    for (int window = 1; window <= 10; ++window) {
        EXPECT_EQ(limit.update({10ms, 50, false}, random), static_cast<int>(50 + 0.8 * window));
    }
    // Five times as slow: the gradient is 1.5 / 5, bounded by a half; (0.8 + 0.2 * 0.5) * 58 + 0.8
    EXPECT_EQ(limit.update({50ms, 58, false}, random), 53);
}

TEST(ResilienceFacts, F35_VegasWithoutAQueueGrowsByBeta) {
    Random random(1);
    VegasLimit limit;
    EXPECT_EQ(limit.update({10ms, 20, false}, random), 20) << "the first sample sets the base";
    EXPECT_EQ(limit.update({10ms, 20, false}, random), 26);
    EXPECT_EQ(limit.update({10ms, 26, false}, random), 32);
    EXPECT_EQ(limit.update({10ms, 1, false}, random), 32) << "the callers are the limit";
    EXPECT_EQ(limit.update({10ms, 32, true}, random), 31);
    EXPECT_EQ(limit.update({20ms, 31, false}, random), 30) << "a queue of 16";
    EXPECT_EQ(limit.update({5ms, 30, true}, random), 30) << "a new base changes no limit";
    EXPECT_EQ(limit.rtt_no_load(), 5ms);
}

TEST(ConcurrencyLimit, EnvoysGradientMeasuresAMinimumAndGrowsByTheRoot) {
    Random random(1);
    EnvoyGradientLimit limit({.initial_limit = 100, .measuring_samples = 3, .remeasure_after = 10});
    EXPECT_EQ(limit.limit(), 3);
    limit.update({12ms, 3, false}, random);
    limit.update({10ms, 3, false}, random);
    EXPECT_EQ(limit.update({11ms, 3, false}, random), 123) << "a gradient of 12.5 / 11, and the root";
    EXPECT_LT(limit.update({100ms, 100, false}, random), 100);
    for (int window = 0; window < 20 && limit.limit() != 3; ++window) limit.update({10ms, 9, false}, random);
    EXPECT_EQ(limit.limit(), 3) << "measured anew";
}

TEST(AdaptiveLimiter, FollowsItsAlgorithmSampleBySample) {
    AdaptiveLimiter limiter("x", {.limit = AimdLimit({.initial_limit = 2, .min_limit = 1}), .window = {}});
    auto one = limiter.acquire(zero);
    auto two = limiter.acquire(zero);
    EXPECT_FALSE(limiter.acquire(zero));
    EXPECT_EQ(limiter.refused(), 1U);
    EXPECT_EQ(limiter.refusal().code(), ResilienceErrc::concurrency_limit_exceeded);
    one.succeeded(zero + 1ms);
    EXPECT_EQ(limiter.limit(), 3);
    two.dropped(zero + 1ms);
    EXPECT_EQ(limiter.limit(), 2);
    limiter.acquire(zero).ignored();
    EXPECT_EQ(limiter.limit(), 2);
    EXPECT_EQ(limiter.inflight(), 0);
}

TEST(AdaptiveLimiter, AWindowNeedsTenSamplesAndCountsNoneThatAreTooShort) {
    AdaptiveLimiter limiter("x", {.limit = AimdLimit({.initial_limit = 100}), .window = LimitWindow{}});
    const auto samples = [&](int count, TimePoint at, Duration rtt) {
        for (int i = 0; i < count; ++i) limiter.acquire(at - rtt).dropped(at);
    };
    samples(9, zero, 1ms);
    samples(100, zero, 50us);
    EXPECT_EQ(limiter.limit(), 100);
    samples(1, zero + 1100ms, 1ms);  // the tenth, after the end of the window
    EXPECT_EQ(limiter.limit(), 90);
    samples(5, zero + 2s, 1ms);
    samples(1, zero + 2200ms, 1ms);
    EXPECT_EQ(limiter.limit(), 90) << "six are thrown away";
}

TEST(AdaptiveLimiter, APartitionHasItsShareEvenWhenAllElseIsTaken) {
    AdaptiveLimiter limiter("x", {.limit = FixedLimit(10), .partitions = {{"live", 0.8}, {"batch", 0.2}}});
    std::vector<AdaptiveLimiter::Call> calls;
    for (int i = 0; i < 10; ++i) calls.push_back(limiter.acquire(zero, "batch"));
    EXPECT_TRUE(calls.back()) << "nobody else wants it";
    EXPECT_FALSE(limiter.acquire(zero, "batch"));
    EXPECT_FALSE(limiter.acquire(zero, "unknown"));
    for (int i = 0; i < 8; ++i) {
        calls.push_back(limiter.acquire(zero, "live"));
        EXPECT_TRUE(calls.back());
    }
    EXPECT_FALSE(limiter.acquire(zero, "live"));
}

TEST(AdaptiveLimiter, ThreadsNeverExceedTheLimit) {
    AdaptiveLimiter limiter("x", {.limit = FixedLimit(4), .window = {}});
    std::atomic<bool> exceeded{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int call = 0; call < 3000; ++call) {
                auto admitted = limiter.acquire(zero);
                if (limiter.inflight() > 4) exceeded = true;
                if (admitted) admitted.succeeded(zero + 1ms);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_FALSE(exceeded);
    EXPECT_EQ(limiter.inflight(), 0);
}

}  // namespace

}  // namespace flotilla::resilience
