#include "buckets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace flotilla::metrics::detail {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

std::uint32_t slow_bucket(const std::vector<double>& bounds, std::uint64_t value) {
    std::uint32_t bucket = 0;
    while (bucket < bounds.size() && value > static_cast<std::uint64_t>(bounds[bucket])) ++bucket;
    return bucket;
}

TEST(Buckets, TheUnclampedSetHas275BoundsOfMicrometer) {
    const auto bounds = percentile_bounds();
    EXPECT_EQ(bounds.size(), 275u);
    EXPECT_EQ(bounds.front(), 1.0);
    EXPECT_EQ(bounds.back(), 4.2273788502251054E18);
}

TEST(Buckets, LongTasksHave29BucketsBetweenTwoMinutesAndTwoHours) {
    const Buckets buckets(bounds_of({.percentile_histogram = true}, 120e9, 7200e9), true);
    EXPECT_EQ(buckets.size(), 29u);  // with +Inf
}

TEST(Buckets, OwnBoundsJoinTheFixedOnesSortedAndOnce) {
    const DistributionConfig config{
        .percentile_histogram = true,
        .slo = {3, 2.5, -1, infinite, 10},
        .minimum_expected = 2,
        .maximum_expected = 5
    };
    EXPECT_EQ(bounds_of(config, 0, infinite), (std::vector<double>{2, 2.5, 3, 4, 5, 10}));
    EXPECT_TRUE(bounds_of({}, 1, 2).empty());
}

TEST(Buckets, TheQuickWayFindsTheBucketThatASearchFinds) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 300; ++round) {
        std::vector<double> bounds;
        if (round == 0) {
            bounds.assign(percentile_bounds().begin(), percentile_bounds().end());
        } else if (round == 1) {
            bounds = bounds_of({.percentile_histogram = true}, 1e6, 30e9);
        } else {
            const std::size_t size = 1 + random() % 30;
            for (std::size_t i = 0; i < size; ++i)
                bounds.push_back(static_cast<double>(random() >> (random() % 50 + 11)));
            std::ranges::sort(bounds);
            bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
        }
        const Buckets buckets(bounds, true);
        const auto check = [&](std::uint64_t value) {
            ASSERT_EQ(buckets.of_time(value), slow_bucket(bounds, value)) << value << " in round " << round;
        };
        for (const double bound : bounds) {
            const auto whole = static_cast<std::uint64_t>(bound);
            check(whole);
            check(whole + 1);
            if (whole > 0) check(whole - 1);
        }
        for (std::uint64_t value = 0; value < 40; ++value) check(value);
        for (int i = 0; i < 1000; ++i) check(random() >> (random() % 64));
        check(std::numeric_limits<std::uint64_t>::max());
    }
}

TEST(Buckets, AmountsFallIntoTheFirstBucketThatIsNotBelow) {
    const Buckets buckets({0.5, 1, 10}, false);
    EXPECT_EQ(buckets.of_amount(0), 0u);
    EXPECT_EQ(buckets.of_amount(0.5), 0u);
    EXPECT_EQ(buckets.of_amount(0.6), 1u);
    EXPECT_EQ(buckets.of_amount(11), 3u);
    EXPECT_EQ(buckets.texts(), (std::vector<std::string>{"0.5", "1.0", "10.0", "+Inf"}));
}

}  // namespace
}  // namespace flotilla::metrics::detail
