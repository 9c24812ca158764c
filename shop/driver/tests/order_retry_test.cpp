#include "flotilla/shop/driver/order_retry.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace flotilla::shop::driver {

namespace {

using namespace std::chrono_literals;

TEST(OrderRetry, AsksAgainWhenNobodyKnows) {
    EXPECT_EQ(verdict_of(std::nullopt, false), OrderVerdict::again);
    for (const int status : {429, 500, 502, 503, 504})
        EXPECT_EQ(verdict_of(status, false), OrderVerdict::again);
    EXPECT_EQ(verdict_of(409, true), OrderVerdict::again);
}

TEST(OrderRetry, TakesAnAnswerForAnAnswer) {
    EXPECT_EQ(verdict_of(201, false), OrderVerdict::created);
    for (const int status : {200, 400, 401, 403, 404, 409, 422})
        EXPECT_EQ(verdict_of(status, false), OrderVerdict::refused) << status;
}

TEST(OrderRetry, WaitsLongerEachTimeAndThenGivesUp) {
    const OrderRetry rule{.retries = 4, .first_pause = 100ms, .longest_pause = 1s};
    Random random(5);
    EXPECT_LE(*rule.pause(1, {}, random), 130ms);
    EXPECT_GE(*rule.pause(1, {}, random), 70ms);
    EXPECT_GE(*rule.pause(3, {}, random), 280ms);
    EXPECT_LE(*rule.pause(4, {}, random), 1s);
    EXPECT_FALSE(rule.pause(5, {}, random));
}

TEST(OrderRetry, WaitsAsLongAsTheShopAsksWithinReason) {
    const OrderRetry rule{.retries = 4, .first_pause = 10ms, .longest_pause = 3s};
    Random random(5);
    EXPECT_EQ(*rule.pause(1, 2s, random), 2s);
    EXPECT_EQ(*rule.pause(1, 60s, random), 3s);
}

}  // namespace

}  // namespace flotilla::shop::driver
