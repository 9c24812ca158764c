#pragma once
/// Settings of a circuit breaker, complete and checked; properties.hpp makes them from `resilience4j.*`.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/backoff.hpp"
#include "flotilla/resilience/errors.hpp"

namespace flotilla::resilience {

enum class BreakerState : std::uint8_t { closed, open, half_open, disabled, forced_open, metrics_only };

/// `HALF_OPEN`
std::string_view to_string(BreakerState state) noexcept;

enum class SlidingWindowType : std::uint8_t { count_based, time_based };

/// What becomes of a call that ends after the state in which it was admitted.
enum class LateResults : std::uint8_t {
    ignore,  ///< counted as stale
    record,  ///< counts for the state of now, as Resilience4j does
};

/// Which errors are failures: one in `ignored` never counts, whatever else; one in `recorded` (every error,
/// unless names or a function are given) is a failure; any other is a success. A function adds to the list.
struct ErrorRules {
    ErrorMatcher recorded{};
    ErrorMatcher ignored{};
    std::function<bool(const Error&)> record{};
    std::function<bool(const Error&)> ignore{};

    enum class Verdict : std::uint8_t { failure, success, ignored };

    [[nodiscard]] Verdict judge(const Error& error) const;
};

struct CircuitBreakerConfig {
    float failure_rate_threshold = 50;     ///< percent
    float slow_call_rate_threshold = 100;  ///< percent
    Duration slow_call_duration_threshold = std::chrono::seconds(60);
    SlidingWindowType sliding_window_type = SlidingWindowType::count_based;
    std::uint32_t sliding_window_size = 100;  ///< calls or seconds
    std::uint32_t minimum_number_of_calls = 100;
    /// By how often the breaker has opened without closing in between.
    Backoff wait_in_open_state = Backoff::fixed(std::chrono::seconds(60));
    bool automatic_transition_from_open_to_half_open_enabled = false;
    std::uint32_t permitted_number_of_calls_in_half_open_state = 10;
    Duration max_wait_duration_in_half_open_state{};                            ///< 0: for ever
    BreakerState transition_to_state_after_wait_duration = BreakerState::open;  ///< or closed
    BreakerState initial_state = BreakerState::closed;
    ErrorRules errors{};
    /// Answers that are failures all the same, such as `http.5xx`; whoever makes the call looks them up.
    ErrorMatcher recorded_results{};
    LateResults late_results = LateResults::ignore;
    bool register_health_indicator = false;
    bool allow_health_indicator_to_fail = false;
    std::size_t event_consumer_buffer_size = 100;

    /// The first setting that is out of its range, by the name of its property.
    [[nodiscard]] Result<void> check() const;
};

}  // namespace flotilla::resilience
