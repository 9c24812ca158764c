#pragma once
/// Latencies in little memory: 128 buckets for each power of two, so that a percentile is right to under one
/// per cent, from a microsecond to over an hour.

#include <cstdint>
#include <vector>

#include "flotilla/base/clock.hpp"

namespace flotilla::shop::driver {

/// A value of some 27 KB, whatever it has counted. What is longer than 71 minutes counts as that.
class LatencyHistogram {
public:
    LatencyHistogram();

    void record(Duration latency) noexcept;
    void add(const LatencyHistogram& other) noexcept;
    void clear() noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// That share (0 to 1) of all latencies is not above it; the middle of a bucket, never more than the
    /// maximum. Zero when nothing was counted.
    [[nodiscard]] Duration percentile(double share) const noexcept;
    [[nodiscard]] Duration mean() const noexcept;

    /// Exact.
    [[nodiscard]] Duration max() const noexcept { return max_; }

private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    Duration sum_{};
    Duration max_{};
};

}  // namespace flotilla::shop::driver
