#pragma once
/// All policies of a program, by kind and name, with the settings of `resilience4j.*`.
///
///     FLT_TRY(auto policies, Policies::of(properties, clock));
///     CircuitBreaker& orders = policies->circuit_breakers().get("order-service");

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/bulkhead.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "flotilla/resilience/properties.hpp"
#include "flotilla/resilience/rate_limiter.hpp"
#include "flotilla/resilience/registry.hpp"
#include "flotilla/resilience/retry.hpp"
#include "flotilla/resilience/retry_budget.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/resilience/timer.hpp"

namespace flotilla::resilience {

/// Configured instances exist from the start, others from when they are asked for. Each keeps its last events
/// for the actuator (rate limiters only when they are told to). Owned by main; outlives all calls.
class Policies {
public:
    /// Fails with the first setting that is wrong. `clock` outlives the policies.
    static Result<std::unique_ptr<Policies>> of(
        const ResilienceProperties& properties, const Clock& clock, const ErrorPredicates& predicates = {}
    );

    [[nodiscard]] Registry<CircuitBreaker>& circuit_breakers() noexcept { return circuit_breakers_; }

    [[nodiscard]] const Registry<CircuitBreaker>& circuit_breakers() const noexcept {
        return circuit_breakers_;
    }

    [[nodiscard]] Registry<Retry>& retries() noexcept { return retries_; }

    [[nodiscard]] const Registry<Retry>& retries() const noexcept { return retries_; }

    [[nodiscard]] Registry<Bulkhead>& bulkheads() noexcept { return bulkheads_; }

    [[nodiscard]] const Registry<Bulkhead>& bulkheads() const noexcept { return bulkheads_; }

    [[nodiscard]] Registry<QueueBulkhead>& queue_bulkheads() noexcept { return queue_bulkheads_; }

    [[nodiscard]] const Registry<QueueBulkhead>& queue_bulkheads() const noexcept { return queue_bulkheads_; }

    [[nodiscard]] Registry<RateLimiter>& rate_limiters() noexcept { return rate_limiters_; }

    [[nodiscard]] const Registry<RateLimiter>& rate_limiters() const noexcept { return rate_limiters_; }

    [[nodiscard]] Registry<TimeLimiter>& time_limiters() noexcept { return time_limiters_; }

    [[nodiscard]] const Registry<TimeLimiter>& time_limiters() const noexcept { return time_limiters_; }

    [[nodiscard]] Registry<Timer>& timers() noexcept { return timers_; }

    [[nodiscard]] const Registry<Timer>& timers() const noexcept { return timers_; }

    /// By target service, shared by all who call it.
    [[nodiscard]] Registry<RetryBudget>& retry_budgets() noexcept { return retry_budgets_; }

    /// Whether configuration names an instance: a call then uses it without being told.
    [[nodiscard]] bool has_retry(const std::string& name) const {
        return properties_.retry.instances.contains(name);
    }

    [[nodiscard]] bool has_bulkhead(const std::string& name) const {
        return properties_.bulkhead.instances.contains(name);
    }

    [[nodiscard]] bool has_queue_bulkhead(const std::string& name) const {
        return properties_.thread_pool_bulkhead.instances.contains(name);
    }

    [[nodiscard]] bool has_rate_limiter(const std::string& name) const {
        return properties_.ratelimiter.instances.contains(name);
    }

    [[nodiscard]] bool has_time_limiter(const std::string& name) const {
        return properties_.timelimiter.instances.contains(name);
    }

    [[nodiscard]] bool has_timer(const std::string& name) const {
        return properties_.micrometer.timer.instances.contains(name);
    }

    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

    /// Does what has fallen due in all breakers; see CircuitBreaker::tick.
    void tick(TimePoint now);
    /// When the next tick has something to do.
    [[nodiscard]] std::optional<TimePoint> timer() const;

private:
    Policies(ResilienceProperties properties, const Clock& clock, ErrorPredicates predicates);

    const ResilienceProperties properties_;
    const Clock& clock_;
    const ErrorPredicates predicates_;
    Registry<CircuitBreaker> circuit_breakers_;
    Registry<Retry> retries_;
    Registry<Bulkhead> bulkheads_;
    Registry<QueueBulkhead> queue_bulkheads_;
    Registry<RateLimiter> rate_limiters_;
    Registry<TimeLimiter> time_limiters_;
    Registry<Timer> timers_;
    Registry<RetryBudget> retry_budgets_;
};

}  // namespace flotilla::resilience
