#include "buckets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "number.hpp"

namespace flotilla::metrics::detail {

namespace {

std::vector<double> make_percentile_bounds() {
    std::vector<double> bounds{1, 2, 3};
    for (int exponent = 2; exponent <= 60; exponent += 2) {
        const std::uint64_t power = std::uint64_t{1} << exponent;
        const std::uint64_t step = power / 3;
        for (std::uint64_t bound = power; bound < power * 4 - step; bound += step) {
            bounds.push_back(static_cast<double>(bound));
        }
    }
    return bounds;
}

/// The smallest time whose row (see of_time) is `row`.
std::uint64_t smallest_of_row(std::uint32_t row) {
    if (row < 4) return row;
    const std::uint32_t width = row / 4 + 1;
    if (width < 3) return 4;  // rows that no value has
    return std::uint64_t{4 + row % 4} << (width - 3);
}

}  // namespace

std::span<const double> percentile_bounds() {
    static const std::vector<double> bounds = make_percentile_bounds();
    return bounds;
}

std::vector<double> bounds_of(
    const DistributionConfig& config, double default_minimum, double default_maximum
) {
    std::vector<double> bounds = config.slo;
    if (config.percentile_histogram) {
        const double low = config.minimum_expected.value_or(default_minimum);
        const double high = config.maximum_expected.value_or(default_maximum);
        for (const double bound : percentile_bounds()) {
            if (bound >= low && bound <= high) bounds.push_back(bound);
        }
        if (low > 0) bounds.push_back(low);
        bounds.push_back(high);
    }
    std::erase_if(bounds, [](double bound) { return !std::isfinite(bound) || bound < 0; });
    std::ranges::sort(bounds);
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    return bounds;
}

Buckets::Buckets(std::vector<double> bounds, bool times) : bounds_(std::move(bounds)) {
    for (const double bound : bounds_) texts_.push_back(java_double(times ? bound / 1e9 : bound));
    texts_.emplace_back("+Inf");
    if (!times) return;

    constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    for (const double bound : bounds_) {
        times_.push_back(bound >= 0x1p64 ? largest : static_cast<std::uint64_t>(bound));
    }
    const auto first_not_below = [&](std::uint64_t value) {
        return static_cast<std::uint32_t>(std::ranges::lower_bound(times_, value) - times_.begin());
    };
    std::uint32_t next = static_cast<std::uint32_t>(times_.size());
    for (std::uint32_t row = 256; row-- > 0;) {
        if (row >= 4 && row < 8) continue;  // a value of four or more has at least three bits
        const std::uint32_t first = first_not_below(smallest_of_row(row));
        first_[row] = static_cast<std::uint16_t>(first);
        steps_ = std::max(steps_, next - first);
        next = first;
    }
    times_.insert(times_.end(), steps_, largest);
}

std::uint32_t Buckets::of_amount(double value) const noexcept {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
}

}  // namespace flotilla::metrics::detail
