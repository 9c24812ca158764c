#include "flotilla/remote/settings.hpp"

#include <fmt/format.h>

#include "flotilla/reflect/describe.hpp"

namespace flotilla::remote {

FLT_DESCRIBE_ENUM_UPPER(LoggerLevel, none, basic, headers, full)
FLT_DESCRIBE_ENUM(LogFormat, feign, json)

FLT_DESCRIBE_CONFIG(
    LogSettings,
    (format, "A record for each line, or one JSON record for each exchange."),
    (redact, "Headers whose values are not written."),
    (max_body, "Longer bodies are cut.")
)
FLT_DESCRIBE_CONFIG(
    RetrySettings,
    (max_attempts, "Attempts in all; 1 is no retry.", min(1)),
    (period, "The first wait is one and a half of it."),
    (max_period, "No wait is longer."),
    (all_methods, "Also of methods that are not idempotent.")
)
FLT_DESCRIBE_CONFIG(
    CacheSettings,
    (enabled, "Keep answers as RFC 9111 allows."),
    (shared, "As a cache that many users share."),
    (max_bytes, "Of all answers together."),
    (max_entry, "Of one answer.")
)
FLT_DESCRIBE_CONFIG(
    HedgeSettings,
    (enabled, "Try another instance beside a slow one; safe methods only."),
    (delay, "How long the first one has; 0 is what 95 of 100 calls take.")
)
FLT_DESCRIBE_CONFIG(
    ClientSettings,
    (logger_level, "NONE, BASIC, HEADERS or FULL."),
    (log, "How exchanges are written."),
    (connect_timeout, "Until there is a connection."),
    (read_timeout, "Until the answer begins."),
    (timeout, "The whole call with all its attempts; 0 is no limit."),
    (follow_redirects, "Follow redirects to the same or another place."),
    (dismiss404, "404 gives an empty value."),
    (url, "A fixed address instead of the registry."),
    (path, "In front of every method's path."),
    (default_request_headers, "Sent with every request that does not have them."),
    (default_query_parameters, "Added to every request."),
    (request_interceptors, "Names of interceptors."),
    (error_decoder, "Name of the error decoder."),
    (circuit_breaker, "Name of the policies under resilience4j that all methods share."),
    (retry, "Feign's retryer."),
    (cache, "Answers that are kept."),
    (hedge, "A second attempt beside a slow one.")
)
FLT_DESCRIBE_CONFIG(
    BalancerRetrySettings::Backoff,
    (enabled, "Wait before the next attempt."),
    (min_backoff, "The first wait; each next one is twice as long."),
    (max_backoff, "No wait is longer."),
    (jitter, "So much of the wait is dice.", min(0), max(1))
)
FLT_DESCRIBE_CONFIG(
    BalancerRetrySettings,
    (enabled, "Try again at another instance."),
    (max_retries_on_same_service_instance, "At each instance, besides the first attempt."),
    (max_retries_on_next_service_instance, "Further instances."),
    (retry_on_all_operations, "Not only GET."),
    (retry_on_all_exceptions, "Not only failures of the network."),
    (retryable_status_codes, "Answers that count as failures."),
    (backoff, "Waits between attempts.")
)
FLT_DESCRIBE_CONFIG(
    RequestCompression,
    (enabled, "Compress bodies of requests."),
    (mime_types, "Of these types."),
    (min_request_size, "Longer than this.")
)
FLT_DESCRIBE_CONFIG(BreakerSettings::Toggle, (enabled, "Whether it is so."))
FLT_DESCRIBE_CONFIG(
    BreakerSettings,
    (enabled, "A circuit breaker around every declared method."),
    (group, "The client's name is the breakers' group."),
    (alphanumeric_ids, "Names of breakers have letters and digits only.")
)

Result<SharedSettings> SharedSettings::load(config::Environment& environment) {
    SharedSettings shared;
    FLT_TRY(
        shared.decode_slash,
        environment.get<bool>("spring.cloud.openfeign.client.decode-slash", shared.decode_slash)
    );
    FLT_TRY(
        shared.accept_gzip,
        environment.get<bool>("spring.cloud.openfeign.compression.response.enabled", shared.accept_gzip)
    );
    FLT_TRY(
        shared.circuitbreaker, environment.bind<BreakerSettings>("spring.cloud.openfeign.circuitbreaker")
    );
    FLT_TRY(
        shared.balancer_retry, environment.bind<BalancerRetrySettings>("spring.cloud.loadbalancer.retry")
    );
    FLT_TRY(
        shared.compression, environment.bind<RequestCompression>("spring.cloud.openfeign.compression.request")
    );
    shared.hint_header = environment.get_or("spring.cloud.loadbalancer.hint-header-name", shared.hint_header);
    shared.instance_cookie = environment.get_or(
        "spring.cloud.loadbalancer.sticky-session.instance-id-cookie-name", shared.instance_cookie
    );
    return shared;
}

Result<ClientSettings> load_client_settings(config::Environment& environment, std::string_view context_id) {
    constexpr std::string_view prefix = "spring.cloud.openfeign.client.config.";
    FLT_TRY(auto settings, environment.bind<ClientSettings>(fmt::format("{}default", prefix)));
    if (context_id.empty() || context_id == "default") return settings;
    return environment.bind_over(std::move(settings), fmt::format("{}{}", prefix, context_id));
}

}  // namespace flotilla::remote
