#include "flotilla/shop/driver/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

namespace flotilla::shop::driver {

namespace {

// In microseconds. Below 256 every value has its own bucket; then each power of two is cut into 128.
constexpr std::uint64_t exact = 256;
constexpr std::uint64_t per_power = 128;
constexpr std::uint64_t longest = (std::uint64_t{1} << 32) - 1;
constexpr std::size_t bucket_count = exact + (32 - 8) * per_power;

std::size_t bucket_of(std::uint64_t micros) noexcept {
    if (micros < exact) return micros;
    const auto shift = static_cast<std::uint64_t>(std::bit_width(micros)) - 8;
    return exact + (shift - 1) * per_power + ((micros >> shift) - per_power);
}

std::uint64_t middle_of(std::size_t bucket) noexcept {
    if (bucket < exact) return bucket;
    const std::uint64_t shift = (bucket - exact) / per_power + 1;
    const std::uint64_t low = ((bucket - exact) % per_power + per_power) << shift;
    return low + (std::uint64_t{1} << (shift - 1));
}

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(bucket_count) {}

void LatencyHistogram::record(Duration latency) noexcept {
    latency = std::max(latency, Duration::zero());
    const auto micros = static_cast<std::uint64_t>(latency / std::chrono::microseconds(1));
    ++buckets_[bucket_of(std::min(micros, longest))];
    ++count_;
    sum_ += latency;
    max_ = std::max(max_, latency);
}

void LatencyHistogram::add(const LatencyHistogram& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

void LatencyHistogram::clear() noexcept {
    std::ranges::fill(buckets_, 0);
    count_ = 0;
    sum_ = Duration::zero();
    max_ = Duration::zero();
}

Duration LatencyHistogram::percentile(double share) const noexcept {
    if (count_ == 0) return Duration::zero();
    const auto wanted =
        static_cast<std::uint64_t>(std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        seen += buckets_[i];
        if (seen >= std::max<std::uint64_t>(wanted, 1))
            return std::min<Duration>(std::chrono::microseconds(middle_of(i)), max_);
    }
    return max_;
}

Duration LatencyHistogram::mean() const noexcept {
    return count_ == 0 ? Duration::zero() : sum_ / static_cast<std::int64_t>(count_);
}

}  // namespace flotilla::shop::driver
