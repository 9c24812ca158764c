#include "flotilla/resilience/properties.hpp"

#include <limits>
#include <set>
#include <thread>
#include <utility>

#include "flotilla/reflect/types.hpp"

namespace flotilla::resilience {

namespace {

using std::chrono::milliseconds;

/// What `upper` leaves open comes from `base`.
template <class Properties>
void inherit(Properties& upper, const Properties& base) {
    reflect::for_each_field<Properties>([&]<class F>(F) {
        auto& field = upper.*F::pointer;
        if (!field) field = base.*F::pointer;
    });
}

/// The wait in OPEN belongs together: whoever has a wait of its own has nothing of it from its base, and
/// back-off keys without a wait beside them do nothing.
void inherit(CircuitBreakerProperties& upper, const CircuitBreakerProperties& base) {
    CircuitBreakerProperties own = upper;
    inherit<CircuitBreakerProperties>(upper, base);
    const CircuitBreakerProperties& from = own.wait_duration_in_open_state ? own : base;
    upper.enable_exponential_backoff = from.enable_exponential_backoff;
    upper.exponential_backoff_multiplier = from.exponential_backoff_multiplier;
    upper.exponential_max_wait_duration_in_open_state = from.exponential_max_wait_duration_in_open_state;
    upper.enable_randomized_wait = from.enable_randomized_wait;
    upper.randomized_wait_factor = from.randomized_wait_factor;
}

/// A retry has the back-off of its base, but not its random factor.
void inherit(RetryProperties& upper, const RetryProperties& base) {
    const auto factor = upper.randomized_wait_factor;
    inherit<RetryProperties>(upper, base);
    upper.randomized_wait_factor = factor;
}

/// An entry with all that it stands on.
template <class Section>
Result<typename decltype(Section::configs)::mapped_type> gathered(
    const Section& section, std::string_view kind, std::string_view name, std::string_view group
) {
    using Properties = typename decltype(Section::configs)::mapped_type;
    const auto config = [&](std::string_view wanted) -> const Properties* {
        const auto found = section.configs.find(std::string(wanted));
        return found == section.configs.end() ? nullptr : &found->second;
    };
    Properties properties;
    std::set<std::string> seen;
    if (const auto instance = section.instances.find(std::string(name));
        instance != section.instances.end()) {
        properties = instance->second;
    } else if (const Properties* own = config(name)) {
        properties = *own;
        seen.emplace(name);
    } else if (const Properties* shared = config(group)) {
        properties = *shared;
        seen.emplace(group);
    }
    for (bool more = true; more;) {
        std::string base = properties.base_config.value_or("default");
        const Properties* const stands_on = config(base);
        if (!stands_on && properties.base_config) {
            return fail(
                Errc::invalid_argument,
                "resilience4j." + std::string(kind) + ": Configuration with name '" + base +
                    "' does not exist"
            );
        }
        if (!stands_on || (base == "default" && seen.contains(base))) break;
        if (!seen.insert(base).second) {
            return fail(
                Errc::invalid_argument,
                "resilience4j." + std::string(kind) + ": baseConfig of '" + base + "' leads back to itself"
            );
        }
        properties.base_config.reset();
        inherit(properties, *stands_on);
    }
    return properties;
}

/// Reads the keys of one entry; the first error stays.
class Reading {
public:
    Reading(std::string_view kind, std::string_view name)
        : where_("resilience4j." + std::string(kind) + " '" + std::string(name) + "': ") {}

    template <class T>
    static void take(T& out, const std::optional<T>& value) {
        if (value) out = *value;
    }

    template <class T>
    void number(
        T& out, const std::optional<std::int64_t>& value, std::string_view key, std::int64_t least = 1
    ) {
        if (!value) return;
        if (*value < least || *value > std::numeric_limits<std::int32_t>::max()) {
            refuse(key, "must be greater than or equal to " + std::to_string(least) + ".");
        } else {
            out = static_cast<T>(*value);
        }
    }

    /// It is allocated at once.
    void buffer(std::size_t& out, const std::optional<std::int64_t>& value) {
        constexpr std::size_t largest = 1'000'000;
        number(out, value, "eventConsumerBufferSize");
        if (out > largest) refuse("eventConsumerBufferSize", "must be less than or equal to 1000000.");
    }

    void errors(
        ErrorMatcher& out, const std::optional<std::vector<std::string>>& names, std::string_view key
    ) {
        if (!names) return;
        auto matcher = ErrorMatcher::of(*names);
        if (matcher) {
            out = *std::move(matcher);
        } else {
            refuse(key, matcher.error().message());
        }
    }

