#pragma once
/// Bucket bounds of histograms, and the quick way from a value to its bucket.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flotilla/metrics/filter.hpp"

namespace flotilla::metrics::detail {

/// Micrometer's percentile histogram: 275 bounds, about a third of a power of four apart.
std::span<const double> percentile_bounds();

/// What `config` asks for, ascending and without +Inf; empty when it asks for no histogram. Without expected
/// values `default_minimum` and `default_maximum` hold (0 and infinity: none).
std::vector<double> bounds_of(
    const DistributionConfig& config, double default_minimum, double default_maximum
);

/// Bounds that stay as they are, shared by all meters that have the same.
class Buckets {
public:
    /// Bounds in nanoseconds for times.
    Buckets(std::vector<double> bounds, bool times);

    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(bounds_.size()) + 1;
    }

    /// The bucket of a time in nanoseconds: the first whose bound is not below it.
    [[nodiscard]] std::uint32_t of_time(std::uint64_t value) const noexcept {
        // The highest bit and the two after it lead to at most a few candidates.
        std::uint32_t row = static_cast<std::uint32_t>(value);
        if (value >= 4) {
            const auto width = static_cast<std::uint32_t>(64 - __builtin_clzll(value));
            row = (width - 1) * 4 + (static_cast<std::uint32_t>(value >> (width - 3)) & 3);
        }
        std::uint32_t bucket = first_[row];
        const std::uint64_t* bound = times_.data() + bucket;
        for (std::uint32_t i = 0; i < steps_; ++i) bucket += value > bound[i] ? 1 : 0;
        return bucket;
    }

    [[nodiscard]] std::uint32_t of_amount(double value) const noexcept;

    [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }

    /// The texts of `le`, with `+Inf` last; times in seconds.
    [[nodiscard]] const std::vector<std::string>& texts() const noexcept { return texts_; }

private:
    std::vector<double> bounds_;
    std::vector<std::uint64_t> times_;  // then `steps_` times the largest number
    std::array<std::uint16_t, 256> first_{};
    std::uint32_t steps_ = 0;
    std::vector<std::string> texts_;
};

}  // namespace flotilla::metrics::detail
