#include "window.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace flotilla::metrics::detail {

PercentileWindow::PercentileWindow(
    std::vector<double> percentiles, std::uint32_t generations, const Rotation& rotation
)
    : percentiles_(std::move(percentiles)), rotation_(rotation), ring_(generations) {}

void PercentileWindow::record(double value) noexcept {
    // The exponent and the first four bits of the fraction are a number that grows with the value.
    const auto position = static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value) >> 48);
    const std::uint32_t bucket = std::min(position - std::min(position, lowest), buckets - 1);
    const std::uint64_t number = rotation_.generation();
    const std::scoped_lock lock(mutex_);
    Generation& generation = ring_[number % ring_.size()];
    if (generation.number != number) {
        generation.number = number;
        generation.counts.fill(0);
    }
    ++generation.counts[bucket];
}

std::vector<double> PercentileWindow::values() const {
    std::vector<std::uint64_t> counts(buckets);
    std::uint64_t total = 0;
    {
        const std::uint64_t number = rotation_.generation();
        const std::scoped_lock lock(mutex_);
        for (const Generation& generation : ring_) {
            if (generation.number + ring_.size() <= number) continue;
            for (std::uint32_t i = 0; i < buckets; ++i) {
                counts[i] += generation.counts[i];
                total += generation.counts[i];
            }
        }
    }
    std::vector<double> values;
    for (const double percentile : percentiles_) {
        if (total == 0) {
            values.push_back(0);
            continue;
        }
        const auto rank = std::max<std::uint64_t>(
            1, static_cast<std::uint64_t>(std::llround(percentile * static_cast<double>(total)))
        );
        std::uint64_t seen = 0;
        std::uint32_t bucket = 0;
        while (bucket < buckets - 1 && (seen += counts[bucket]) < rank) ++bucket;
        values.push_back(bucket == 0 ? 0 : std::bit_cast<double>(std::uint64_t{lowest + bucket} << 48));
    }
    return values;
}

}  // namespace flotilla::metrics::detail
