#include "flotilla/resilience/retry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "breaker_fixture.hpp"

namespace flotilla::resilience {

namespace {

using testing::ElementsAre;

const TimePoint now = t_zero;

struct WatchedRetry {
    explicit WatchedRetry(RetryConfig config = {}) : retry("x", std::move(config)) {
        retry.events().subscribe([this](const Event& event) {
            events.push_back(std::string(to_string(event.type)) + " " + std::to_string(event.attempts));
        });
    }

    Retry retry;
    std::vector<std::string> events;
};

TEST(ResilienceFacts, F24_ThreeAttemptsWaitTwiceAndASuccessOnTheThirdCounts) {
    WatchedRetry watched;
    auto attempts = watched.retry.start();
    EXPECT_EQ(attempts.failed(some_error(), now), 500ms);
    EXPECT_EQ(attempts.failed(some_error(), now), 500ms);
    EXPECT_EQ(attempts.succeeded(now), std::nullopt);
    EXPECT_EQ(watched.retry.counts().successful_with_retry, 1U);
    EXPECT_EQ(watched.retry.counts().failed_with_retry, 0U);
    EXPECT_THAT(watched.events, ElementsAre("RETRY 1", "RETRY 2", "SUCCESS 2"));
}

TEST(ResilienceFacts, F25_RandomExponentialWaitsStayWithinTheirBounds) {
    RetryConfig config;
    config.wait = {.initial = 100ms, .multiplier = 2, .random_factor = 0.5};
    WatchedRetry watched(config);
    Random random(7);
    for (int call = 0; call < 1000; ++call) {
        auto attempts = watched.retry.start();
        const Duration first = *attempts.failed(some_error(), now, random);
        const Duration second = *attempts.failed(some_error(), now, random);
        EXPECT_TRUE(first >= 50ms && first <= 150ms) << first.count();
        EXPECT_TRUE(second >= 100ms && second <= 300ms) << second.count();
    }
}

TEST(ResilienceFacts, F26_ABadResultToTheEndIsAnErrorWhenAskedFor) {
    RetryConfig config;
    config.fail_after_max_attempts = true;
    config.retried_results = *ErrorMatcher::of({"http.503"});
    WatchedRetry watched(config);
    EXPECT_TRUE(watched.retry.config().retried_results.matches("http", 503));
    auto attempts = watched.retry.start();
    EXPECT_EQ(attempts.bad_result(now), 500ms);
    EXPECT_EQ(attempts.bad_result(now), 500ms);
    EXPECT_EQ(attempts.bad_result(now), std::nullopt);
    EXPECT_TRUE(attempts.exhausted());
    EXPECT_EQ(watched.retry.exhausted().message(), "Retry 'x' has exhausted all attempts (3)");
    EXPECT_EQ(watched.retry.counts().failed_with_retry, 1U);
    EXPECT_THAT(watched.events, ElementsAre("RETRY 1", "RETRY 2", "ERROR 3"));
}

TEST(ResilienceFacts, F30_ARefusalOfTheBreakerIsNotTriedAgainUnlessAskedFor) {
    for (const bool retried : {false, true}) {
        RetryConfig config;
        config.retry_not_permitted = retried;
        WatchedRetry watched(config);
        Watched target;
        ASSERT_TRUE(target.breaker.transition_to(BreakerState::forced_open, now));
        auto attempts = watched.retry.start();
        do {
            EXPECT_FALSE(target.acquire());
        } while (attempts.failed(target.breaker.refusal(), now));
        EXPECT_EQ(target.metrics().not_permitted_calls, retried ? 3U : 1U);
        EXPECT_EQ(watched.retry.counts().failed_without_retry, retried ? 0U : 1U);
    }
}

TEST(ResilienceFacts, F36_AmongAHundredFailingCallsAtMostTwentyRetriesRunAtOnce) {
    WatchedRetry watched;
    RetryBudget budget;
    std::vector<Retry::Attempts> calls;
    for (int call = 0; call < 100; ++call) calls.push_back(watched.retry.start(&budget));
    std::size_t retrying = 0;
    for (auto& call : calls) retrying += call.failed(some_error(), now) ? 1 : 0;
    EXPECT_EQ(retrying, 20U);
    EXPECT_EQ(budget.retries(), 20U);
    EXPECT_EQ(budget.refused(), 80U);
    // The retries end: their places are free again.
    for (auto& call : calls) {
        if (call.failures() == 1 && budget.retries() > 0) std::ignore = call.succeeded(now);
    }
    calls.clear();
    EXPECT_EQ(budget.retries(), 0U);
    EXPECT_EQ(budget.calls(), 0U);
    EXPECT_EQ(budget.limit(), 3U);
}

TEST(Retry, CountsWithoutRetryWhatWasNoErrorToRetryEvenOnTheSecondAttempt) {
    RetryConfig config;
    config.retried = *ErrorMatcher::of({"refused", "timed_out"});
    config.ignored = *ErrorMatcher::of({"timed_out"});
    WatchedRetry watched(config);
    auto attempts = watched.retry.start();
    EXPECT_EQ(attempts.failed(Error(Errc::refused), now), 500ms);
    EXPECT_EQ(attempts.failed(Error(Errc::timed_out), now), std::nullopt);
    EXPECT_EQ(watched.retry.counts().failed_without_retry, 1U);
    EXPECT_THAT(watched.events, ElementsAre("RETRY 1", "IGNORED_ERROR 1"));
    auto other = watched.retry.start();
    EXPECT_EQ(other.failed(Error(Errc::malformed), now), std::nullopt);
}

TEST(Retry, CountsASingleFailedAttemptAsFailedWithRetry) {
    WatchedRetry watched({.max_attempts = 1});
    EXPECT_EQ(watched.retry.start().failed(some_error(), now), std::nullopt);
    EXPECT_EQ(watched.retry.counts().failed_with_retry, 1U);
    std::ignore = watched.retry.start().succeeded(now);
    EXPECT_EQ(watched.retry.counts().successful_without_retry, 1U);
}

TEST(Retry, DoesNotWaitForAnAttemptThatCannotEndInTime) {
    WatchedRetry watched;
    auto attempts = watched.retry.start(nullptr, Deadline(now + 600ms));
    EXPECT_EQ(attempts.failed(some_error(), now), 500ms);
    EXPECT_EQ(attempts.failed(some_error(), now + 500ms), std::nullopt);
}

TEST(Retry, AnIntervalOfNothingEndsItWithoutACount) {
    RetryConfig config;
    config.interval = [](std::uint32_t attempt, const Error*) {
        return attempt == 1 ? std::optional<Duration>(7ms) : std::nullopt;
    };
    WatchedRetry watched(config);
    auto attempts = watched.retry.start();
    EXPECT_EQ(attempts.failed(some_error(), now), 7ms);
    EXPECT_EQ(attempts.failed(some_error(), now), std::nullopt);
    EXPECT_EQ(watched.retry.counts().failed_with_retry, 0U);
    EXPECT_THAT(watched.events, ElementsAre("RETRY 1", "ERROR 2"));
}

TEST(Retry, NeverRetriesWhatWasCancelled) {
    WatchedRetry watched;
    EXPECT_EQ(watched.retry.start().failed(Error(Errc::cancelled), now), std::nullopt);
}

TEST(Backoff, CutsEachStepToWholeMillisecondsAndCapsAfterTheDice) {
    Random random(3);
    const Backoff steps = Backoff::exponential(7ms, 1.5);
    EXPECT_EQ(steps.wait(1, random), 7ms);
    EXPECT_EQ(steps.wait(2, random), 10ms);
    EXPECT_EQ(steps.wait(3, random), 15ms);
    EXPECT_EQ(steps.wait(4, random), 22ms);
    EXPECT_GT(steps.wait(4'000'000'000, random), 24h * 365);
    const Backoff capped{.initial = 1000ms, .multiplier = 2, .maximum = 1200ms, .random_factor = 0.5};
    for (std::uint32_t attempt = 1; attempt < 100; ++attempt) {
        EXPECT_LE(capped.wait(attempt, random), 1200ms);
    }
}

}  // namespace

}  // namespace flotilla::resilience
