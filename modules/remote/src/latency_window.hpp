#pragma once
// What the last calls took: when a call is slow for this service.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "flotilla/base/clock.hpp"

namespace flotilla::remote {

/// Written by all loops without a lock; each duration is right by itself.
class LatencyWindow {
public:
    void add(Duration taken) noexcept {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
        const std::uint32_t at = next_.fetch_add(1, std::memory_order_relaxed);
        const auto most = static_cast<std::int64_t>(UINT32_MAX);
        taken_[at % size].store(
            static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, most)), std::memory_order_relaxed
        );
    }

    /// What 95 of 100 calls took at the most, one millisecond at least; nothing while there are too few.
    [[nodiscard]] std::optional<Duration> percentile_95() const noexcept {
        const std::size_t count = std::min<std::size_t>(next_.load(std::memory_order_relaxed), size);
        if (count < enough) return std::nullopt;
        std::array<std::uint32_t, size> sorted;
        for (std::size_t i = 0; i < count; ++i) sorted[i] = taken_[i].load(std::memory_order_relaxed);
        const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(count * 95 / 100);
        std::nth_element(sorted.begin(), nth, sorted.begin() + static_cast<std::ptrdiff_t>(count));
        return std::max<Duration>(std::chrono::milliseconds(1), std::chrono::microseconds(*nth));
    }

private:
    static constexpr std::size_t size = 100;
    static constexpr std::size_t enough = 20;

    std::array<std::atomic<std::uint32_t>, size> taken_{};
    std::atomic<std::uint32_t> next_{0};
};

}  // namespace flotilla::remote
