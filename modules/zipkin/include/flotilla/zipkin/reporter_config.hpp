#pragma once
/// Settings of the span reporter: `tracing.reporter.*`, over Sleuth's and Spring Boot's names of the same.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "flotilla/base/units.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/zipkin/encoder.hpp"

namespace flotilla::zipkin {

/// How spans travel.
enum class Sender : std::uint8_t { http, none };

struct CompressionConfig {
    /// Unset: unless the server is on this machine, where it costs more than it saves.
    std::optional<bool> enabled{};
    Bytes min_size = Bytes::kilo(1);
};

struct ReporterConfig {
    /// Unset: when an address is configured.
    std::optional<bool> enabled;
    Sender sender = Sender::http;
    /// The whole address; that of `base_url` with `/api/v2/spans` when empty.
    std::string endpoint;
    std::string base_url = "http://127.0.0.1:9411";
    Encoding encoding = Encoding::json_v2;
    std::uint32_t queued_max_spans = 10'000;
    Bytes queued_max_bytes = Bytes::mega(8);
    Bytes message_max_bytes{500'000};
    std::chrono::milliseconds message_timeout{1'000};
    std::chrono::milliseconds close_timeout{1'000};
    std::chrono::milliseconds connect_timeout{1'000};
    std::chrono::milliseconds read_timeout{10'000};
    CompressionConfig compression;

    /// Where spans are posted.
    [[nodiscard]] std::string address() const;
};

FLT_DESCRIBE_ENUM_KEBAB(Sender, http, none)
FLT_DESCRIBE_ENUM(Encoding, (json_v2, "json-v2"), (proto3, "proto3"))

FLT_DESCRIBE_CONFIG(
    CompressionConfig,
    (enabled, "Whether messages are compressed; unless said, those to another machine."),
    (min_size, "The smallest message that is worth it.")
)

FLT_DESCRIBE_CONFIG(
    ReporterConfig,
    (enabled, "Whether spans are reported; unset: when an address is configured."),
    (sender, "How: http, or none."),
    (endpoint,
     "Where spans are posted; http://localhost:9411/api/v2/spans. lb://zipkin/api/v2/spans finds it by name."
    ),
    (base_url, "The same without /api/v2/spans."),
    (encoding, "json-v2, or proto3 for messages half as long."),
    (queued_max_spans, "Spans that wait or are under way; further ones are dropped and counted.", min(1)),
    (queued_max_bytes, "Memory that they take at most.", min(Bytes::kilo(1))),
    (message_max_bytes, "The longest message, before compression.", min(Bytes::kilo(1))),
    (message_timeout, "How long the first span waits for others.", min(std::chrono::milliseconds(0))),
    (close_timeout,
     "How long the end of the service waits for what is left.",
     min(std::chrono::milliseconds(0))),
    (connect_timeout, "Until there is a connection.", min(std::chrono::milliseconds(1))),
    (read_timeout, "From the sent message to the answer.", min(std::chrono::milliseconds(1))),
    (compression, "Compressed messages.")
)

/// `tracing.reporter.*` over `spring.zipkin.*` over `management.zipkin.tracing.*`. Its `enabled` is settled.
Result<ReporterConfig> read_reporter(config::Environment& environment);

}  // namespace flotilla::zipkin
