#pragma once
/// What stands around the calls of a method: policies of the resilience module, by name.

#include <functional>
#include <string_view>

namespace flotilla::resilience {
class Bulkhead;
class CircuitBreaker;
class Policies;
class QueueBulkhead;
class RateLimiter;
class Retry;
class TimeLimiter;
class Timer;
}  // namespace flotilla::resilience

namespace flotilla::remote {

/// All may be absent; what is there outlives the Remote. In Resilience4j's order, from outside to inside.
struct Guards {
    resilience::Retry* retry = nullptr;
    resilience::CircuitBreaker* breaker = nullptr;
    resilience::RateLimiter* rate_limiter = nullptr;
    resilience::TimeLimiter* time_limiter = nullptr;
    resilience::Bulkhead* bulkhead = nullptr;
    resilience::QueueBulkhead* queue_bulkhead = nullptr;
    resilience::Timer* timer = nullptr;

    [[nodiscard]] bool any() const noexcept {
        return retry || breaker || rate_limiter || time_limiter || bulkhead || queue_bulkhead || timer;
    }
};

/// Who asks for guards.
struct GuardRequest {
    std::string_view id;     ///< `OrderClientgetOrdersString`, or a name from the configuration
    std::string_view group;  ///< the client; empty for none
    /// True: a circuit breaker and a time limit are wanted though nothing is configured under that name.
    bool make_breaker = false;
};

/// Called once for each method, when its client is made.
using GuardsFor = std::function<Guards(const GuardRequest&)>;

/// Those of `resilience4j.*`: what has an instance of the id there, and a circuit breaker where one is
/// wanted. With `time_limits` such a breaker brings a time limit of a second, unless another is configured,
/// as in Spring Cloud. `policies` outlives the guards.
GuardsFor guards_of(resilience::Policies& policies, bool time_limits = true);

}  // namespace flotilla::remote
