#include "flotilla/resilience/time_limiter.hpp"

#include <utility>

namespace flotilla::resilience {

Result<void> TimeLimiterConfig::check() const {
    if (timeout_duration < Duration::zero()) {
        return fail(Errc::invalid_argument, "timeoutDuration must be greater than or equal to 0.");
    }
    if (event_consumer_buffer_size < 1) {
        return fail(Errc::invalid_argument, "eventConsumerBufferSize must be greater than or equal to 1.");
    }
    return {};
}

TimeLimiter::TimeLimiter(std::string name, TimeLimiterConfig config)
    : config_(config), events_(std::move(name)) {}

void TimeLimiter::succeeded(TimePoint now) {
    successful_.fetch_add(1, std::memory_order_relaxed);
    events_.publish({.type = EventType::success, .at = now});
}

void TimeLimiter::failed(TimePoint now, const Error& error) {
    if (error.code() == Errc::timed_out || error.code() == ResilienceErrc::time_limit_exceeded) {
        timeout_.fetch_add(1, std::memory_order_relaxed);
        events_.publish({.type = EventType::timeout, .at = now});
        return;
    }
    failed_.fetch_add(1, std::memory_order_relaxed);
    if (events_.wanted(EventType::error)) {
        events_.publish({.type = EventType::error, .at = now, .message = error.message()});
    }
}

Error TimeLimiter::timed_out(TimePoint now) {
    timeout_.fetch_add(1, std::memory_order_relaxed);
    events_.publish({.type = EventType::timeout, .at = now});
    return {
        ResilienceErrc::time_limit_exceeded, "TimeLimiter '" + name() + "' recorded a timeout exception."
    };
}

TimeLimiter::Counts TimeLimiter::counts() const noexcept {
    return {
        .successful = successful_.load(std::memory_order_relaxed),
        .failed = failed_.load(std::memory_order_relaxed),
        .timeout = timeout_.load(std::memory_order_relaxed),
    };
}

}  // namespace flotilla::resilience
