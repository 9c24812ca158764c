#include "flotilla/shop/driver/schedule.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace flotilla::shop::driver {

namespace {

using namespace std::chrono_literals;

TEST(Schedule, SpreadsTheUsersOverTheRamp) {
    EXPECT_EQ(start_of_user(0, 200, 20s), 0s);
    EXPECT_EQ(start_of_user(100, 200, 20s), 10s);
    EXPECT_LT(start_of_user(199, 200, 20s), 20s);
    EXPECT_EQ(start_of_user(5, 10, 0s), 0s);
}

TEST(Schedule, ThinksAroundTheMean) {
    Random random(3);
    Duration sum{};
    for (int i = 0; i < 10'000; ++i) {
        const Duration time = think_time(1s, random);
        ASSERT_GE(time, 500ms);
        ASSERT_LT(time, 1500ms);
        sum += time;
    }
    EXPECT_NEAR(static_cast<double>((sum / 10'000) / 1ms), 1000, 10);
}

TEST(Arrivals, KeepTheirRateWithoutARamp) {
    const Arrivals arrivals(500, 0s);
    EXPECT_EQ(arrivals.at(0), 0s);
    EXPECT_EQ(arrivals.at(1), 2ms);
    EXPECT_EQ(arrivals.at(5000), 10s);
}

TEST(Arrivals, ComeEverFasterDuringTheRamp) {
    const Arrivals arrivals(100, 10s);
    // Half of ten seconds' arrivals come during the ramp.
    EXPECT_NEAR(std::chrono::duration<double>(arrivals.at(500)).count(), 10, 0.001);
    EXPECT_NEAR(std::chrono::duration<double>(arrivals.at(1500)).count(), 20, 0.001);
    Duration gap = 1h;
    for (std::uint64_t i = 1; i < 500; ++i) {
        const Duration now = arrivals.at(i) - arrivals.at(i - 1);
        EXPECT_LE(now, gap + 1us) << i;
        gap = now;
    }
}

}  // namespace

}  // namespace flotilla::shop::driver
