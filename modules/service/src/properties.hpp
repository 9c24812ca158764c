#pragma once
// Every property that a service reads at its start, as described structs. Aliases of Spring's older names are
// resolved where they are used.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/http/error.hpp"
#include "flotilla/http/server_config.hpp"
#include "flotilla/log/level.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/tracing/tracer.hpp"

template <>
struct flotilla::reflect::TextForm<flotilla::log::Level> {
    static Result<log::Level> parse(std::string_view text);
    static std::string print(log::Level level);
};

namespace flotilla::runtime {

FLT_DESCRIBE_ENUM_KEBAB(ClientAuth, none, want, need)

FLT_DESCRIBE_CONFIG(
    ServerNameBundle,
    (server_name, "The name that clients ask for (SNI)."),
    (bundle, "Whose certificate they get: a name below spring.ssl.bundle.pem or .jks.")
)

FLT_DESCRIBE_CONFIG(
    TlsConfig,
    (enabled, "Whether to speak TLS, when the rest is set."),
    (certificate, "PEM file with the certificate chain; several with commas: clients choose by name (SNI)."),
    (certificate_private_key, "PEM file with the private key; one for each certificate."),
    (key_password, "Password of the private key."),
    (key_store, "PKCS12 file, in place of the two PEM files."),
    (key_store_password, "Password of the key store."),
    (trust_certificate, "PEM file with the certificates that clients are checked against."),
    (client_auth, "Whether clients must show a certificate: none, want or need."),
    (min_protocol, "The oldest protocol: TLSv1.2 or TLSv1.3."),
    (ciphers, "Cipher list, as OpenSSL writes it."),
    (alpn, "Protocols offered to the client."),
    (insecure_trust, "Accept any certificate. For tests only."),
    (bundle, "A name below spring.ssl.bundle.pem or .jks: its files, in place of those here."),
    (server_name_bundles, "Bundles for the other names that clients ask for (SNI)."),
    (reload_on_update, "Whether the files are read again when they change.")
)

FLT_DESCRIBE_CONFIG(
    BlockingPoolConfig,
    (threads, "Threads at most; they are started as they are needed.", min(1), max(1024)),
    (queue_capacity, "Calls that may wait for a thread; beyond it they fail.", min(1))
)

FLT_DESCRIBE_CONFIG(
    RuntimeConfig,
    (loops, "Event loops; 0: one for each core that the process may use.", max(1024)),
    (blocking, "The pool for what blocks.")
)

}  // namespace flotilla::runtime

