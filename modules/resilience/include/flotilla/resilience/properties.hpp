#pragma once
/// `resilience4j.*` as it is written in configuration: every key may be missing, and what is missing comes
/// from `baseConfig`, from `configs.default` and in the end from the defaults of the policies.
///
///     FLT_TRY(auto properties, environment.bind<ResilienceProperties>("resilience4j"));
///     FLT_TRY(auto policies, Policies::of(properties, clock));

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/resilience/bulkhead.hpp"
#include "flotilla/resilience/circuit_breaker_config.hpp"
#include "flotilla/resilience/rate_limiter.hpp"
#include "flotilla/resilience/retry.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/resilience/timer.hpp"

namespace flotilla::resilience {

FLT_DESCRIBE_ENUM_UPPER(BreakerState, closed, open, half_open, disabled, forced_open, metrics_only)
FLT_DESCRIBE_ENUM_UPPER(SlidingWindowType, count_based, time_based)
FLT_DESCRIBE_ENUM_KEBAB(LateResults, ignore, record)
FLT_DESCRIBE_ENUM_KEBAB(RateAlgorithm, cycle, gcra)

struct CircuitBreakerProperties {
    std::optional<std::string> base_config{};
    std::optional<float> failure_rate_threshold{};
    std::optional<float> slow_call_rate_threshold{};
    std::optional<Duration> slow_call_duration_threshold{};
    std::optional<SlidingWindowType> sliding_window_type{};
    std::optional<std::int64_t> sliding_window_size{};
    std::optional<std::int64_t> minimum_number_of_calls{};
    std::optional<Duration> wait_duration_in_open_state{};
    std::optional<bool> enable_exponential_backoff{};
    std::optional<double> exponential_backoff_multiplier{};
    std::optional<Duration> exponential_max_wait_duration_in_open_state{};
    std::optional<bool> enable_randomized_wait{};
    std::optional<double> randomized_wait_factor{};
    std::optional<std::int64_t> permitted_number_of_calls_in_half_open_state{};
    std::optional<Duration> max_wait_duration_in_half_open_state{};
    std::optional<BreakerState> transition_to_state_after_wait_duration{};
    std::optional<bool> automatic_transition_from_open_to_half_open_enabled{};
    std::optional<BreakerState> initial_state{};
    std::optional<std::vector<std::string>> record_exceptions{};
    std::optional<std::string> record_failure_predicate{};
    std::optional<std::vector<std::string>> ignore_exceptions{};
    std::optional<std::string> ignore_exception_predicate{};
    std::optional<std::vector<std::string>> record_result_predicate{};
    std::optional<LateResults> late_results{};
    std::optional<bool> register_health_indicator{};
    std::optional<bool> allow_health_indicator_to_fail{};
    std::optional<std::int64_t> event_consumer_buffer_size{};
    std::optional<bool> writable_stack_trace_enabled{};
};

FLT_DESCRIBE_CONFIG(
    CircuitBreakerProperties,
    (base_config, "The entry of configs that this one stands on."),
    (failure_rate_threshold, "Percent of failed calls that opens the circuit."),
    (slow_call_rate_threshold, "Percent of slow calls that opens it."),
    (slow_call_duration_threshold, "A longer call is slow."),
    (sliding_window_type, "COUNT_BASED: the last calls; TIME_BASED: the last seconds."),
    (sliding_window_size, "How many of them."),
    (minimum_number_of_calls, "Calls in the window before the rates are looked at."),
    (wait_duration_in_open_state, "How long calls are refused before probing."),
    (enable_exponential_backoff, "Waits longer each time the probes fail."),
    (exponential_backoff_multiplier, "By that factor."),
    (exponential_max_wait_duration_in_open_state, "At most; only together with the multiplier."),
    (enable_randomized_wait, "Spreads the wait at random."),
    (randomized_wait_factor, "By that part of it to both sides."),
    (permitted_number_of_calls_in_half_open_state, "Probe calls let through after the wait."),
    (max_wait_duration_in_half_open_state, "Probing ends after that time; 0: never."),
    (transition_to_state_after_wait_duration, "And goes to OPEN or CLOSED."),
    (automatic_transition_from_open_to_half_open_enabled, "Probing begins without waiting for a call."),
    (initial_state, "State at the start."),
    (record_exceptions, "Errors that are failures; all unless listed."),
    (record_failure_predicate, "Name of a function of the program that says so."),
    (ignore_exceptions, "Errors that do not count at all."),
    (ignore_exception_predicate, "Name of a function of the program that says so."),
    (record_result_predicate, "Answers that are failures, such as http.5xx."),
    (late_results, "Results of calls admitted in a former state: ignore, or record as Resilience4j does."),
    (register_health_indicator, "Shows it in the health endpoint."),
    (allow_health_indicator_to_fail, "OPEN is DOWN there."),
    (event_consumer_buffer_size, "How many events the actuator keeps."),
    (writable_stack_trace_enabled, "Accepted and ignored: errors have no stack traces.")
)

struct RetryProperties {
    std::optional<std::string> base_config{};
    std::optional<std::int64_t> max_attempts{};
    std::optional<Duration> wait_duration{};
    std::optional<bool> enable_exponential_backoff{};
    std::optional<double> exponential_backoff_multiplier{};
    std::optional<Duration> exponential_max_wait_duration{};
    std::optional<bool> enable_randomized_wait{};
    std::optional<double> randomized_wait_factor{};
    std::optional<std::vector<std::string>> retry_exceptions{};
    std::optional<std::string> retry_exception_predicate{};
    std::optional<std::vector<std::string>> ignore_exceptions{};
    std::optional<std::vector<std::string>> result_predicate{};
    std::optional<bool> retry_not_permitted{};
    std::optional<bool> fail_after_max_attempts{};
    std::optional<std::int64_t> event_consumer_buffer_size{};
};

FLT_DESCRIBE_CONFIG(
    RetryProperties,
    (base_config, "The entry of configs that this one stands on."),
    (max_attempts, "Attempts, the first call among them."),
    (wait_duration, "Wait before the next attempt."),
    (enable_exponential_backoff, "Waits longer each time."),
    (exponential_backoff_multiplier, "By that factor."),
    (exponential_max_wait_duration, "At most; only together with the multiplier."),
    (enable_randomized_wait, "Spreads the wait at random."),
    (randomized_wait_factor, "By that part of it to both sides."),
    (retry_exceptions, "Errors that are tried again; all unless listed."),
    (retry_exception_predicate, "Name of a function of the program that says so."),
    (ignore_exceptions, "Errors that are never tried again."),
    (result_predicate, "Answers that are asked for again, such as http.503."),
    (retry_not_permitted, "Tries again after a refusal of a breaker, limiter or bulkhead."),
    (fail_after_max_attempts, "An answer that is still bad after the last attempt becomes an error."),
    (event_consumer_buffer_size, "How many events the actuator keeps.")
)

struct BulkheadProperties {
    std::optional<std::string> base_config{};
    std::optional<std::int64_t> max_concurrent_calls{};
    std::optional<Duration> max_wait_duration{};
    std::optional<bool> fair_call_handling_enabled{};
    std::optional<bool> writable_stack_trace_enabled{};
    std::optional<std::int64_t> event_consumer_buffer_size{};
};

FLT_DESCRIBE_CONFIG(
    BulkheadProperties,
    (base_config, "The entry of configs that this one stands on."),
    (max_concurrent_calls, "Calls at once."),
    (max_wait_duration, "How long a call waits for its place."),
    (fair_call_handling_enabled, "Accepted: callers always take their turn."),
    (writable_stack_trace_enabled, "Accepted and ignored: errors have no stack traces."),
    (event_consumer_buffer_size, "How many events the actuator keeps.")
)

struct ThreadPoolBulkheadProperties {
    std::optional<std::string> base_config{};
    std::optional<std::int64_t> core_thread_pool_size{};
    std::optional<std::int64_t> max_thread_pool_size{};
    std::optional<std::int64_t> queue_capacity{};
    std::optional<Duration> keep_alive_duration{};
    std::optional<bool> writable_stack_trace_enabled{};
    std::optional<std::int64_t> event_consumer_buffer_size{};
};

FLT_DESCRIBE_CONFIG(
    ThreadPoolBulkheadProperties,
    (base_config, "The entry of configs that this one stands on."),
    (core_thread_pool_size, "Calls at once before others queue up."),
    (max_thread_pool_size, "Calls at once when the queue is full."),
    (queue_capacity, "How many may wait; 0: none."),
    (keep_alive_duration, "Accepted: there are no threads to keep."),
    (writable_stack_trace_enabled, "Accepted and ignored: errors have no stack traces."),
    (event_consumer_buffer_size, "How many events the actuator keeps.")
)

struct RateLimiterProperties {
    std::optional<std::string> base_config{};
    std::optional<std::int64_t> limit_for_period{};
    std::optional<Duration> limit_refresh_period{};
    std::optional<Duration> timeout_duration{};
    std::optional<RateAlgorithm> algorithm{};
    std::optional<bool> subscribe_for_events{};
    std::optional<bool> register_health_indicator{};
    std::optional<bool> allow_health_indicator_to_fail{};
    std::optional<bool> writable_stack_trace_enabled{};
    std::optional<std::int64_t> event_consumer_buffer_size{};
};

FLT_DESCRIBE_CONFIG(
    RateLimiterProperties,
    (base_config, "The entry of configs that this one stands on."),
    (limit_for_period, "Calls in each period."),
    (limit_refresh_period, "Length of a period."),
    (timeout_duration, "The longest that a call waits for its turn."),
    (algorithm, "cycle: so many in each period; gcra: evenly spread."),
    (subscribe_for_events, "Keeps events for the actuator."),
    (register_health_indicator, "Shows it in the health endpoint."),
    (allow_health_indicator_to_fail, "Having no permission left is DOWN there."),
    (writable_stack_trace_enabled, "Accepted and ignored: errors have no stack traces."),
    (event_consumer_buffer_size, "How many events the actuator keeps.")
)

struct TimeLimiterProperties {
    std::optional<std::string> base_config{};
    std::optional<Duration> timeout_duration{};
    std::optional<bool> cancel_running_future{};
    std::optional<std::int64_t> event_consumer_buffer_size{};
};

FLT_DESCRIBE_CONFIG(
    TimeLimiterProperties,
    (base_config, "The entry of configs that this one stands on."),
    (timeout_duration, "How long a call may take."),
    (cancel_running_future, "Whether a call that took too long is cancelled."),
    (event_consumer_buffer_size, "How many events the actuator keeps.")
)

struct TimerProperties {
    std::optional<std::string> base_config{};
    std::optional<std::string> metric_names{};
    std::optional<std::string> on_failure_tag_resolver{};
    std::optional<std::int64_t> event_consumer_buffer_size{};
};

FLT_DESCRIBE_CONFIG(
    TimerProperties,
    (base_config, "The entry of configs that this one stands on."),
    (metric_names, "Name of the meter."),
    (on_failure_tag_resolver, "Accepted and ignored: the tag is the error's name, such as http.404."),
    (event_consumer_buffer_size, "How many events the actuator keeps.")
)

struct CircuitBreakerSection {
    std::map<std::string, CircuitBreakerProperties> configs{};
    std::map<std::string, CircuitBreakerProperties> instances{};
    std::optional<std::int32_t> circuit_breaker_aspect_order{};
};

struct RetrySection {
    std::map<std::string, RetryProperties> configs{};
    std::map<std::string, RetryProperties> instances{};
    std::optional<std::int32_t> retry_aspect_order{};
};

struct BulkheadSection {
    std::map<std::string, BulkheadProperties> configs{};
    std::map<std::string, BulkheadProperties> instances{};
    std::optional<std::int32_t> bulkhead_aspect_order{};
};

struct ThreadPoolBulkheadSection {
    std::map<std::string, ThreadPoolBulkheadProperties> configs{};
    std::map<std::string, ThreadPoolBulkheadProperties> instances{};
};

struct RateLimiterSection {
    std::map<std::string, RateLimiterProperties> configs{};
    std::map<std::string, RateLimiterProperties> instances{};
    std::optional<std::int32_t> rate_limiter_aspect_order{};
};

struct TimeLimiterSection {
    std::map<std::string, TimeLimiterProperties> configs{};
    std::map<std::string, TimeLimiterProperties> instances{};
    std::optional<std::int32_t> time_limiter_aspect_order{};
};

struct TimerSection {
    std::map<std::string, TimerProperties> configs{};
    std::map<std::string, TimerProperties> instances{};
    std::optional<std::int32_t> timer_aspect_order{};
};

/// `resilience4j.micrometer.*`
struct MicrometerSection {
    TimerSection timer{};
};

FLT_DESCRIBE_CONFIG(
    CircuitBreakerSection,
    (configs, "Settings to stand on, by name; default is what all stand on."),
    (instances, "Circuit breakers by name."),
    (circuit_breaker_aspect_order, "Accepted and ignored: the order of policies is fixed.")
)
FLT_DESCRIBE_CONFIG(
    RetrySection,
    (configs, "Settings to stand on, by name; default is what all stand on."),
    (instances, "Retries by name."),
    (retry_aspect_order, "Accepted and ignored: the order of policies is fixed.")
)
FLT_DESCRIBE_CONFIG(
    BulkheadSection,
    (configs, "Settings to stand on, by name; default is what all stand on."),
    (instances, "Bulkheads by name."),
    (bulkhead_aspect_order, "Accepted and ignored: the order of policies is fixed.")
)
FLT_DESCRIBE_CONFIG(
    ThreadPoolBulkheadSection,
    (configs, "Settings to stand on, by name; default is what all stand on."),
    (instances, "Bulkheads with a queue by name.")
)
FLT_DESCRIBE_CONFIG(
    RateLimiterSection,
    (configs, "Settings to stand on, by name; default is what all stand on."),
    (instances, "Rate limiters by name."),
    (rate_limiter_aspect_order, "Accepted and ignored: the order of policies is fixed.")
)
FLT_DESCRIBE_CONFIG(
    TimeLimiterSection,
    (configs, "Settings to stand on, by name; default is what all stand on."),
    (instances, "Time limiters by name."),
    (time_limiter_aspect_order, "Accepted and ignored: the order of policies is fixed.")
)

FLT_DESCRIBE_CONFIG(
    TimerSection,
    (configs, "Settings to stand on, by name; default is what all stand on."),
    (instances, "Timers by name."),
    (timer_aspect_order, "Accepted and ignored: the order of policies is fixed.")
)
FLT_DESCRIBE_CONFIG(MicrometerSection, (timer, "Timers."))

/// `resilience4j.*`
struct ResilienceProperties {
    CircuitBreakerSection circuitbreaker{};
    RetrySection retry{};
    BulkheadSection bulkhead{};
    ThreadPoolBulkheadSection thread_pool_bulkhead{};
    RateLimiterSection ratelimiter{};
    TimeLimiterSection timelimiter{};
    MicrometerSection micrometer{};
};

FLT_DESCRIBE_CONFIG(
    ResilienceProperties,
    (circuitbreaker, "Circuit breakers."),
    (retry, "Retries."),
    (bulkhead, "Bulkheads."),
    (thread_pool_bulkhead, "Bulkheads with a queue."),
    (ratelimiter, "Rate limiters."),
    (timelimiter, "Time limiters."),
    (micrometer, "Timers.")
)

/// Functions of the program that configuration can name.
using ErrorPredicates = std::map<std::string, std::function<bool(const Error&)>>;

/// The complete settings of the policy `name`: its instance, else the config of its name, else that of its
/// group, else the default. Errors name the key as it is written.
Result<CircuitBreakerConfig> resolve(
    const CircuitBreakerSection& section,
    std::string_view name,
    std::string_view group = {},
    const ErrorPredicates& predicates = {}
);
Result<RetryConfig> resolve(
    const RetrySection& section,
    std::string_view name,
    std::string_view group = {},
    const ErrorPredicates& predicates = {}
);
Result<BulkheadConfig> resolve(
    const BulkheadSection& section, std::string_view name, std::string_view group = {}
);
Result<QueueBulkheadConfig> resolve(
    const ThreadPoolBulkheadSection& section, std::string_view name, std::string_view group = {}
);
Result<RateLimiterConfig> resolve(
    const RateLimiterSection& section, std::string_view name, std::string_view group = {}
);
Result<TimeLimiterConfig> resolve(
    const TimeLimiterSection& section, std::string_view name, std::string_view group = {}
);
Result<TimerConfig> resolve(const TimerSection& section, std::string_view name, std::string_view group = {});

}  // namespace flotilla::resilience
