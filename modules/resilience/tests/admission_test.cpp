#include "flotilla/resilience/admission.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace flotilla::resilience {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint zero{1h};

TEST(AdmissionControl, RefusesTheMoreTheFewerSucceed) {
    AdmissionControl control({.window_seconds = 10, .minimum_rps = 5});
    for (int call = 0; call < 49; ++call) control.ended(zero, false);
    EXPECT_EQ(control.refusal_probability(zero), 0) << "too few calls to tell";
    control.ended(zero, false);
    EXPECT_EQ(control.refusal_probability(zero), 0.8) << "never all of them";
    for (int call = 0; call < 50; ++call) control.ended(zero, true);
    EXPECT_NEAR(control.refusal_probability(zero), (100 - 50 / 0.95) / 101, 1e-9);
    for (int call = 0; call < 900; ++call) control.ended(zero + 1s, true);
    EXPECT_EQ(control.refusal_probability(zero + 1s), 0) << "95 % have succeeded";
    EXPECT_EQ(control.refusal_probability(zero + 20s), 0);
}

TEST(AdmissionControl, AdmitsBySharesOfChance) {
    AdmissionControl control({.window_seconds = 10, .minimum_rps = 1});
    for (int call = 0; call < 100; ++call) control.ended(zero, call % 2 == 0);
    Random random(3);
    int admitted = 0;
    for (int call = 0; call < 10'000; ++call) admitted += control.admits(zero, random) ? 1 : 0;
    EXPECT_NEAR(admitted, 10'000 * (1 - (100 - 50 / 0.95) / 101), 200);
}

TEST(ShedQueue, ShedsTheDeadThenRetriesThenLowPrioritiesThenTheNewest) {
    ShedQueue queue(4);
    const auto request = [](std::uint64_t id, std::uint8_t priority = 1) {
        return ShedQueue::Request{.id = id, .priority = priority};
    };
    EXPECT_FALSE(queue.push({.id = 1, .deadline = Deadline(zero + 1s)}, zero));
    EXPECT_FALSE(queue.push({.id = 2, .retry = true}, zero));
    EXPECT_FALSE(queue.push(request(3, 3), zero));
    EXPECT_FALSE(queue.push(request(4), zero));
    EXPECT_EQ(queue.push(request(5), zero + 1s)->id, 1U);
    EXPECT_EQ(queue.push(request(6), zero + 1s)->id, 2U);
    EXPECT_EQ(queue.push(request(7), zero + 1s)->id, 3U);
    EXPECT_EQ(queue.push(request(8), zero + 1s)->id, 8U) << "all alike: itself";
    EXPECT_EQ(queue.push(request(9, 0), zero + 1s)->id, 7U) << "the newest of the least urgent";
    EXPECT_EQ(queue.size(), 4U);
}

TEST(ShedQueue, GivesAPlaceToTheNewestOfTheMostUrgent) {
    ShedQueue queue(10);
    std::ignore = queue.push({.id = 1, .priority = 2}, zero);
    std::ignore = queue.push({.id = 2, .priority = 0}, zero);
    std::ignore = queue.push({.id = 3, .priority = 0}, zero);
    std::ignore = queue.push({.id = 4, .priority = 0, .deadline = Deadline(zero + 1s)}, zero);
    EXPECT_EQ(queue.pop(zero + 1s)->id, 3U);
    EXPECT_EQ(queue.expired(zero + 1s)->id, 4U);
    EXPECT_FALSE(queue.expired(zero + 1s));
    EXPECT_TRUE(queue.remove(2));
    EXPECT_FALSE(queue.remove(2));
    EXPECT_EQ(queue.pop(zero + 1s)->id, 1U);
    EXPECT_FALSE(queue.pop(zero + 1s));
}

}  // namespace

}  // namespace flotilla::resilience
