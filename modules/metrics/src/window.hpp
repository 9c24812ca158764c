#pragma once
/// Statistics that forget: the generations of a time window, and quantiles over it.

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "flotilla/base/clock.hpp"

namespace flotilla::metrics::detail {

/// Counts steps of a window. Meters with the same step share one; Registry::tick moves it.
class Rotation {
public:
    Rotation(Duration step, TimePoint origin) noexcept : step_(step), origin_(origin) {}

    void move_to(TimePoint now) noexcept {
        generation_.store(
            first + static_cast<std::uint64_t>((now - origin_) / step_), std::memory_order_relaxed
        );
    }

    [[nodiscard]] std::uint64_t generation() const noexcept {
        return generation_.load(std::memory_order_relaxed);
    }

private:
    // Zero means "never" in cells, and windows look some generations back.
    static constexpr std::uint64_t first = 64;

    const Duration step_;
    const TimePoint origin_;
    std::atomic<std::uint64_t> generation_{first};
};

/// Counts values in buckets a sixteenth of a power of two wide, for the last generations of a rotation: the
/// precision of HdrHistogram with one digit.
class PercentileWindow {
public:
    PercentileWindow(std::vector<double> percentiles, std::uint32_t generations, const Rotation& rotation);

    void record(double value) noexcept;
    /// One value for each percentile; 0 when nothing was recorded lately.
    [[nodiscard]] std::vector<double> values() const;

    [[nodiscard]] const std::vector<double>& percentiles() const noexcept { return percentiles_; }

private:
    static constexpr std::uint32_t lowest = (1023 - 32) << 4;  // 2^-32 and below
    static constexpr std::uint32_t buckets = (32 + 64) << 4;   // up to 2^64 and above

    struct Generation {
        std::uint64_t number = 0;
        std::array<std::uint32_t, buckets> counts{};
    };

    const std::vector<double> percentiles_;
    const Rotation& rotation_;
    mutable std::mutex mutex_;
    std::vector<Generation> ring_;
};

}  // namespace flotilla::metrics::detail
