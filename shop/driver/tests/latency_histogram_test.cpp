#include "flotilla/shop/driver/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "flotilla/base/random.hpp"

namespace flotilla::shop::driver {

namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, OfNothingSaysZero) {
    const LatencyHistogram histogram;
    EXPECT_EQ(histogram.percentile(0.99), 0ns);
    EXPECT_EQ(histogram.mean(), 0ns);
    EXPECT_EQ(histogram.max(), 0ns);
}

TEST(LatencyHistogram, IsExactForShortTimes) {
    LatencyHistogram histogram;
    for (int i = 1; i <= 100; ++i) histogram.record(std::chrono::microseconds(i));
    EXPECT_EQ(histogram.percentile(0.5), 50us);
    EXPECT_EQ(histogram.percentile(0.99), 99us);
    EXPECT_EQ(histogram.percentile(1), 100us);
    EXPECT_EQ(histogram.percentile(0), 1us);
}

TEST(LatencyHistogram, IsRightToOnePerCentOfTheSortedValues) {
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
        Random random(seed);
        LatencyHistogram histogram;
        std::vector<double> values;
        for (int i = 0; i < 20'000; ++i) {
            // From ten microseconds to ten minutes, evenly over the magnitudes.
            const double micros = std::pow(10, 1 + random.unit() * 7.7);
            values.push_back(micros);
            histogram.record(Duration(static_cast<std::int64_t>(micros * 1000)));
        }
        std::ranges::sort(values);
        for (const double share : {0.1, 0.5, 0.9, 0.99, 0.999}) {
            const double exact = values[static_cast<std::size_t>(std::ceil(share * 20'000)) - 1];
            const double told = static_cast<double>(histogram.percentile(share).count()) / 1000;
            EXPECT_NEAR(told / exact, 1, 0.06 / std::min(exact, 10.0) + 0.01)
                << "seed " << seed << ", " << share;
        }
    }
}

TEST(LatencyHistogram, KnowsItsMaximumExactlyAndNeverSaysMore) {
    LatencyHistogram histogram;
    histogram.record(1'234'567us);
    EXPECT_EQ(histogram.max(), 1'234'567us);
    EXPECT_LE(histogram.percentile(0.999), histogram.max());
    EXPECT_EQ(histogram.mean(), 1'234'567us);
}

TEST(LatencyHistogram, CountsWhatIsLongerThanItsRangeAndWhatIsNegative) {
    LatencyHistogram histogram;
    histogram.record(48h);
    histogram.record(-1s);
    EXPECT_EQ(histogram.count(), 2U);
    EXPECT_EQ(histogram.max(), 48h);
    EXPECT_EQ(histogram.percentile(0.1), 0ns);
}

TEST(LatencyHistogram, AddsUp) {
    LatencyHistogram one;
    LatencyHistogram other;
    one.record(10us);
    other.record(20us);
    one.add(other);
    EXPECT_EQ(one.count(), 2U);
    EXPECT_EQ(one.max(), 20us);
    EXPECT_EQ(one.mean(), 15us);
    one.clear();
    EXPECT_EQ(one.count(), 0U);
    EXPECT_EQ(one.percentile(1), 0ns);
}

}  // namespace

}  // namespace flotilla::shop::driver
