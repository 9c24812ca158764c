#include "flotilla/resilience/circuit_breaker_config.hpp"

#include <array>
#include <string>

namespace flotilla::resilience {

std::string_view to_string(BreakerState state) noexcept {
    constexpr std::array<std::string_view, 6> names{
        "CLOSED", "OPEN", "HALF_OPEN", "DISABLED", "FORCED_OPEN", "METRICS_ONLY"
    };
    return names[static_cast<std::size_t>(state)];
}

ErrorRules::Verdict ErrorRules::judge(const Error& error) const {
    if (ignored.matches(error) || (ignore && ignore(error))) return Verdict::ignored;
    if (recorded.empty() && !record) return Verdict::failure;
    return recorded.matches(error) || (record && record(error)) ? Verdict::failure : Verdict::success;
}

Result<void> CircuitBreakerConfig::check() const {
    const auto refuse = [](std::string_view key, std::string_view rule) -> Result<void> {
        return fail(Errc::invalid_argument, std::string(key) + " must be " + std::string(rule) + ".");
    };
    const auto percent = [](float value) { return value > 0 && value <= 100; };
    if (!percent(failure_rate_threshold)) return refuse("failureRateThreshold", "between 1 and 100");
    if (!percent(slow_call_rate_threshold)) return refuse("slowCallRateThreshold", "between 1 and 100");
    if (slow_call_duration_threshold < Duration(1))
        return refuse("slowCallDurationThreshold", "at least 1 ns");
    if (sliding_window_size < 1) return refuse("slidingWindowSize", "greater than or equal to 1");
    // Each second has a bucket of its own.
    if (sliding_window_type == SlidingWindowType::time_based && sliding_window_size > 86'400) {
        return refuse("slidingWindowSize", "less than or equal to 86400 seconds");
    }
    if (minimum_number_of_calls < 1) return refuse("minimumNumberOfCalls", "greater than or equal to 1");
    if (permitted_number_of_calls_in_half_open_state < 1) {
        return refuse("permittedNumberOfCallsInHalfOpenState", "greater than or equal to 1");
    }
    if (!wait_in_open_state.custom && wait_in_open_state.initial < std::chrono::milliseconds(1)) {
        return refuse("waitDurationInOpenState", "greater than or equal to 1 millis");
    }
    if (!(wait_in_open_state.multiplier > 0)) return refuse("exponentialBackoffMultiplier", "greater than 0");
    if (!(wait_in_open_state.random_factor >= 0) || wait_in_open_state.random_factor > 1) {
        return refuse("randomizedWaitFactor", "between 0 and 1");
    }
    if (max_wait_duration_in_half_open_state < Duration::zero()) {
        return refuse("maxWaitDurationInHalfOpenState", "greater than or equal to 0");
    }
    if (transition_to_state_after_wait_duration != BreakerState::open &&
        transition_to_state_after_wait_duration != BreakerState::closed) {
        return refuse("transitionToStateAfterWaitDuration", "OPEN or CLOSED");
    }
    if (event_consumer_buffer_size < 1)
        return refuse("eventConsumerBufferSize", "greater than or equal to 1");
    return {};
}

}  // namespace flotilla::resilience
