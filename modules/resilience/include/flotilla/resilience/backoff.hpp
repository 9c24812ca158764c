#pragma once
/// How long to wait before the next try, or before a circuit breaker probes again.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::resilience {

/// Fixed, exponential, randomised, or both; in whole milliseconds, as Resilience4j's IntervalFunction counts.
struct Backoff {
    Duration initial = std::chrono::milliseconds(500);
    /// Of the wait before; 1 keeps it fixed. Each step is cut to whole milliseconds.
    double multiplier = 1.0;
    /// Never longer than this, dice included.
    std::optional<Duration> maximum{};
    /// 0.5 spreads 1000 ms over 500 to 1500 ms.
    double random_factor = 0.0;
    /// Instead of all that.
    std::function<Duration(std::uint32_t attempt)> custom{};

    static Backoff fixed(Duration wait) { return {.initial = wait}; }

    static Backoff exponential(
        Duration initial, double multiplier = 1.5, std::optional<Duration> maximum = std::nullopt
    ) {
        return {.initial = initial, .multiplier = multiplier, .maximum = maximum};
    }

    /// `attempt` counts from 1.
    [[nodiscard]] Duration wait(std::uint32_t attempt, Random& random) const;
};

}  // namespace flotilla::resilience
