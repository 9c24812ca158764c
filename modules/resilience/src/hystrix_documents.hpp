#pragma once
/// The two documents of the stream, field by field in the order in which Hystrix writes them.

#include <cstdint>
#include <optional>
#include <string>

#include "flotilla/reflect/describe.hpp"

namespace flotilla::resilience::detail {

struct Percentiles {
    std::int64_t p0 = 0, p25 = 0, p50 = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0, p99_5 = 0, p100 = 0;
};

FLT_DESCRIBE(
    Percentiles,
    (p0, as("0")),
    (p25, as("25")),
    (p50, as("50")),
    (p75, as("75")),
    (p90, as("90")),
    (p95, as("95")),
    (p99, as("99")),
    (p99_5, as("99.5")),
    (p100, as("100"))
)

struct CommandDocument {
    std::string type = "HystrixCommand";
    std::string name{};
    std::string group{};
    std::int64_t current_time = 0;
    bool is_circuit_breaker_open = false;
    std::uint64_t error_percentage = 0;
    std::uint64_t error_count = 0;
    std::uint64_t request_count = 0;
    std::uint64_t rolling_count_bad_requests = 0;
    std::uint64_t rolling_count_collapsed_requests = 0;
    std::uint64_t rolling_count_emit = 0;
    std::uint64_t rolling_count_exceptions_thrown = 0;
    std::uint64_t rolling_count_failure = 0;
    std::uint64_t rolling_count_fallback_emit = 0;
    std::uint64_t rolling_count_fallback_failure = 0;
    std::uint64_t rolling_count_fallback_missing = 0;
    std::uint64_t rolling_count_fallback_rejection = 0;
    std::uint64_t rolling_count_fallback_success = 0;
    std::uint64_t rolling_count_responses_from_cache = 0;
    std::uint64_t rolling_count_semaphore_rejected = 0;
    std::uint64_t rolling_count_short_circuited = 0;
    std::uint64_t rolling_count_success = 0;
    std::uint64_t rolling_count_thread_pool_rejected = 0;
    std::uint64_t rolling_count_timeout = 0;
    std::uint64_t current_concurrent_execution_count = 0;
    std::uint64_t rolling_max_concurrent_execution_count = 0;
    std::int64_t latency_execute_mean = 0;
    Percentiles latency_execute{};
    std::int64_t latency_total_mean = 0;
    Percentiles latency_total{};
    std::uint64_t request_volume_threshold = 0;
    std::int64_t sleep_window_in_milliseconds = 0;
    std::int64_t error_threshold_percentage = 0;
    bool force_open = false;
    bool force_closed = false;
    bool enabled = true;
    std::string execution_isolation_strategy = "SEMAPHORE";
    std::int64_t execution_isolation_thread_timeout_in_milliseconds = 0;
    std::int64_t execution_timeout_in_milliseconds = 0;
    bool execution_isolation_thread_interrupt_on_timeout = true;
    std::optional<std::string> execution_isolation_thread_pool_key_override{};
    std::uint64_t execution_isolation_semaphore_max_concurrent_requests = 0;
    std::uint64_t fallback_isolation_semaphore_max_concurrent_requests = 0;
    std::int64_t metrics_rolling_statistical_window_in_milliseconds = 10'000;
    bool request_cache_enabled = false;
    bool request_log_enabled = false;
    std::uint64_t reporting_hosts = 1;
    std::string thread_pool{};
};

FLT_DESCRIBE(
    CommandDocument,
    type,
    name,
    group,
    current_time,
    is_circuit_breaker_open,
    error_percentage,
    error_count,
    request_count,
    rolling_count_bad_requests,
    rolling_count_collapsed_requests,
    rolling_count_emit,
    rolling_count_exceptions_thrown,
    rolling_count_failure,
    rolling_count_fallback_emit,
    rolling_count_fallback_failure,
    rolling_count_fallback_missing,
    rolling_count_fallback_rejection,
    rolling_count_fallback_success,
    rolling_count_responses_from_cache,
    rolling_count_semaphore_rejected,
    rolling_count_short_circuited,
    rolling_count_success,
    rolling_count_thread_pool_rejected,
    rolling_count_timeout,
    current_concurrent_execution_count,
    rolling_max_concurrent_execution_count,
    (latency_execute_mean, as("latencyExecute_mean")),
    latency_execute,
    (latency_total_mean, as("latencyTotal_mean")),
    latency_total,
    (request_volume_threshold, as("propertyValue_circuitBreakerRequestVolumeThreshold")),
    (sleep_window_in_milliseconds, as("propertyValue_circuitBreakerSleepWindowInMilliseconds")),
    (error_threshold_percentage, as("propertyValue_circuitBreakerErrorThresholdPercentage")),
    (force_open, as("propertyValue_circuitBreakerForceOpen")),
    (force_closed, as("propertyValue_circuitBreakerForceClosed")),
    (enabled, as("propertyValue_circuitBreakerEnabled")),
    (execution_isolation_strategy, as("propertyValue_executionIsolationStrategy")),
    (execution_isolation_thread_timeout_in_milliseconds,
     as("propertyValue_executionIsolationThreadTimeoutInMilliseconds")),
    (execution_timeout_in_milliseconds, as("propertyValue_executionTimeoutInMilliseconds")),
    (execution_isolation_thread_interrupt_on_timeout,
     as("propertyValue_executionIsolationThreadInterruptOnTimeout")),
    (execution_isolation_thread_pool_key_override,
     as("propertyValue_executionIsolationThreadPoolKeyOverride"),
     or_null),
    (execution_isolation_semaphore_max_concurrent_requests,
     as("propertyValue_executionIsolationSemaphoreMaxConcurrentRequests")),
    (fallback_isolation_semaphore_max_concurrent_requests,
     as("propertyValue_fallbackIsolationSemaphoreMaxConcurrentRequests")),
    (metrics_rolling_statistical_window_in_milliseconds,
     as("propertyValue_metricsRollingStatisticalWindowInMilliseconds")),
    (request_cache_enabled, as("propertyValue_requestCacheEnabled")),
    (request_log_enabled, as("propertyValue_requestLogEnabled")),
    reporting_hosts,
    thread_pool
)

struct ThreadPoolDocument {
    std::string type = "HystrixThreadPool";
    std::string name{};
    std::int64_t current_time = 0;
    std::uint64_t current_active_count = 0;
    std::uint64_t current_completed_task_count = 0;
    std::uint64_t current_core_pool_size = 0;
    std::uint64_t current_largest_pool_size = 0;
    std::uint64_t current_maximum_pool_size = 0;
    std::uint64_t current_pool_size = 0;
    std::uint64_t current_queue_size = 0;
    std::uint64_t current_task_count = 0;
    std::uint64_t rolling_count_threads_executed = 0;
    std::uint64_t rolling_max_active_threads = 0;
    std::uint64_t rolling_count_command_rejections = 0;
    std::uint64_t queue_size_rejection_threshold = 0;
    std::int64_t metrics_rolling_statistical_window_in_milliseconds = 10'000;
    std::uint64_t reporting_hosts = 1;
};

FLT_DESCRIBE(
    ThreadPoolDocument,
    type,
    name,
    current_time,
    current_active_count,
    current_completed_task_count,
    current_core_pool_size,
    current_largest_pool_size,
    current_maximum_pool_size,
    current_pool_size,
    current_queue_size,
    current_task_count,
    rolling_count_threads_executed,
    rolling_max_active_threads,
    rolling_count_command_rejections,
    (queue_size_rejection_threshold, as("propertyValue_queueSizeRejectionThreshold")),
    (metrics_rolling_statistical_window_in_milliseconds,
     as("propertyValue_metricsRollingStatisticalWindowInMilliseconds")),
    reporting_hosts
)

}  // namespace flotilla::resilience::detail
