#pragma once
/// What a client does that wants its order exactly once: it asks again, with the same key, until it is told.

#include <cstdint>
#include <optional>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::shop::driver {

/// What one answer means.
enum class OrderVerdict : std::uint8_t {
    created,  ///< 201: now, or by an earlier try
    again,    ///< nobody knows: no answer, 429, 5xx, or the first try still runs (409 with Retry-After)
    refused,  ///< the shop said no, and will say so again
};

/// `status` is empty for an answer that was lost.
OrderVerdict verdict_of(std::optional<int> status, bool retry_after) noexcept;

/// Bounded tries with growing pauses.
struct OrderRetry {
    std::uint32_t retries = 8;
    Duration first_pause = std::chrono::milliseconds(100);
    Duration longest_pause = std::chrono::seconds(5);

    /// How long to wait before retry number `retry` (from 1), at least as long as the shop asked for (within
    /// the longest pause); nothing when it was the last.
    [[nodiscard]] std::optional<Duration> pause(
        std::uint32_t retry, std::optional<Duration> retry_after, Random& random
    ) const;
};

}  // namespace flotilla::shop::driver
