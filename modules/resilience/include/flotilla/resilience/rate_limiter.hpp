#pragma once
/// Bounds how many calls go out in a period. A caller whose turn comes within the time it may wait gets a
/// reservation; the waiting is its own:
///
///     const auto wait = limiter.reserve(now);
///     if (!wait) return fail(limiter.refusal());
///     co_await sleep(*wait);

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/errors.hpp"
#include "flotilla/resilience/events.hpp"

namespace flotilla::resilience {

enum class RateAlgorithm : std::uint8_t {
    cycle,  ///< as Resilience4j: so many in each period; up to twice as many around its edge
    gcra,   ///< evenly spread, with bursts of up to a period's permits
};

struct RateLimiterConfig {
    std::uint32_t limit_for_period = 50;
    Duration limit_refresh_period{500};
    Duration timeout_duration = std::chrono::seconds(5);  ///< the longest wait that is reserved
    RateAlgorithm algorithm = RateAlgorithm::cycle;
    bool subscribe_for_events = false;  ///< keeps the last events
    bool register_health_indicator = false;
    bool allow_health_indicator_to_fail = false;
    std::size_t event_consumer_buffer_size = 100;

    [[nodiscard]] Result<void> check() const;
};

/// One atomic word: no lock on the way of a call. Cycles are counted from `start`. Safe from any thread.
class RateLimiter {
public:
    RateLimiter(std::string name, RateLimiterConfig config, TimePoint start);

    /// How long to wait, 0 to go at once; nothing when the wait would exceed `timeout_duration`, in which
    /// case nothing is reserved.
    [[nodiscard]] std::optional<Duration> reserve(TimePoint now, std::uint32_t permits = 1) noexcept;
    /// With a shorter patience than the configuration has, for the rest of a deadline.
    [[nodiscard]] std::optional<Duration> reserve_within(
        Duration patience, TimePoint now, std::uint32_t permits = 1
    ) noexcept;

    /// `RateLimiter 'x' does not permit further calls`
    [[nodiscard]] Error refusal() const;

    /// Takes all that are there; debts stay.
    void drain_permissions(TimePoint now) noexcept;
    /// From the next refill on.
    void change_limit_for_period(std::uint32_t limit) noexcept;
    void change_timeout_duration(Duration timeout) noexcept;

    /// Negative when some are reserved ahead.
    [[nodiscard]] std::int64_t available_permissions(TimePoint now) const noexcept;

    /// Callers that wait right now; the shell reports their coming and going.
    [[nodiscard]] std::uint32_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

    void begin_wait() noexcept { waiting_.fetch_add(1, std::memory_order_relaxed); }

    void end_wait() noexcept { waiting_.fetch_sub(1, std::memory_order_relaxed); }

    [[nodiscard]] const std::string& name() const noexcept { return events_.source(); }

    [[nodiscard]] const RateLimiterConfig& config() const noexcept { return config_; }

    [[nodiscard]] Events& events() noexcept { return events_; }

    [[nodiscard]] const Events& events() const noexcept { return events_; }

private:
    /// Of the cycle algorithm: where in time, and what is there.
    struct Cycle {
        std::uint64_t number;
        std::int32_t permissions;
    };

    [[nodiscard]] Cycle refreshed(std::uint64_t word, TimePoint now) const noexcept;
    [[nodiscard]] std::optional<Duration> wait_for(
        const Cycle& cycle, Duration patience, TimePoint now, std::uint32_t permits
    ) const noexcept;
    std::optional<Duration> reserve_cycle(Duration patience, TimePoint now, std::uint32_t permits) noexcept;
    std::optional<Duration> reserve_gcra(Duration patience, TimePoint now, std::uint32_t permits) noexcept;
    [[nodiscard]] std::int64_t emission_interval() const noexcept;
    [[nodiscard]] std::int64_t burst() const noexcept;

    const RateLimiterConfig config_;
    const TimePoint start_;
    // cycle: number of the cycle (upper 32 bits, modulo) and permissions (lower 32, signed).
    // gcra: the theoretical arrival time of the next call, in nanoseconds since `start_`.
    std::atomic<std::uint64_t> word_;
    std::atomic<std::uint32_t> limit_;
    std::atomic<std::int64_t> timeout_;
    std::atomic<std::uint32_t> waiting_{0};
    Events events_;
};

}  // namespace flotilla::resilience
