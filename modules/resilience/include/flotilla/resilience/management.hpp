#pragma once
/// The documents that the actuator shows about policies, in the shapes of Resilience4j's endpoints.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/reflect/value.hpp"
#include "flotilla/resilience/policies.hpp"

namespace flotilla::resilience {

/// As Java prints a float, with a percent sign: `100.0%`, `14.285714%`, `-1.0%`.
std::string percent_text(float rate);

/// `{"circuitBreakers":{"x":{"failureRate":…}}}`
reflect::Json circuit_breakers_json(Policies& policies, TimePoint now);

/// What POST `{"updateState":"FORCE_OPEN"}` does: CLOSE, FORCE_OPEN or DISABLE in any case. Fails with
/// `not_found` for an unknown breaker and `invalid_argument` for another word.
Result<reflect::Json> update_circuit_breaker(
    Policies& policies, std::string_view name, std::string_view update_state, TimePoint now
);

/// `{"retries":["a","b"]}`, sorted; bulkheads are of both kinds.
reflect::Json retries_json(const Policies& policies);
reflect::Json rate_limiters_json(const Policies& policies);
reflect::Json bulkheads_json(const Policies& policies);
reflect::Json time_limiters_json(const Policies& policies);
reflect::Json timers_json(const Policies& policies);

/// Whose events, and which; empty for all.
struct EventFilter {
    std::string name{};
    std::string type{};
};

/// `{"circuitBreakerEvents":[…]}`, oldest first. An unknown name gives an empty list, an unknown type the
/// error `invalid_argument`.
Result<reflect::Json> circuit_breaker_events_json(const Policies& policies, const EventFilter& filter);
Result<reflect::Json> retry_events_json(const Policies& policies, const EventFilter& filter);
Result<reflect::Json> rate_limiter_events_json(const Policies& policies, const EventFilter& filter);
Result<reflect::Json> bulkhead_events_json(const Policies& policies, const EventFilter& filter);
Result<reflect::Json> time_limiter_events_json(const Policies& policies, const EventFilter& filter);
Result<reflect::Json> timer_events_json(const Policies& policies, const EventFilter& filter);

/// One event as it stands in those lists: for streams.
reflect::Json circuit_breaker_event_json(std::string_view name, const Event& event, const Clock& clock);

/// What a policy says to the health endpoint.
struct PolicyHealth {
    std::string name;
    std::string status;  ///< UP, DOWN, UNKNOWN, CIRCUIT_OPEN, CIRCUIT_HALF_OPEN, RATE_LIMITED
    reflect::Json details;
};

/// Of those with `registerHealthIndicator`.
std::vector<PolicyHealth> circuit_breakers_health(Policies& policies, TimePoint now);
std::vector<PolicyHealth> rate_limiters_health(Policies& policies, TimePoint now);

}  // namespace flotilla::resilience
