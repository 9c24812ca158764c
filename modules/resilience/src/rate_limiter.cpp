#include "flotilla/resilience/rate_limiter.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace flotilla::resilience {

namespace {

constexpr std::int32_t permissions_in(std::uint64_t word) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(word));
}

constexpr std::uint64_t packed(std::uint64_t cycle, std::int64_t permissions) noexcept {
    const auto bounded = std::clamp<std::int64_t>(
        permissions, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()
    );
    return cycle << 32 | static_cast<std::uint32_t>(static_cast<std::int32_t>(bounded));
}

/// Threads may bring times that are a little older than the last one; so many cycles count as none.
constexpr std::uint32_t tolerated_lag = 1U << 20;

}  // namespace

Result<void> RateLimiterConfig::check() const {
    if (limit_for_period < 1 || limit_for_period > 0x7FFF'FFFF) {
        return fail(Errc::invalid_argument, "limitForPeriod must be greater than or equal to 1.");
    }
    if (limit_refresh_period < Duration(1)) {
        return fail(Errc::invalid_argument, "limitRefreshPeriod must be greater than or equal to 1 ns.");
    }
    if (timeout_duration < Duration::zero()) {
        return fail(Errc::invalid_argument, "timeoutDuration must be greater than or equal to 0.");
    }
    if (event_consumer_buffer_size < 1) {
        return fail(Errc::invalid_argument, "eventConsumerBufferSize must be greater than or equal to 1.");
    }
    return {};
}

RateLimiter::RateLimiter(std::string name, RateLimiterConfig config, TimePoint start)
    : config_(config),
      start_(start),
      word_(config.algorithm == RateAlgorithm::cycle ? packed(0, config.limit_for_period) : 0),
      limit_(config.limit_for_period),
      timeout_(config.timeout_duration.count()),
      events_(std::move(name)) {}

std::optional<Duration> RateLimiter::reserve(TimePoint now, std::uint32_t permits) noexcept {
    return reserve_within(Duration::max(), now, permits);
}

std::optional<Duration> RateLimiter::reserve_within(
    Duration patience, TimePoint now, std::uint32_t permits
) noexcept {
    patience = std::min(patience, Duration(timeout_.load(std::memory_order_relaxed)));
    const std::optional<Duration> wait = config_.algorithm == RateAlgorithm::cycle
                                             ? reserve_cycle(patience, now, permits)
                                             : reserve_gcra(patience, now, permits);
    const EventType type = wait ? EventType::successful_acquire : EventType::failed_acquire;
    if (events_.wanted(type)) events_.publish({.type = type, .at = now, .attempts = permits});
    return wait;
}

RateLimiter::Cycle RateLimiter::refreshed(std::uint64_t word, TimePoint now) const noexcept {
    const auto number =
        static_cast<std::uint64_t>(std::max<std::int64_t>((now - start_) / config_.limit_refresh_period, 0));
    const auto elapsed = static_cast<std::uint32_t>(number - (word >> 32));
    const std::int32_t there = permissions_in(word);
    if (elapsed == 0 || elapsed > std::numeric_limits<std::uint32_t>::max() - tolerated_lag) {
        return {word >> 32, there};
    }
    const std::int64_t limit = limit_.load(std::memory_order_relaxed);
    // limit < 2^31 and elapsed < 2^32: no overflow
    return {number, static_cast<std::int32_t>(std::min<std::int64_t>(there + elapsed * limit, limit))};
}

std::optional<Duration> RateLimiter::reserve_cycle(
    Duration patience, TimePoint now, std::uint32_t permits
) noexcept {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (;;) {
        const Cycle cycle = refreshed(word, now);
        const std::optional<Duration> wait = wait_for(cycle, patience, now, permits);
        // A refusal too is noted at its cycle: a limit that changes later must not refill it again.
        const std::uint64_t next =
            packed(cycle.number, std::int64_t{cycle.permissions} - (wait ? permits : 0));
        if (word_.compare_exchange_weak(word, next, std::memory_order_relaxed)) return wait;
    }
}

std::optional<Duration> RateLimiter::wait_for(
    const Cycle& cycle, Duration patience, TimePoint now, std::uint32_t permits
) const noexcept {
    const std::int64_t missing = std::int64_t{permits} - cycle.permissions;
    if (missing <= 0) return Duration::zero();
    const std::int64_t limit = limit_.load(std::memory_order_relaxed);
    const std::int64_t further = missing > limit ? (missing - 1) / limit : 0;  // cycles after the next one
    const Duration period = config_.limit_refresh_period;
    if (further > (Duration::max() - period) / period) return std::nullopt;
    const Duration into = std::max((now - start_) % period, Duration::zero());
    const Duration wait = period - into + further * period;
    return wait <= patience ? std::optional(wait) : std::nullopt;
}

std::int64_t RateLimiter::emission_interval() const noexcept {
    return std::max<std::int64_t>(
        config_.limit_refresh_period.count() / limit_.load(std::memory_order_relaxed), 1
    );
}

std::int64_t RateLimiter::burst() const noexcept {
    return emission_interval() * limit_.load(std::memory_order_relaxed);
}

std::optional<Duration> RateLimiter::reserve_gcra(
    Duration patience, TimePoint now, std::uint32_t permits
) noexcept {
    const std::int64_t at = (now - start_).count();
    const std::int64_t cost = emission_interval() * permits;
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (;;) {
        const std::int64_t next = std::max(static_cast<std::int64_t>(word), at) + cost;
        const Duration wait(std::max<std::int64_t>(next - burst() - at, 0));
        if (wait > patience) return std::nullopt;
        const auto stored = static_cast<std::uint64_t>(next);
        if (word_.compare_exchange_weak(word, stored, std::memory_order_relaxed)) return wait;
    }
}

void RateLimiter::drain_permissions(TimePoint now) noexcept {
    const std::int64_t at = (now - start_).count();
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
        if (config_.algorithm == RateAlgorithm::cycle) {
            const Cycle cycle = refreshed(word, now);
            next = packed(cycle.number, std::min(cycle.permissions, 0));
        } else {
            next = static_cast<std::uint64_t>(std::max(static_cast<std::int64_t>(word), at + burst()));
        }
    } while (!word_.compare_exchange_weak(word, next, std::memory_order_relaxed));
    events_.publish({.type = EventType::drained, .at = now});
}

void RateLimiter::change_limit_for_period(std::uint32_t limit) noexcept {
    limit_.store(std::clamp(limit, 1U, 0x7FFF'FFFFU), std::memory_order_relaxed);
}

void RateLimiter::change_timeout_duration(Duration timeout) noexcept {
    timeout_.store(std::max(timeout, Duration::zero()).count(), std::memory_order_relaxed);
}

std::int64_t RateLimiter::available_permissions(TimePoint now) const noexcept {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    if (config_.algorithm == RateAlgorithm::cycle) return refreshed(word, now).permissions;
    const std::int64_t used =
        std::max<std::int64_t>(static_cast<std::int64_t>(word) - (now - start_).count(), 0);
    const std::int64_t interval = emission_interval();
    const std::int64_t left = burst() - used;
    return left >= 0 ? left / interval : -((-left + interval - 1) / interval);
}

Error RateLimiter::refusal() const {
    return {
        ResilienceErrc::request_not_permitted, "RateLimiter '" + name() + "' does not permit further calls"
    };
}

}  // namespace flotilla::resilience
