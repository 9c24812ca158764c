#include "flotilla/fleet/restart_policy.hpp"

#include <gtest/gtest.h>

namespace flotilla::fleet {
namespace {

using namespace std::chrono_literals;

TEST(RestartPolicy, WaitsTwiceAsLongAfterEachDeathUpToTenSeconds) {
    RestartPolicy policy;
    const TimePoint start{};
    for (const Duration expected : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10'000ms, 10'000ms})
        EXPECT_EQ(policy.ended(start, start + 1s), expected);
    EXPECT_EQ(policy.restarts(), 9U);
}

TEST(RestartPolicy, BeginsAnewAfterALifeOfTenSeconds) {
    RestartPolicy policy;
    const TimePoint start{};
    EXPECT_EQ(policy.ended(start, start + 1s), 100ms);
    EXPECT_EQ(policy.ended(start, start + 1s), 200ms);
    EXPECT_EQ(policy.ended(start, start + 10s), 100ms);
}

TEST(RestartPolicy, DoesNotTireOfAPartThatDiesForever) {
    RestartPolicy policy;
    const TimePoint start{};
    for (int i = 0; i < 10'000; ++i) EXPECT_LE(policy.ended(start, start), 10s);
}

}  // namespace
}  // namespace flotilla::fleet
