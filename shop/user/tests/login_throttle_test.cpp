#include "flotilla/shop/user/login_throttle.hpp"

#include <gtest/gtest.h>

#include <string>

namespace flotilla::shop::user {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{};

ThrottleConfig small() {
    return {.email_burst = 3, .email_refill = 10s, .address_burst = 5, .address_refill = 1s, .buckets = 8};
}

TEST(LoginThrottle, N16_AfterSomeFailuresAnEmailHasToWait) {
    LoginThrottle throttle(small());
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.enter("a@x.io", "10.0.0.1", start));
    EXPECT_EQ(throttle.enter("a@x.io", "10.0.0.1", start), 10s);
    EXPECT_EQ(throttle.enter("A@X.io", "10.0.0.2", start + 4s), 6s);
    EXPECT_FALSE(throttle.enter("a@x.io", "10.0.0.1", start + 10s));
    EXPECT_TRUE(throttle.enter("a@x.io", "10.0.0.1", start + 10s));
}

TEST(LoginThrottle, N16_AnAddressThatTriesManyEmailsHasToWait) {
    LoginThrottle throttle(small());
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(throttle.enter(std::to_string(i), "10.0.0.1", start));
    EXPECT_EQ(throttle.enter("f", "10.0.0.1", start), 1s);
    EXPECT_FALSE(throttle.enter("f", "10.0.0.2", start));
}

TEST(LoginThrottle, ARefusalTakesNothing) {
    LoginThrottle throttle(small());
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.enter("a", "10.0.0.1", start));
    for (int i = 0; i < 9; ++i) EXPECT_TRUE(throttle.enter("a", "10.0.0.1", start));
    EXPECT_FALSE(throttle.enter("b", "10.0.0.1", start));
    EXPECT_FALSE(throttle.enter("c", "10.0.0.1", start));
}

TEST(LoginThrottle, WhoKnowsThePasswordNeverWaits) {
    LoginThrottle throttle(small());
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(throttle.enter("a@x.io", "10.0.0.1", start));
        throttle.give_back("a@x.io", "10.0.0.1", start);
    }
}

TEST(LoginThrottle, ItRemembersABoundedNumber) {
    LoginThrottle throttle(small());
    for (int i = 0; i < 1000; ++i) (void)throttle.enter(std::to_string(i), std::to_string(i), start);
    EXPECT_EQ(throttle.size(), 8U + 8U);
}

TEST(LoginThrottle, WhoIsHeldUpByHisAddressPushesOutNobody) {
    LoginThrottle throttle(small());
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.enter("victim", "10.0.0.1", start));
    for (int i = 0; i < 1000; ++i) (void)throttle.enter(std::to_string(i), "10.0.0.2", start);
    EXPECT_EQ(throttle.enter("victim", "10.0.0.1", start), 10s);
    EXPECT_EQ(throttle.size(), 8U) << "what was let through, and no more";
}

TEST(LoginThrottle, WhatSaysTheLeastIsForgottenFirst) {
    LoginThrottle throttle(small());
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.enter("victim", "10.0.0.1", start));
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(throttle.enter(std::to_string(i), std::to_string(i), start));
    EXPECT_EQ(throttle.enter("victim", "10.0.0.9", start), 10s);
}

TEST(LoginThrottle, ManyEmailsDoNotMakeItForgetAddresses) {
    LoginThrottle throttle(small());
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(throttle.enter(std::to_string(i), "10.0.0.1", start));
    for (int i = 0; i < 7; ++i) EXPECT_FALSE(throttle.enter(std::to_string(9 + i), std::to_string(i), start));
    EXPECT_EQ(throttle.enter("other", "10.0.0.1", start), 1s);
}

TEST(LoginThrottle, ItCanBeSwitchedOff) {
    ThrottleConfig config = small();
    config.enabled = false;
    LoginThrottle throttle(config);
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(throttle.enter("a", "b", start));
    EXPECT_EQ(throttle.size(), 0U);
}

}  // namespace
}  // namespace flotilla::shop::user
