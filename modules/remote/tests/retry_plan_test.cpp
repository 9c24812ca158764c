#include "retry_plan.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;

const CallError refused(ErrorKind::connect, "connection refused");

/// Which instance each attempt goes to: A, then the next one each time.
std::string order_of(RetryPlan plan, const CallError& failure) {
    Random random(1);
    std::string order = "A";
    char instance = 'A';
    while (const auto next = plan.after(failure, random)) {
        if (!next->same_instance) ++instance;
        order.push_back(instance);
        if (order.size() > 20) break;
    }
    return order;
}

std::vector<Duration> waits_of(RetryPlan plan, const CallError& failure) {
    Random random(1);
    std::vector<Duration> waits;
    while (const auto next = plan.after(failure, random)) waits.push_back(next->wait);
    return waits;
}

TEST(RetryPlans, AFailingGetIsTriedAtTwoInstancesByDefault) {
    const BalancerRetrySettings settings;
    EXPECT_EQ(order_of(RetryPlan::balancer(settings, true, false), refused), "AB");
    EXPECT_EQ(order_of(RetryPlan::balancer(settings, true, false), CallError(ErrorKind::timeout, "")), "AB");
    EXPECT_EQ(order_of(RetryPlan::balancer(settings, true, false), CallError(ErrorKind::reset, "")), "AB");
}

TEST(ClientFacts, F03_APostIsTriedOnceUnlessItHasAKey) {
    const BalancerRetrySettings settings;
    EXPECT_EQ(order_of(RetryPlan::balancer(settings, false, false), refused), "A");
    EXPECT_EQ(order_of(RetryPlan::balancer(settings, false, true), refused), "AB");
    EXPECT_EQ(order_of(RetryPlan::balancer({.retry_on_all_operations = true}, false, false), refused), "AB");
}

TEST(ClientFacts, F04_SameAndNextInstanceGiveFourAttemptsInOrder) {
    const BalancerRetrySettings settings{
        .max_retries_on_same_service_instance = 1, .max_retries_on_next_service_instance = 1
    };
    EXPECT_EQ(order_of(RetryPlan::balancer(settings, true, false), refused), "AABB");
    const BalancerRetrySettings two_and_two{
        .max_retries_on_same_service_instance = 2, .max_retries_on_next_service_instance = 2
    };
    EXPECT_EQ(order_of(RetryPlan::balancer(two_and_two, true, false), refused), "AAABBBCCC");
}

TEST(RetryPlans, OnlyFailuresOfTheNetworkAndNamedAnswersAreTriedAgain) {
    const BalancerRetrySettings settings{.retryable_status_codes = {502, 503}};
    const auto answered = [](int status) {
        return CallError(ErrorKind::status, "").answered(status, "", std::nullopt);
    };
    const auto plan = RetryPlan::balancer(settings, true, false);
    EXPECT_EQ(order_of(plan, answered(503)), "AB");
    EXPECT_EQ(order_of(plan, answered(500)), "A");
    EXPECT_TRUE(plan.retries_status(502));
    EXPECT_FALSE(plan.retries_status(404));
    for (const auto kind :
         {ErrorKind::decode,
          ErrorKind::not_permitted,
          ErrorKind::rejected,
          ErrorKind::deadline,
          ErrorKind::no_instance,
          ErrorKind::invalid,
          ErrorKind::cancelled})
        EXPECT_EQ(order_of(plan, CallError(kind, "")), "A") << to_text(kind);
    const BalancerRetrySettings all{.retry_on_all_exceptions = true};
    EXPECT_EQ(order_of(RetryPlan::balancer(all, true, false), CallError(ErrorKind::decode, "")), "AB");
    EXPECT_EQ(order_of(RetryPlan::balancer(all, true, false), CallError(ErrorKind::deadline, "")), "A");
    EXPECT_EQ(order_of(RetryPlan::balancer({.enabled = false}, true, false), refused), "A");
}

TEST(RetryPlans, BackoffDoublesWithinItsBounds) {
    const BalancerRetrySettings settings{
        .max_retries_on_next_service_instance = 4,
        .backoff = {.enabled = true, .min_backoff = 5ms, .max_backoff = 15ms, .jitter = 0}
    };
    EXPECT_EQ(
        waits_of(RetryPlan::balancer(settings, true, false), refused),
        (std::vector<Duration>{5ms, 10ms, 15ms, 15ms})
    );
    const BalancerRetrySettings dice{.backoff = {.enabled = true, .min_backoff = 100ms, .jitter = 0.5}};
    const auto wait = waits_of(RetryPlan::balancer(dice, true, false), refused).at(0);
    EXPECT_GE(wait, 50ms);
    EXPECT_LE(wait, 150ms);
}

TEST(ClientFacts, F19_FeignsRetryerWaitsLongerEachTime) {
    const RetrySettings settings{.max_attempts = 5, .period = 100ms, .max_period = 1s};
    EXPECT_EQ(
        waits_of(RetryPlan::feign(settings, true), refused),
        (std::vector<Duration>{150ms, 225ms, 337ms, 506ms})
    );
    EXPECT_EQ(waits_of(RetryPlan::feign(settings, false), refused).size(), 0U);
    const RetrySettings all{.max_attempts = 2, .all_methods = true};
    EXPECT_EQ(waits_of(RetryPlan::feign(all, false), refused).size(), 1U);
    EXPECT_EQ(waits_of(RetryPlan::feign({}, true), refused).size(), 0U);
}

TEST(RetryPlans, FeignsRetryerHeedsRetryAfter) {
    const RetrySettings settings{.max_attempts = 5, .period = 100ms, .max_period = 1s};
    const auto busy = [](Duration after) {
        return CallError(ErrorKind::status, "").answered(503, "", after);
    };
    EXPECT_EQ(waits_of(RetryPlan::feign(settings, true), busy(60s)), (std::vector<Duration>{1s, 1s, 1s, 1s}));
    EXPECT_EQ(waits_of(RetryPlan::feign(settings, true), busy(0s)).at(0), 0s);
    const auto plain = CallError(ErrorKind::status, "").answered(503, "", std::nullopt);
    EXPECT_TRUE(waits_of(RetryPlan::feign(settings, true), plain).empty());
}

}  // namespace

}  // namespace flotilla::remote
