/// The breaker of the order service, call by call: threshold 4 %, window of 2, wait of 1 s.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "breaker_fixture.hpp"

namespace flotilla::resilience {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CircuitBreakerConfig seeds_config() {
    CircuitBreakerConfig config;
    config.failure_rate_threshold = 4;
    config.wait_in_open_state = Backoff::fixed(1000ms);
    config.sliding_window_type = SlidingWindowType::count_based;
    config.sliding_window_size = 2;
    return config;
}

struct Expected {
    BreakerState state;
    std::uint64_t calls;
    std::uint64_t failed;
    float rate;
};

void expect(Watched& watched, const Expected& expected, const std::vector<std::string>& events) {
    EXPECT_EQ(watched.state(), expected.state);
    const BreakerMetrics metrics = watched.metrics();
    EXPECT_EQ(metrics.buffered_calls, expected.calls);
    EXPECT_EQ(metrics.failed_calls, expected.failed);
    EXPECT_EQ(metrics.failure_rate, expected.rate);
    EXPECT_EQ(watched.take_events(), events);
}

using enum BreakerState;

TEST(ResilienceFacts, F01_TheSeedsBreakerGoesThroughItsTwentySevenRows) {
    Watched watched(seeds_config());
    const auto row = [&](int number, Duration at) {
        watched.at(at);
        return testing::ScopedTrace(__FILE__, __LINE__, "row " + std::to_string(number));
    };
    {
        const auto trace = row(1, 0ms);
        EXPECT_TRUE(watched.fail(3ms));
        expect(watched, {closed, 1, 1, -1}, {"ERROR"});
    }
    {
        const auto trace = row(2, 100ms);
        EXPECT_TRUE(watched.fail(3ms));
        expect(watched, {open, 2, 2, 100}, {"ERROR", "FAILURE_RATE_EXCEEDED", "CLOSED_TO_OPEN"});
    }
    for (const auto& [number, at] : {std::pair{3, 200ms}, {4, 1100ms}}) {
        const auto trace = row(number, at);
        EXPECT_FALSE(watched.succeed());
        expect(watched, {open, 2, 2, 100}, {"NOT_PERMITTED"});
    }
    {
        const auto trace = row(5, 1101ms);
        EXPECT_TRUE(watched.fail());
        expect(watched, {half_open, 1, 1, -1}, {"OPEN_TO_HALF_OPEN", "ERROR"});
    }
    for (int number = 6; number <= 13; ++number) {
        const auto trace = row(number, 1100ms + (number - 4) * 50ms);
        EXPECT_TRUE(watched.fail());
        const auto probes = static_cast<std::uint64_t>(number - 4);
        expect(watched, {half_open, probes, probes, -1}, {"ERROR"});
    }
    {
        const auto trace = row(14, 2000ms);
        EXPECT_TRUE(watched.fail());
        expect(watched, {open, 10, 10, 100}, {"ERROR", "HALF_OPEN_TO_OPEN"});
    }
    for (const Duration at : {2500ms, 3000ms}) {
        const auto trace = row(15, at);
        EXPECT_FALSE(watched.succeed());
        expect(watched, {open, 10, 10, 100}, {"NOT_PERMITTED"});
    }
    {
        const auto trace = row(16, 3001ms);
        EXPECT_TRUE(watched.succeed());
        expect(watched, {half_open, 1, 0, -1}, {"OPEN_TO_HALF_OPEN", "SUCCESS"});
    }
    for (int number = 17; number <= 24; ++number) {
        const auto trace = row(number, 3001ms + (number - 16) * 10ms);
        EXPECT_TRUE(watched.succeed());
        expect(watched, {half_open, static_cast<std::uint64_t>(number - 15), 0, -1}, {"SUCCESS"});
    }
    {
        const auto trace = row(25, 3200ms);
        EXPECT_TRUE(watched.succeed());
        expect(watched, {closed, 0, 0, -1}, {"SUCCESS", "HALF_OPEN_TO_CLOSED"});
    }
    {
        const auto trace = row(26, 3300ms);
        EXPECT_TRUE(watched.succeed());
        expect(watched, {closed, 1, 0, -1}, {"SUCCESS"});
    }
    {
        const auto trace = row(27, 3400ms);
        EXPECT_TRUE(watched.fail());
        expect(watched, {open, 2, 1, 50}, {"ERROR", "FAILURE_RATE_EXCEEDED", "CLOSED_TO_OPEN"});
    }
}

TEST(ResilienceFacts, F02_AFailureThenASuccessOpensOnTheSuccessfulCallWhoseAnswerIsDelivered) {
    Watched watched(seeds_config());
    ASSERT_TRUE(watched.fail());
    const Result<int> answer = watched.breaker.call([] { return Result<int>(42); });
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(*answer, 42);
    EXPECT_EQ(watched.state(), open);
    EXPECT_EQ(watched.metrics().failure_rate, 50.0F);
}

TEST(SeedsBreaker, OneFailureAmongTenProbesOpensAgain) {
    Watched watched(seeds_config());
    watched.fail();
    watched.fail();
    watched.clock.advance(1001ms);
    for (int probe = 0; probe < 9; ++probe) EXPECT_TRUE(watched.succeed());
    EXPECT_TRUE(watched.fail());
    EXPECT_EQ(watched.state(), open);
    EXPECT_EQ(watched.metrics().failure_rate, 10.0F);
}

TEST(SeedsBreaker, TheEleventhCallBesideTenProbesIsRefusedAsHalfOpen) {
    Watched watched(seeds_config());
    watched.fail();
    watched.fail();
    watched.clock.advance(1001ms);
    std::vector<CircuitBreaker::Permit> probes;
    for (int probe = 0; probe < 10; ++probe) probes.push_back(watched.acquire());
    for (const auto& probe : probes) EXPECT_TRUE(probe);
    EXPECT_FALSE(watched.acquire());
    EXPECT_EQ(
        watched.breaker.refusal().message(),
        "CircuitBreaker 'x' is HALF_OPEN and does not permit further calls"
    );
}

TEST(SeedsBreaker, TheOtherTwoBreakersOpenOnAnyFailureInTheirLastThreeAndFour) {
    for (const auto& [threshold, size] : {std::pair{6.0F, 3U}, {8.0F, 4U}}) {
        CircuitBreakerConfig config = seeds_config();
        config.failure_rate_threshold = threshold;
        config.sliding_window_size = size;
        Watched watched(config);
        watched.fail();
        for (std::uint32_t call = 1; call < size; ++call) {
            EXPECT_EQ(watched.state(), closed);
            watched.succeed();
        }
        EXPECT_EQ(watched.state(), open);
    }
}

}  // namespace

}  // namespace flotilla::resilience
