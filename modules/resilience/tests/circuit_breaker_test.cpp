#include "flotilla/resilience/circuit_breaker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "breaker_fixture.hpp"

namespace flotilla::resilience {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum BreakerState;

CircuitBreakerConfig counting(std::uint32_t size, std::uint32_t minimum, float threshold = 50) {
    return {
        .failure_rate_threshold = threshold, .sliding_window_size = size, .minimum_number_of_calls = minimum
    };
}

CircuitBreakerConfig opening_at_once(Duration wait = 1s) {
    auto config = counting(1, 1);
    config.wait_in_open_state = Backoff::fixed(wait);
    return config;
}

struct Counted final : CallObserver {
    void call_ended(CallKind kind, TimePoint, Duration) noexcept override {
        ++counts[static_cast<std::size_t>(kind)];
    }

    [[nodiscard]] int of(CallKind kind) const { return counts[static_cast<std::size_t>(kind)]; }

    std::array<int, 5> counts{};
};

TEST(ResilienceFacts, F03_AMinimumAboveTheWindowIsTheWindow) {
    Watched watched(counting(5, 10));
    for (int call = 1; call <= 4; ++call) {
        watched.fail();
        EXPECT_EQ(watched.state(), closed);
        EXPECT_EQ(watched.metrics().failure_rate, -1.0F);
    }
    watched.fail();
    EXPECT_EQ(watched.state(), open);
}

TEST(ResilienceFacts, F04_TheMinimumOfATimeWindowIsNotClamped) {
    auto config = counting(2, 100);
    config.sliding_window_type = SlidingWindowType::time_based;
    Watched watched(config);
    for (int call = 1; call <= 99; ++call) watched.fail();
    EXPECT_EQ(watched.state(), closed);
    watched.fail();
    EXPECT_EQ(watched.state(), open);
}

TEST(ResilienceFacts, F05_ARateEqualToTheThresholdTrips) {
    Watched watched(counting(10, 10));
    for (int call = 0; call < 5; ++call) watched.succeed();
    for (int call = 0; call < 4; ++call) watched.fail();
    EXPECT_EQ(watched.state(), closed);
    watched.fail();
    EXPECT_EQ(watched.state(), open);
    EXPECT_EQ(watched.metrics().failure_rate, 50.0F);
}

TEST(CircuitBreaker, ComparesRatesInSinglePrecision) {
    Watched trips(counting(3, 3, 33.333332F));
    Watched stays(counting(3, 3, 33.333336F));
    for (Watched* watched : {&trips, &stays}) {
        watched->fail();
        watched->succeed();
        watched->succeed();
    }
    EXPECT_EQ(trips.state(), open);
    EXPECT_EQ(stays.state(), closed);
}

TEST(ResilienceFacts, F06_ACallOfExactlyTheThresholdIsNotSlow) {
    auto config = counting(10, 10);
    config.slow_call_duration_threshold = 10ms;
    Watched watched(config);
    watched.succeed(10ms);
    EXPECT_EQ(watched.metrics().slow_calls, 0U);
    watched.succeed(10ms + 1ns);
    EXPECT_EQ(watched.metrics().slow_calls, 1U);
    watched.fail(11ms);
    const BreakerMetrics metrics = watched.metrics();
    EXPECT_EQ(metrics.slow_calls, 2U);
    EXPECT_EQ(metrics.slow_failed_calls, 1U);
    EXPECT_EQ(metrics.slow_successful_calls(), 1U);
}

TEST(ResilienceFacts, F07_AHundredSlowSuccessesOpen) {
    CircuitBreakerConfig config;
    config.slow_call_duration_threshold = 10ms;
    Watched watched(config);
    for (int call = 0; call < 99; ++call) watched.succeed(20ms);
    EXPECT_EQ(watched.state(), closed);
    watched.take_events();
    watched.succeed(20ms);
    EXPECT_EQ(watched.state(), open);
    EXPECT_THAT(watched.events, ElementsAre("SUCCESS", "SLOW_CALL_RATE_EXCEEDED", "CLOSED_TO_OPEN"));
    EXPECT_EQ(watched.metrics().slow_call_rate, 100.0F);
    EXPECT_EQ(watched.metrics().failure_rate, 0.0F);
}

TEST(ResilienceFacts, F08_AtTheEndOfTheWaitRefusedANanosecondLaterAdmitted) {
    Watched watched(opening_at_once(30s));
    watched.fail();
    watched.clock.advance(30s);
    EXPECT_FALSE(watched.acquire());
    EXPECT_EQ(watched.breaker.time_left(watched.clock.now()), Duration::zero());
    watched.clock.advance(1ns);
    EXPECT_TRUE(watched.acquire());
    EXPECT_EQ(watched.state(), half_open);
}

TEST(ResilienceFacts, F09_WithoutTheAutomaticTransitionOnlyACallEndsOpen) {
    Watched manual(opening_at_once(5s));
    manual.fail();
    EXPECT_FALSE(manual.breaker.timer());
    manual.clock.advance(1h);
    EXPECT_EQ(manual.state(), open);

    auto config = opening_at_once(5s);
    config.automatic_transition_from_open_to_half_open_enabled = true;
    Watched automatic(config);
    automatic.fail();
    EXPECT_EQ(automatic.breaker.timer(), automatic.clock.now() + 5s);
    automatic.clock.advance(5s - 1ns);
    EXPECT_EQ(automatic.state(), open);
    automatic.clock.advance(1ns);
    EXPECT_EQ(automatic.state(), half_open);
    for (int probe = 0; probe < 10; ++probe) automatic.succeed();
    EXPECT_EQ(automatic.state(), closed);
}

TEST(ResilienceFacts, F11_HalfOpenDecidesWhenTheMinimumIsReached) {
    auto config = counting(3, 3);
    config.wait_in_open_state = Backoff::fixed(1s);
    Watched watched(config);
    for (int call = 0; call < 3; ++call) watched.fail();
    watched.clock.advance(1001ms);
    watched.succeed();
    watched.succeed();
    EXPECT_EQ(watched.state(), half_open);
    watched.succeed();
    EXPECT_EQ(watched.state(), closed);
}

TEST(ResilienceFacts, F12_IgnoredErrorsGiveTheirProbesBack) {
    auto config = opening_at_once();
    config.permitted_number_of_calls_in_half_open_state = 1;
    config.errors.ignored = *ErrorMatcher::of({"http.4xx", "not_found"});
    Watched watched(config);
    watched.fail();
    watched.clock.advance(1001ms);
    for (int probe = 0; probe < 10; ++probe) {
        EXPECT_TRUE(watched.fail_with(Error(Errc::not_found)));
        EXPECT_EQ(watched.state(), half_open);
    }
    EXPECT_EQ(watched.metrics().buffered_calls, 0U);
    watched.succeed();
    EXPECT_EQ(watched.state(), closed);
}

TEST(CircuitBreaker, APermitThatIsDroppedIsGivenBack) {
    auto config = opening_at_once();
    config.permitted_number_of_calls_in_half_open_state = 1;
    Watched watched(config);
    watched.fail();
    watched.clock.advance(1001ms);
    {
        auto cancelled = watched.acquire();
        EXPECT_TRUE(cancelled);
        EXPECT_FALSE(watched.acquire());
    }
    EXPECT_TRUE(watched.succeed());
    EXPECT_EQ(watched.state(), closed);
}

TEST(ResilienceFacts, F13_AnErrorOfNeitherListIsASuccess) {
    auto config = counting(2, 2);
    config.errors.recorded = *ErrorMatcher::of({"timed_out"});
    Watched watched(config);
    watched.fail_with(Error(Errc::malformed));
    EXPECT_THAT(watched.take_events(), ElementsAre("SUCCESS"));
    EXPECT_EQ(watched.metrics().successful_calls(), 1U);
    watched.fail_with(Error(Errc::timed_out));
    EXPECT_EQ(watched.metrics().failed_calls, 1U);
}

TEST(ResilienceFacts, F14_IgnoreBeatsRecord) {
    auto config = counting(2, 2);
    config.errors.recorded = *ErrorMatcher::of({"*"});
    config.errors.ignored = *ErrorMatcher::of({"timed_out"});
    Watched watched(config);
    watched.fail_with(Error(Errc::timed_out));
    EXPECT_THAT(watched.take_events(), ElementsAre("IGNORED_ERROR"));
    EXPECT_EQ(watched.metrics().buffered_calls, 0U);
}

TEST(ResilienceFacts, F15_AnAnswerCanBeAFailure) {
    auto config = counting(2, 2);
    config.recorded_results = *ErrorMatcher::of({"http.5xx"});
    Watched watched(config);
    std::string message;
    watched.breaker.events().subscribe(EventType::error, [&](const Event& event) {
        message = event.message;
    });
    for (const int status : {503, 500}) {
        auto permit = watched.acquire();
        ASSERT_TRUE(watched.breaker.config().recorded_results.matches("http", status));
        permit.failed_with(watched.clock.now(), std::to_string(status));
        EXPECT_EQ(message, "CircuitBreaker 'x' has recorded '" + std::to_string(status) + "' as a failure");
    }
    EXPECT_FALSE(watched.breaker.config().recorded_results.matches("http", 404));
    EXPECT_EQ(watched.state(), open);
}

TEST(ResilienceFacts, F16_ProbesThatNeverReturnDoNotHoldTheBreakerInHalfOpen) {
    for (const BreakerState after : {open, closed}) {
        auto config = opening_at_once();
        config.max_wait_duration_in_half_open_state = 1s;
        config.transition_to_state_after_wait_duration = after;
        Watched watched(config);
        watched.fail();
        watched.clock.advance(1001ms);
        auto hanging = watched.acquire();
        EXPECT_EQ(watched.breaker.timer(), watched.clock.now() + 1s);
        watched.clock.advance(1s - 1ns);
        EXPECT_EQ(watched.state(), half_open);
        watched.clock.advance(1ns);
        EXPECT_EQ(watched.state(), after);
        hanging.succeeded(watched.clock.now());
        EXPECT_EQ(watched.metrics().buffered_calls, 0U);
    }
}

TEST(CircuitBreaker, TimersThatAreLookedAtLateActAsOfTheirTime) {
    auto config = opening_at_once();
    config.automatic_transition_from_open_to_half_open_enabled = true;
    config.max_wait_duration_in_half_open_state = 2s;
    Watched watched(config);
    watched.fail();
    const TimePoint opened = watched.clock.now();
    watched.take_events();
    watched.clock.advance(3500ms);  // half-open at 1 s, open at 3 s
    EXPECT_EQ(watched.state(), open);
    EXPECT_THAT(watched.events, ElementsAre("OPEN_TO_HALF_OPEN", "HALF_OPEN_TO_OPEN"));
    EXPECT_EQ(watched.breaker.timer(), opened + 4s);
}

TEST(ResilienceFacts, F17_ACallFromBeforeIsNoProbeUnlessAskedFor) {
    for (const LateResults late : {LateResults::ignore, LateResults::record}) {
        auto config = opening_at_once();
        config.late_results = late;
        Watched watched(config);
        auto counted = std::make_shared<Counted>();
        watched.breaker.observe(counted);
        auto slow = watched.acquire();
        watched.fail();
        watched.clock.advance(1001ms);
        auto probe = watched.acquire();
        ASSERT_EQ(watched.state(), half_open);
        slow.failed(watched.clock.now(), some_error());
        const bool recorded = late == LateResults::record;
        EXPECT_EQ(watched.state(), recorded ? open : half_open);
        EXPECT_EQ(watched.metrics().failed_calls, recorded ? 1U : 0U);
        EXPECT_EQ(counted->of(CallKind::stale), recorded ? 0 : 1);
    }
}

TEST(ResilienceFacts, F18_TheWaitGrowsWithEachFailedProbingAndStartsAnewAfterClosed) {
    auto config = opening_at_once();
    config.wait_in_open_state = Backoff::exponential(1s, 2, 5s);
    config.permitted_number_of_calls_in_half_open_state = 1;
    Watched watched(config);
    watched.fail();
    for (const Duration wait : {1s, 2s, 4s, 5s, 5s}) {
        EXPECT_EQ(watched.breaker.time_left(watched.clock.now()), wait);
        watched.clock.advance(wait + 1ns);
        watched.fail();
    }
    watched.clock.advance(5s + 1ns);
    watched.succeed();
    ASSERT_EQ(watched.state(), closed);
    watched.fail();
    EXPECT_EQ(watched.breaker.time_left(watched.clock.now()), 1s);
}

TEST(CircuitBreaker, ARandomWaitStaysWithinItsFactor) {
    auto config = opening_at_once();
    config.wait_in_open_state = {.initial = 1000ms, .random_factor = 0.5};
    std::set<Duration> waits;
    for (int round = 0; round < 200; ++round) {
        Watched watched(config);
        watched.fail();
        waits.insert(*watched.breaker.time_left(watched.clock.now()));
    }
    EXPECT_GE(*waits.begin(), 500ms);
    EXPECT_LE(*waits.rbegin(), 1500ms);
    EXPECT_GT(waits.size(), 50U);
}

TEST(ResilienceFacts, F19_DisabledLetsAllThroughAndTellsNothing) {
    Watched watched(opening_at_once());
    ASSERT_TRUE(watched.breaker.transition_to(disabled, watched.clock.now()));
    for (int call = 0; call < 1000; ++call) EXPECT_TRUE(watched.fail());
    EXPECT_EQ(watched.metrics().buffered_calls, 0U);
    EXPECT_EQ(watched.metrics().failure_rate, -1.0F);
    ASSERT_TRUE(watched.breaker.transition_to(closed, watched.clock.now()));
    EXPECT_THAT(watched.events, ElementsAre("CLOSED_TO_DISABLED", "DISABLED_TO_CLOSED"));
}

TEST(ResilienceFacts, F20_MetricsOnlyNeverRefusesAndTellsOnceAStay) {
    Watched watched(counting(2, 2));
    ASSERT_TRUE(watched.breaker.transition_to(metrics_only, watched.clock.now()));
    for (int call = 0; call < 10; ++call) EXPECT_TRUE(watched.fail());
    EXPECT_EQ(std::count(watched.events.begin(), watched.events.end(), "FAILURE_RATE_EXCEEDED"), 1);
    EXPECT_EQ(watched.metrics().failure_rate, 100.0F);
    const auto refused = watched.breaker.transition_to(open, watched.clock.now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(
        refused.error().message(),
        "CircuitBreaker 'x' tried an illegal state transition from METRICS_ONLY to OPEN"
    );
    ASSERT_TRUE(watched.breaker.transition_to(metrics_only, watched.clock.now()));
    watched.fail();
    watched.fail();
    EXPECT_EQ(std::count(watched.events.begin(), watched.events.end(), "FAILURE_RATE_EXCEEDED"), 2);
}

TEST(ResilienceFacts, F21_ForcedOpenRefusesAndCounts) {
    Watched watched;
    auto counted = std::make_shared<Counted>();
    watched.breaker.observe(counted);
    ASSERT_TRUE(watched.breaker.transition_to(forced_open, watched.clock.now()));
    for (int call = 0; call < 3; ++call) EXPECT_FALSE(watched.acquire());
    EXPECT_EQ(watched.metrics().not_permitted_calls, 3U);
    EXPECT_EQ(counted->of(CallKind::not_permitted), 3);
    EXPECT_THAT(watched.events, ElementsAre("CLOSED_TO_FORCED_OPEN"));
    EXPECT_EQ(
        watched.breaker.refusal().message(),
        "CircuitBreaker 'x' is FORCED_OPEN and does not permit further calls"
    );
}

TEST(ResilienceFacts, F22_ResetClosesWithAnEmptyWindow) {
    Watched watched(opening_at_once());
    watched.fail();
    watched.take_events();
    watched.breaker.reset(watched.clock.now());
    EXPECT_EQ(watched.state(), closed);
    EXPECT_EQ(watched.metrics().buffered_calls, 0U);
    EXPECT_THAT(watched.take_events(), ElementsAre("OPEN_TO_CLOSED", "RESET"));
    watched.breaker.reset(watched.clock.now());
    EXPECT_THAT(watched.take_events(), ElementsAre("RESET"));
}

TEST(ResilienceFacts, F23_SettingsOutOfRangeNameTheirKey) {
    const auto message = [](auto change) {
        CircuitBreakerConfig config;
        change(config);
        const auto checked = config.check();
        return checked ? std::string() : checked.error().message();
    };
    EXPECT_EQ(
        message([](auto& c) { c.failure_rate_threshold = 0; }),
        "failureRateThreshold must be between 1 and 100."
    );
    EXPECT_EQ(
        message([](auto& c) { c.failure_rate_threshold = 101; }),
        "failureRateThreshold must be between 1 and 100."
    );
    EXPECT_EQ(
        message([](auto& c) { c.sliding_window_size = 0; }),
        "slidingWindowSize must be greater than or equal to 1."
    );
    EXPECT_EQ(
        message([](auto& c) { c.wait_in_open_state.initial = {}; }),
        "waitDurationInOpenState must be greater than or equal to 1 millis."
    );
    EXPECT_EQ(message([](auto&) {}), "");
}

TEST(ResilienceFacts, F27_ATimeLimitIsOneFailureForTheBreaker) {
    Watched watched(counting(2, 2));
    auto permit = watched.acquire();
    watched.clock.advance(4s);
    permit.failed(watched.clock.now(), Error(ResilienceErrc::time_limit_exceeded));
    EXPECT_EQ(watched.metrics().failed_calls, 1U);
}

TEST(ResilienceFacts, F40_TheWallClockMayStepBackByAnHour) {
    auto config = counting(3, 3);
    config.sliding_window_type = SlidingWindowType::time_based;
    Watched watched(config);
    watched.fail();
    watched.succeed();
    watched.clock.set_wall(watched.clock.wall_now() - 1h);
    EXPECT_EQ(watched.state(), closed);
    EXPECT_EQ(watched.metrics().buffered_calls, 2U);
    watched.succeed();
    EXPECT_EQ(watched.metrics().buffered_calls, 3U);
}

TEST(CircuitBreaker, KnowsThirtyThreeLegalTransitions) {
    constexpr std::array all{closed, open, half_open, disabled, forced_open, metrics_only};
    int legal = 0;
    for (const BreakerState from : all) {
        for (const BreakerState to : all) {
            Watched watched({.initial_state = from});
            ASSERT_EQ(watched.breaker.state(), from);
            const auto result = watched.breaker.transition_to(to, watched.clock.now());
            legal += result ? 1 : 0;
            EXPECT_EQ(watched.breaker.state(), result ? to : from);
            EXPECT_EQ(watched.events.size(), result && from != to ? 1U : 0U);
        }
    }
    EXPECT_EQ(legal, 33);
}

TEST(CircuitBreaker, OpeningAgainKeepsTheWindowAndCountsAnAttempt) {
    auto config = counting(2, 2);
    config.wait_in_open_state = Backoff::exponential(1s, 2);
    Watched watched(config);
    watched.fail();
    watched.fail();
    EXPECT_FALSE(watched.acquire());
    watched.clock.advance(500ms);
    ASSERT_TRUE(watched.breaker.transition_to(open, watched.clock.now()));
    EXPECT_EQ(watched.metrics().failed_calls, 2U);
    EXPECT_EQ(watched.metrics().not_permitted_calls, 1U);
    EXPECT_EQ(watched.breaker.time_left(watched.clock.now()), 2s);
    ASSERT_TRUE(watched.breaker.transition_to_open_for(7s, watched.clock.now()));
    EXPECT_EQ(watched.breaker.time_left(watched.clock.now()), 7s);
    ASSERT_TRUE(watched.breaker.transition_to(open, watched.clock.now()));
    EXPECT_EQ(watched.breaker.time_left(watched.clock.now()), 4s);
}

TEST(CircuitBreaker, ATimeWindowOfThreeSecondsForgetsAtTheThird) {
    auto config = counting(3, 1, 100);
    config.sliding_window_type = SlidingWindowType::time_based;
    Watched watched(config);
    watched.succeed();
    watched.at(900ms);
    watched.fail();
    EXPECT_EQ(watched.metrics().buffered_calls, 2U);
    watched.at(2999ms);
    EXPECT_EQ(watched.metrics().failure_rate, 50.0F);
    watched.at(3s);
    EXPECT_EQ(watched.metrics().buffered_calls, 0U);
    EXPECT_EQ(watched.metrics().failure_rate, -1.0F);
    EXPECT_EQ(watched.state(), closed);
}

TEST(CircuitBreaker, ASuccessTripsWhenExpiryHasRaisedTheRate) {
    auto config = counting(2, 2);
    config.sliding_window_type = SlidingWindowType::time_based;
    Watched watched(config);
    for (int call = 0; call < 8; ++call) watched.succeed();
    watched.at(1s);
    watched.fail();
    watched.at(2s);  // the eight are gone
    EXPECT_EQ(watched.state(), closed);
    EXPECT_EQ(watched.metrics().failed_calls, 1U);
    watched.succeed();
    EXPECT_EQ(watched.state(), open);
    EXPECT_EQ(watched.metrics().failure_rate, 50.0F);
}

TEST(CircuitBreaker, AnExceptionIsAFailureAndGoesOn) {
    Watched watched(opening_at_once());
    const auto throwing = []() -> Result<int> { throw std::runtime_error("bug"); };
    EXPECT_THROW(std::ignore = watched.breaker.call(throwing), std::runtime_error);
    EXPECT_EQ(watched.state(), open);
    const auto refused = watched.breaker.call([] { return Result<int>(1); });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ResilienceErrc::call_not_permitted);
    EXPECT_EQ(refused.error().message(), "CircuitBreaker 'x' is OPEN and does not permit further calls");
}

TEST(CircuitBreaker, ACalmWindowIsNotWrittenByFastSuccesses) {
    auto config = counting(4, 4);
    ManualClock clock;
    CircuitBreaker breaker("calm", config, clock);  // without subscribers
    for (int call = 0; call < 1000; ++call) breaker.try_acquire(clock.now()).succeeded(clock.now());
    EXPECT_EQ(breaker.metrics(clock.now()).buffered_calls, 4U);
    breaker.try_acquire(clock.now()).failed(clock.now(), some_error());
    for (int call = 0; call < 3; ++call) breaker.try_acquire(clock.now()).succeeded(clock.now());
    EXPECT_EQ(breaker.metrics(clock.now()).failed_calls, 1U);
    breaker.try_acquire(clock.now()).succeeded(clock.now());
    EXPECT_EQ(breaker.metrics(clock.now()).failed_calls, 0U);
    EXPECT_EQ(breaker.metrics(clock.now()).buffered_calls, 4U);
}

TEST(CircuitBreaker, RatesThroughCallsOfTheSystemsClock) {
    CircuitBreaker breaker("x", counting(2, 2));
    EXPECT_TRUE(breaker.call([] { return Result<void>(); }));
    EXPECT_FALSE(breaker.call([] { return Result<void>(std::unexpected(some_error())); }));
    EXPECT_EQ(breaker.state(), open);
}

}  // namespace

}  // namespace flotilla::resilience
