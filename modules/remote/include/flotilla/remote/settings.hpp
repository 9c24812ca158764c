#pragma once
/// Settings of clients: `spring.cloud.openfeign.client.config.<context-id>` over `.default`, and what they
/// share.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/config/environment.hpp"

namespace flotilla::remote {

using Milliseconds = std::chrono::milliseconds;

/// How much of each exchange is written to the log, at DEBUG.
enum class LoggerLevel : std::uint8_t { none, basic, headers, full };

/// `feign`: a record for each line, as Feign has them; `json`: one record for each exchange.
enum class LogFormat : std::uint8_t { feign, json };

struct LogSettings {
    LogFormat format = LogFormat::feign;
    /// Headers whose values are written as `***`.
    std::vector<std::string> redact{"authorization", "cookie", "set-cookie", "proxy-authorization"};
    Bytes max_body = Bytes::kilo(16);
};

/// Feign's Retryer. One attempt: none, which is the default.
struct RetrySettings {
    unsigned max_attempts = 1;
    Milliseconds period{100};
    Milliseconds max_period{1'000};
    bool all_methods = false;
};

/// RFC 9111, for answers of this client.
struct CacheSettings {
    bool enabled = false;
    bool shared = false;
    Bytes max_bytes = Bytes::mega(32);
    Bytes max_entry = Bytes::mega(1);
};

/// A second attempt at another instance when the first one is slow.
struct HedgeSettings {
    bool enabled = false;
    /// 0: what 95 of the last 100 calls took.
    Milliseconds delay{0};
};

struct ClientSettings {
    LoggerLevel logger_level = LoggerLevel::none;
    LogSettings log{};
    Milliseconds connect_timeout{1'000};
    Milliseconds read_timeout{5'000};  ///< until the answer begins
    Milliseconds timeout{10'000};      ///< the whole call, all attempts; 0: none
    bool follow_redirects = true;
    bool dismiss404 = false;  ///< 404 gives an empty value
    std::string url{};        ///< a fixed address instead of the registry
    std::string path{};       ///< in front of every method's
    std::map<std::string, std::vector<std::string>> default_request_headers{};
    std::map<std::string, std::vector<std::string>> default_query_parameters{};
    std::vector<std::string> request_interceptors{};  ///< by the names that they were given
    std::string error_decoder{};                      ///< likewise
    /// The name of the policies under `resilience4j` that all methods of the client share.
    std::string circuit_breaker{};
    RetrySettings retry{};
    CacheSettings cache{};
    HedgeSettings hedge{};
};

/// `spring.cloud.loadbalancer.retry.*`
struct BalancerRetrySettings {
    struct Backoff {
        bool enabled = false;
        Milliseconds min_backoff{5};
        Milliseconds max_backoff{Milliseconds::max()};
        double jitter = 0.5;
    };

    bool enabled = true;
    unsigned max_retries_on_same_service_instance = 0;
    unsigned max_retries_on_next_service_instance = 1;
    bool retry_on_all_operations = false;
    bool retry_on_all_exceptions = false;
    std::vector<int> retryable_status_codes{};
    Backoff backoff{};
};

/// `spring.cloud.openfeign.compression.request.*`
struct RequestCompression {
    bool enabled = false;
    std::vector<std::string> mime_types{"text/xml", "application/xml", "application/json"};
    Bytes min_request_size{2048};
};

/// `spring.cloud.openfeign.circuitbreaker.*`
struct BreakerSettings {
    struct Toggle {
        bool enabled = false;
    };

    bool enabled = false;
    Toggle group{};                            ///< the client's name is the breaker's group
    Toggle alphanumeric_ids{.enabled = true};  ///< `OrderClientgetOrdersString`
};

/// What all clients share.
struct SharedSettings {
    bool decode_slash = true;  ///< a slash in a path value stays a slash
    BreakerSettings circuitbreaker{};
    BalancerRetrySettings balancer_retry{};
    RequestCompression compression{};
    bool accept_gzip = false;
    std::string hint_header = "X-SC-LB-Hint";
    std::string instance_cookie = "sc-lb-instance-id";

    static Result<SharedSettings> load(config::Environment& environment);
};

/// Fails with the property that is malformed.
Result<ClientSettings> load_client_settings(config::Environment& environment, std::string_view context_id);

}  // namespace flotilla::remote