    void predicate(
        std::function<bool(const Error&)>& out,
        const std::optional<std::string>& name,
        const ErrorPredicates& known,
        std::string_view key
    ) {
        if (!name) return;
        if (const auto found = known.find(*name); found != known.end()) {
            out = found->second;
        } else {
            refuse(key, "the program has no function '" + *name + "'");
        }
    }

    void refuse(std::string_view key, std::string_view text) {
        if (error_.empty()) error_ = where_ + std::string(key) + " " + std::string(text);
    }

    template <class Config>
    Result<Config> finish(Config config) {
        if (error_.empty()) {
            if (auto checked = config.check(); !checked) error_ = where_ + checked.error().message();
        }
        if (!error_.empty()) return fail(Errc::invalid_argument, std::move(error_));
        return config;
    }

private:
    std::string where_;
    std::string error_;
};

}  // namespace

Result<CircuitBreakerConfig> resolve(
    const CircuitBreakerSection& section,
    std::string_view name,
    std::string_view group,
    const ErrorPredicates& predicates
) {
    FLT_TRY(const CircuitBreakerProperties from, gathered(section, "circuitbreaker", name, group));
    Reading reading("circuitbreaker", name);
    CircuitBreakerConfig config;
    reading.take(config.failure_rate_threshold, from.failure_rate_threshold);
    reading.take(config.slow_call_rate_threshold, from.slow_call_rate_threshold);
    if (config.failure_rate_threshold < 1)
        reading.refuse("failureRateThreshold", "must be between 1 and 100.");
    if (config.slow_call_rate_threshold < 1) {
        reading.refuse("slowCallRateThreshold", "must be between 1 and 100.");
    }
    reading.take(config.slow_call_duration_threshold, from.slow_call_duration_threshold);
    reading.take(config.sliding_window_type, from.sliding_window_type);
    reading.number(config.sliding_window_size, from.sliding_window_size, "slidingWindowSize");
    reading.number(config.minimum_number_of_calls, from.minimum_number_of_calls, "minimumNumberOfCalls");
    if (from.wait_duration_in_open_state) {
        Backoff& wait = config.wait_in_open_state;
        wait.initial = *from.wait_duration_in_open_state;
        const bool exponential = from.enable_exponential_backoff.value_or(false);
        const bool randomized = from.enable_randomized_wait.value_or(false);
        if (exponential && randomized) {
            reading.refuse("enableExponentialBackoff", "and enableRandomizedWait cannot both be set.");
        }
        if (exponential) {
            wait.multiplier = from.exponential_backoff_multiplier.value_or(1.5);
            if (from.exponential_backoff_multiplier) {
                wait.maximum = from.exponential_max_wait_duration_in_open_state;
            }
        }
        if (randomized) {
            wait.random_factor = from.randomized_wait_factor.value_or(0.5);
            if (wait.random_factor >= 1) reading.refuse("randomizedWaitFactor", "must be less than 1.");
        }
    }
    reading.number(
        config.permitted_number_of_calls_in_half_open_state,
        from.permitted_number_of_calls_in_half_open_state,
        "permittedNumberOfCallsInHalfOpenState"
    );
    reading.take(config.max_wait_duration_in_half_open_state, from.max_wait_duration_in_half_open_state);
    reading.take(
        config.transition_to_state_after_wait_duration, from.transition_to_state_after_wait_duration
    );
    reading.take(
        config.automatic_transition_from_open_to_half_open_enabled,
        from.automatic_transition_from_open_to_half_open_enabled
    );
    reading.take(config.initial_state, from.initial_state);
    reading.errors(config.errors.recorded, from.record_exceptions, "recordExceptions");
    reading.errors(config.errors.ignored, from.ignore_exceptions, "ignoreExceptions");
    reading.errors(config.recorded_results, from.record_result_predicate, "recordResultPredicate");
    reading.predicate(
        config.errors.record, from.record_failure_predicate, predicates, "recordFailurePredicate"
    );
    reading.predicate(
        config.errors.ignore, from.ignore_exception_predicate, predicates, "ignoreExceptionPredicate"
    );
    reading.take(config.late_results, from.late_results);
    reading.take(config.register_health_indicator, from.register_health_indicator);
    reading.take(config.allow_health_indicator_to_fail, from.allow_health_indicator_to_fail);
    reading.buffer(config.event_consumer_buffer_size, from.event_consumer_buffer_size);
    return reading.finish(std::move(config));
}

Result<RetryConfig> resolve(
    const RetrySection& section,
    std::string_view name,
    std::string_view group,
    const ErrorPredicates& predicates
) {
    FLT_TRY(const RetryProperties from, gathered(section, "retry", name, group));
    Reading reading("retry", name);
    RetryConfig config;
    reading.number(config.max_attempts, from.max_attempts, "maxAttempts");
    reading.take(config.wait.initial, from.wait_duration);
    if (from.enable_exponential_backoff.value_or(false)) {
        config.wait.multiplier = from.exponential_backoff_multiplier.value_or(1.5);
        if (from.exponential_backoff_multiplier) config.wait.maximum = from.exponential_max_wait_duration;
        if (config.wait.initial < milliseconds(1)) {
            reading.refuse("waitDuration", "must be greater than or equal to 1 millis.");
        }
    }
    if (from.enable_randomized_wait.value_or(false)) {
        config.wait.random_factor = from.randomized_wait_factor.value_or(0.5);
    }
    reading.errors(config.retried, from.retry_exceptions, "retryExceptions");
    reading.errors(config.ignored, from.ignore_exceptions, "ignoreExceptions");
    reading.errors(config.retried_results, from.result_predicate, "resultPredicate");
    reading.predicate(config.retry, from.retry_exception_predicate, predicates, "retryExceptionPredicate");
    reading.take(config.retry_not_permitted, from.retry_not_permitted);
    reading.take(config.fail_after_max_attempts, from.fail_after_max_attempts);
    reading.buffer(config.event_consumer_buffer_size, from.event_consumer_buffer_size);
    return reading.finish(std::move(config));
}

Result<BulkheadConfig> resolve(
    const BulkheadSection& section, std::string_view name, std::string_view group
) {
    FLT_TRY(const BulkheadProperties from, gathered(section, "bulkhead", name, group));
    Reading reading("bulkhead", name);
    BulkheadConfig config;
    reading.number(config.max_concurrent_calls, from.max_concurrent_calls, "maxConcurrentCalls");
    reading.take(config.max_wait_duration, from.max_wait_duration);
    reading.buffer(config.event_consumer_buffer_size, from.event_consumer_buffer_size);
    return reading.finish(config);
}

Result<QueueBulkheadConfig> resolve(
    const ThreadPoolBulkheadSection& section, std::string_view name, std::string_view group
) {
    FLT_TRY(const ThreadPoolBulkheadProperties from, gathered(section, "thread-pool-bulkhead", name, group));
    Reading reading("thread-pool-bulkhead", name);
    auto config = QueueBulkheadConfig::for_cores(std::thread::hardware_concurrency());
    reading.number(config.core_thread_pool_size, from.core_thread_pool_size, "coreThreadPoolSize");
    reading.number(config.max_thread_pool_size, from.max_thread_pool_size, "maxThreadPoolSize");
    reading.number(config.queue_capacity, from.queue_capacity, "queueCapacity", 0);
    reading.take(config.keep_alive_duration, from.keep_alive_duration);
    reading.buffer(config.event_consumer_buffer_size, from.event_consumer_buffer_size);
    return reading.finish(config);
}

Result<RateLimiterConfig> resolve(
    const RateLimiterSection& section, std::string_view name, std::string_view group
) {
    FLT_TRY(const RateLimiterProperties from, gathered(section, "ratelimiter", name, group));
    Reading reading("ratelimiter", name);
    RateLimiterConfig config;
    reading.number(config.limit_for_period, from.limit_for_period, "limitForPeriod");
    reading.take(config.limit_refresh_period, from.limit_refresh_period);
    reading.take(config.timeout_duration, from.timeout_duration);
    reading.take(config.algorithm, from.algorithm);
    reading.take(config.subscribe_for_events, from.subscribe_for_events);
    reading.take(config.register_health_indicator, from.register_health_indicator);
    reading.take(config.allow_health_indicator_to_fail, from.allow_health_indicator_to_fail);
    reading.buffer(config.event_consumer_buffer_size, from.event_consumer_buffer_size);
    return reading.finish(config);
}

Result<TimeLimiterConfig> resolve(
    const TimeLimiterSection& section, std::string_view name, std::string_view group
) {
    FLT_TRY(const TimeLimiterProperties from, gathered(section, "timelimiter", name, group));
    Reading reading("timelimiter", name);
    TimeLimiterConfig config;
    reading.take(config.timeout_duration, from.timeout_duration);
    reading.take(config.cancel_running_future, from.cancel_running_future);
    reading.buffer(config.event_consumer_buffer_size, from.event_consumer_buffer_size);
    return reading.finish(config);
}

Result<TimerConfig> resolve(const TimerSection& section, std::string_view name, std::string_view group) {
    FLT_TRY(const TimerProperties from, gathered(section, "micrometer.timer", name, group));
    Reading reading("micrometer.timer", name);
    TimerConfig config;
    reading.take(config.metric_names, from.metric_names);
    reading.buffer(config.event_consumer_buffer_size, from.event_consumer_buffer_size);
    return reading.finish(std::move(config));
}

}  // namespace flotilla::resilience