namespace flotilla::http {

FLT_DESCRIBE_ENUM_KEBAB(IncludeAttribute, never, always, on_param)
FLT_DESCRIBE_ENUM_KEBAB(ForwardHeaders, none, native, framework)
FLT_DESCRIBE_ENUM_KEBAB(EncodedSlash, reject, keep)
FLT_DESCRIBE_ENUM_KEBAB(UnderscoreFields, drop, reject, allow)

FLT_DESCRIBE_CONFIG(
    CompressionConfig,
    (enabled, "Whether answers are compressed for clients that take gzip."),
    (min_response_size, "The smallest answer that is worth it."),
    (mime_types, "Media types that are compressed.")
)

FLT_DESCRIBE_CONFIG(
    Http2Config,
    (enabled, "Whether HTTP/2 is offered to clients that come over TLS."),
    (h2c, "Whether clients may speak HTTP/2 without TLS when they begin with it (prior knowledge)."),
    (max_concurrent_streams, "Requests that one connection may have under way.", min(1), max(10'000))
)

FLT_DESCRIBE_CONFIG(
    ServerConfig,
    (port, "Where the service listens; 0 takes any free port."),
    (address, "The address that it listens on."),
    (context_path, "What every path begins with."),
    (max_http_request_header_size, "The largest head of a request; beyond it 431."),
    (max_request_line_size, "The longest request line; beyond it 414."),
    (max_body_size, "The largest body that is held in memory; beyond it 413."),
    (max_connections, "Open connections for each event loop; more wait.", min(1)),
    (encoded_slash, "Paths with %2F or %5C: reject, or keep them as text that separates nothing."),
    (headers_with_underscores, "Headers with an underscore in their name: drop, reject or allow."),
    (header_timeout, "From the first byte of a request to the end of its head."),
    (body_timeout, "The longest pause within a body."),
    (min_body_rate, "Bytes a second that a body must come with, after the first 10 s."),
    (keep_alive_timeout, "How long a connection may be idle between two requests."),
    (write_timeout, "How long a client may not read."),
    (request_timeout, "The deadline of a handler; 0: none."),
    (max_keep_alive_requests, "Requests on one connection; 0: no limit."),
    (http2, "HTTP/2."),
    (compression, "Compressed answers."),
    (forward_headers_strategy, "Whether X-Forwarded-* headers are believed: none, native or framework."),
    (server_header, "The Server header of answers; none when empty."),
    (ssl, "TLS; read again on SIGHUP, and when the files change."),
    (slow_request_threshold, "Requests that take longer are logged; 0: none."),
    (access_log, "Whether each request is logged.")
)

}  // namespace flotilla::http

namespace flotilla::tracing {

FLT_DESCRIBE_ENUM_KEBAB(Format, b3, b3_multi, w3c)

FLT_DESCRIBE_CONFIG(
    BaggageConfig,
    (remote_fields, "Headers that travel along with calls."),
    (local_fields, "Values that never leave the process."),
    (tag_fields, "Values that become tags of the server span."),
    (correlation_fields, "Values that become members of JSON log lines.")
)

}  // namespace flotilla::tracing

namespace flotilla::metrics {

FLT_DESCRIBE_ENUM_KEBAB(Flavor, current, legacy)

}  // namespace flotilla::metrics

namespace flotilla::service {

enum class ShutdownMode { graceful, immediate };
FLT_DESCRIBE_ENUM_KEBAB(ShutdownMode, graceful, immediate)

/// `server.error.*`
struct ErrorProperties {
    http::IncludeAttribute include_message = http::IncludeAttribute::always;
    http::IncludeAttribute include_binding_errors = http::IncludeAttribute::never;
    http::IncludeAttribute include_stacktrace = http::IncludeAttribute::never;
    bool include_exception = false;
};

FLT_DESCRIBE_CONFIG(
    ErrorProperties,
    (include_message, "Whether error bodies have the message: always, never or on_param (?message=true)."),
    (include_binding_errors, "Whether they list what was wrong with a body."),
    (include_stacktrace, "Whether they have a trace."),
    (include_exception, "Whether they name the exception.")
)

struct ServletProperties {
    std::string context_path;
};

FLT_DESCRIBE_CONFIG(ServletProperties, (context_path, "Another name of server.context-path."))

/// `server.*`
struct ServerProperties : http::ServerConfig {
    ErrorProperties error;
    ShutdownMode shutdown = ShutdownMode::graceful;
    ServletProperties servlet;
};

FLT_DESCRIBE_DERIVED(
    ServerProperties,
    (http::ServerConfig),
    (error, "Error bodies."),
    (shutdown, "Whether running requests may finish: graceful or immediate."),
    (servlet, "Spring's name of some settings.")
)

/// `spring.lifecycle.*`
struct LifecycleProperties {
    std::chrono::milliseconds timeout_per_shutdown_phase{30'000};
};

FLT_DESCRIBE_CONFIG(
    LifecycleProperties, (timeout_per_shutdown_phase, "How long a shutdown waits for requests and jobs.")
)

/// `flotilla.shutdown.*`
struct ShutdownProperties {
    std::optional<std::chrono::milliseconds> drain_delay;
};

FLT_DESCRIBE_CONFIG(
    ShutdownProperties,
    (drain_delay,
     "How long requests are still served after the stop signal, so that others stop sending them; unset: 2s "
     "when the service is announced in a registry, else 0s.")
)

struct RollingProperties {
    Bytes max_file_size = Bytes::mega(10);
    std::uint32_t max_history = 7;
};

FLT_DESCRIBE_CONFIG(
    RollingProperties,
    (max_file_size, "A log file that would grow beyond is moved aside."),
    (max_history, "How many of them are kept.")
)

struct LogbackProperties {
    RollingProperties rollingpolicy;
};

FLT_DESCRIBE_CONFIG(LogbackProperties, (rollingpolicy, "Rotation of the log file."))

struct LogFileProperties {
    std::string name;
};

FLT_DESCRIBE_CONFIG(LogFileProperties, (name, "Log file, besides the console."))

struct CorrelationProperties {
    bool legacy = false;
};

FLT_DESCRIBE_CONFIG(CorrelationProperties, (legacy, "Sleuth's fourth field in the bracket."))

enum class LogFormat { console, json };
FLT_DESCRIBE_ENUM_KEBAB(LogFormat, console, json)

/// `logging.*`
struct LoggingProperties {
    std::map<std::string, log::Level> level;
    std::map<std::string, std::vector<std::string>> group;
    LogFormat format = LogFormat::console;
    LogFileProperties file;
    LogbackProperties logback;
    CorrelationProperties correlation;
};

FLT_DESCRIBE_CONFIG(
    LoggingProperties,
    (level, "Level of a logger and those beneath it: logging.level.order=debug; root is the parent of all."),
    (group, "Loggers under one name: logging.group.db=sql,pool."),
    (format, "Form of the lines: console or json."),
    (file, "The log file."),
    (logback, "Spring's name of some settings."),
    (correlation, "Trace ids in lines.")
)

struct SamplingRuleProperties {
    std::string method;
    std::string path_prefix;
    std::string route;
    std::string topic;
    std::optional<double> probability;
    std::optional<std::uint32_t> rate;
};

FLT_DESCRIBE_CONFIG(
    SamplingRuleProperties,
    (method, "HTTP method; any when empty."),
    (path_prefix, "Beginning of the path."),
    (route, "Pattern of the route."),
    (topic, "Topic of a message."),
    (probability, "Share of traces that are recorded.", min(0.0), max(1.0)),
    (rate, "Traces a second that are recorded at most.")
)

/// `tracing.sampler.*`
struct SamplerProperties {
    std::optional<double> probability;
    std::optional<std::uint32_t> rate;
    std::vector<SamplingRuleProperties> rules;
};

FLT_DESCRIBE_CONFIG(
    SamplerProperties,
    (probability, "Share of new traces that are recorded; 0.1 unless rate is set.", min(0.0), max(1.0)),
    (rate, "New traces a second that are recorded at most."),
    (rules, "Exceptions: the first that matches decides.")
)

struct PropagationProperties {
    std::vector<tracing::Format> consume = tracing::PropagationConfig{}.consume;
    std::vector<tracing::Format> produce = tracing::PropagationConfig{}.produce;
    std::vector<tracing::Format> produce_messaging = tracing::PropagationConfig{}.produce_messaging;
};

FLT_DESCRIBE_CONFIG(
    PropagationProperties,
    (consume, "Trace headers that are read, the first that is there counts."),
    (produce, "Trace headers of outgoing HTTP calls."),
    (produce_messaging, "Trace headers of messages.")
)

struct ScheduledTracingProperties {
    std::string skip_pattern;
};

FLT_DESCRIBE_CONFIG(
    ScheduledTracingProperties,
    (skip_pattern, "Scheduled jobs whose runs begin no trace that is recorded: Gateway\\..*|Stock.expire.")
)

/// `tracing.*`
struct TracingProperties {
    bool enabled = true;
    std::string service_name;
    bool trace_id_128 = true;
    bool supports_join = true;
    std::string skip_pattern = tracing::SkipPattern::default_pattern();
    SamplerProperties sampler;
    PropagationProperties propagation;
    tracing::BaggageConfig baggage;
    ScheduledTracingProperties scheduled;
};

FLT_DESCRIBE_CONFIG(
    TracingProperties,
    (enabled, "Whether there are traces."),
    (service_name, "The service in spans and log lines; spring.application.name unless given."),
    (trace_id_128, "Trace ids of 128 bits."),
    (supports_join, "A B3 server span has its client's id."),
    (skip_pattern, "Paths that never begin a trace."),
    (sampler, "Which traces are recorded; read again at a refresh."),
    (propagation, "Trace headers."),
    (baggage, "Values that travel along."),
    (scheduled, "Jobs of the service itself.")
)

struct DistributionProperties {
    std::map<std::string, std::string> slo;
    std::map<std::string, bool> percentiles_histogram;
    std::map<std::string, std::string> percentiles;
    std::map<std::string, std::string> minimum_expected_value;
    std::map<std::string, std::string> maximum_expected_value;
    std::map<std::string, std::chrono::milliseconds> expiry;
    std::map<std::string, std::uint32_t> buffer_length;
    bool align_windows = false;
};

FLT_DESCRIBE_CONFIG(
    DistributionProperties,
    (slo, "Bounds of buckets for the meters under a name: metrics.distribution.slo.http.server=5ms,50ms."),
    (percentiles_histogram, "Whether they have the full set of buckets."),
    (percentiles, "Percentiles that are computed here."),
    (minimum_expected_value, "The smallest bucket."),
    (maximum_expected_value, "The largest bucket."),
    (expiry, "Window of maxima and percentiles."),
    (buffer_length, "Slots of that window."),
    (align_windows, "One window for maxima and percentiles.")
)

struct PrometheusProperties {
    metrics::Flavor flavor = metrics::Flavor::current;
};

FLT_DESCRIBE_CONFIG(PrometheusProperties, (flavor, "Names and form of the scrape: current or legacy."))

struct MeteredSideProperties {
    std::size_t max_uri_tags = 100;
};

FLT_DESCRIBE_CONFIG(
    MeteredSideProperties, (max_uri_tags, "Further values of the tag uri are counted as one, _other.")
)

struct MeteredWebProperties {
    MeteredSideProperties server;
    MeteredSideProperties client;
};

FLT_DESCRIBE_CONFIG(
    MeteredWebProperties,
    (server, "Requests to this service."),
    (client, "Requests of this service to others.")
)

/// `observations.*`
struct ObservationProperties {
    bool long_task_timer = true;
};

FLT_DESCRIBE_CONFIG(
    ObservationProperties, (long_task_timer, "Whether what is under way is measured too, as <name>.active.")
)

/// `metrics.*`, and as `management.metrics.*`
struct MetricsProperties {
    std::map<std::string, std::string> tags;
    std::map<std::string, bool> enable;
    bool auto_common_tags = false;
    bool strict_labels = false;
    std::size_t maximum_series = 100'000;
    std::size_t maximum_per_family = 2'000;
    std::size_t maximum_tags = 64;
    MeteredWebProperties web;
    std::chrono::seconds idle_expiry{};
    DistributionProperties distribution;
    PrometheusProperties prometheus;
};

FLT_DESCRIBE_CONFIG(
    MetricsProperties,
    (tags, "Tags of every meter."),
    (enable, "metrics.enable.jvm=false leaves out the meters under a name."),
    (auto_common_tags, "Tags application and instance on every meter."),
    (strict_labels, "Refuse other tag keys under one name."),
    (maximum_series, "Lines of a scrape at most."),
    (maximum_per_family, "Meters under one name at most."),
    (maximum_tags, "Tags of one meter at most."),
    (web, "Requests over HTTP."),
    (idle_expiry, "Meters that have not counted for so long are left out until they do; 0 is never."),
    (distribution, "Buckets and percentiles."),
    (prometheus, "The scrape.")
)

}  // namespace flotilla::service
