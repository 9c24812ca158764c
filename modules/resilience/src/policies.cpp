#include "flotilla/resilience/policies.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace flotilla::resilience {

namespace {

/// Every entry that can ever be asked for must be right from the start.
template <class Section, class... Predicates>
Result<void> check_all(const Section& section, const Predicates&... predicates) {
    FLT_CHECK(resolve(section, "", "", predicates...));
    for (const auto& [name, properties] : section.configs) {
        FLT_CHECK(resolve(section, name, "", predicates...));
    }
    for (const auto& [name, properties] : section.instances) {
        FLT_CHECK(resolve(section, name, "", predicates...));
    }
    return {};
}

template <class Policy>
std::unique_ptr<Policy> keeping_events(std::unique_ptr<Policy> policy) {
    policy->events().keep(policy->config().event_consumer_buffer_size);
    return policy;
}

}  // namespace

Result<std::unique_ptr<Policies>> Policies::of(
    const ResilienceProperties& properties, const Clock& clock, const ErrorPredicates& predicates
) {
    FLT_CHECK(check_all(properties.circuitbreaker, predicates));
    FLT_CHECK(check_all(properties.retry, predicates));
    FLT_CHECK(check_all(properties.bulkhead));
    FLT_CHECK(check_all(properties.thread_pool_bulkhead));
    FLT_CHECK(check_all(properties.ratelimiter));
    FLT_CHECK(check_all(properties.timelimiter));
    FLT_CHECK(check_all(properties.micrometer.timer));
    std::unique_ptr<Policies> policies(new Policies(properties, clock, predicates));
    for (const auto& [name, own] : properties.circuitbreaker.instances) policies->circuit_breakers_.get(name);
    for (const auto& [name, own] : properties.retry.instances) policies->retries_.get(name);
    for (const auto& [name, own] : properties.bulkhead.instances) policies->bulkheads_.get(name);
    for (const auto& [name, own] : properties.thread_pool_bulkhead.instances) {
        policies->queue_bulkheads_.get(name);
    }
    for (const auto& [name, own] : properties.ratelimiter.instances) policies->rate_limiters_.get(name);
    for (const auto& [name, own] : properties.timelimiter.instances) policies->time_limiters_.get(name);
    for (const auto& [name, own] : properties.micrometer.timer.instances) policies->timers_.get(name);
    return policies;
}

// The settings have been checked: `value()` cannot throw.
Policies::Policies(ResilienceProperties properties, const Clock& clock, ErrorPredicates predicates)
    : properties_(std::move(properties)),
      clock_(clock),
      predicates_(std::move(predicates)),
      circuit_breakers_([this](const std::string& name, const std::string& group) {
          auto config = resolve(properties_.circuitbreaker, name, group, predicates_).value();
          return keeping_events(std::make_unique<CircuitBreaker>(name, std::move(config), clock_));
      }),
      retries_([this](const std::string& name, const std::string& group) {
          auto config = resolve(properties_.retry, name, group, predicates_).value();
          return keeping_events(std::make_unique<Retry>(name, std::move(config)));
      }),
      bulkheads_([this](const std::string& name, const std::string& group) {
          auto config = resolve(properties_.bulkhead, name, group).value();
          return keeping_events(std::make_unique<Bulkhead>(name, config, clock_));
      }),
      queue_bulkheads_([this](const std::string& name, const std::string& group) {
          auto config = resolve(properties_.thread_pool_bulkhead, name, group).value();
          return keeping_events(std::make_unique<QueueBulkhead>(name, config, clock_));
      }),
      rate_limiters_([this](const std::string& name, const std::string& group) {
          const auto config = resolve(properties_.ratelimiter, name, group).value();
          auto limiter = std::make_unique<RateLimiter>(name, config, clock_.now());
          return config.subscribe_for_events ? keeping_events(std::move(limiter)) : std::move(limiter);
      }),
      time_limiters_([this](const std::string& name, const std::string& group) {
          const auto config = resolve(properties_.timelimiter, name, group).value();
          return keeping_events(std::make_unique<TimeLimiter>(name, config));
      }),
      timers_([this](const std::string& name, const std::string& group) {
          auto config = resolve(properties_.micrometer.timer, name, group).value();
          return keeping_events(std::make_unique<Timer>(name, std::move(config)));
      }),
      retry_budgets_([](const std::string&, const std::string&) { return std::make_unique<RetryBudget>(); }) {
}

void Policies::tick(TimePoint now) {
    for (CircuitBreaker* breaker : circuit_breakers_.all()) breaker->tick(now);
}

std::optional<TimePoint> Policies::timer() const {
    std::optional<TimePoint> next;
    for (const CircuitBreaker* breaker : circuit_breakers_.all()) {
        if (const auto due = breaker->timer(); due && (!next || *due < *next)) next = due;
    }
    return next;
}

}  // namespace flotilla::resilience
