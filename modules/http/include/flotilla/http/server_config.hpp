#pragma once
/// Settings of an HTTP server: `server.*`, names as in Spring Boot where it has them.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/units.hpp"
#include "flotilla/http/parsing.hpp"
#include "flotilla/runtime/tls.hpp"

namespace flotilla::http {

/// `server.compression.*`
struct CompressionConfig {
    bool enabled = false;
    Bytes min_response_size = Bytes::kilo(2);
    std::vector<std::string> mime_types{
        "text/html",
        "text/xml",
        "text/plain",
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/json",
        "application/xml"
    };
};

/// `server.http2.*`
struct Http2Config {
    bool enabled = true;  ///< over TLS: offered by ALPN, before HTTP/1.1
    bool h2c = false;     ///< without TLS: to clients that begin with its preface ("prior knowledge")
    std::uint32_t max_concurrent_streams = 100;  ///< of one connection
};

enum class ForwardHeaders { none, native, framework };

struct ServerConfig {
    std::uint16_t port = 8080;  ///< 0: any free one
    std::string address = "0.0.0.0";
    std::string context_path;

    Bytes max_http_request_header_size = Bytes::kilo(32);
    Bytes max_request_line_size = Bytes::kilo(8);
    Bytes max_body_size = Bytes::mega(2);  ///< of bodies that are held in memory
    std::size_t max_connections = 20'000;
    EncodedSlash encoded_slash = EncodedSlash::reject;
    UnderscoreFields headers_with_underscores = UnderscoreFields::drop;

    std::chrono::milliseconds header_timeout{10'000
    };  ///< from the first byte of a request to the end of its head
    std::chrono::milliseconds body_timeout{20'000};  ///< between two pieces of a body
    Bytes min_body_rate{256};  ///< bytes a second that a body must come with, after the first 10 s
    std::chrono::milliseconds keep_alive_timeout{60'000};  ///< between two requests of a connection
    std::chrono::milliseconds write_timeout{20'000};       ///< for a client that does not read
    std::chrono::milliseconds request_timeout{0};          ///< deadline of a handler; 0: none
    std::size_t max_keep_alive_requests = 0;               ///< 0: no limit

    Http2Config http2;
    CompressionConfig compression;
    ForwardHeaders forward_headers_strategy = ForwardHeaders::none;
    std::string server_header;  ///< none when empty
    std::optional<runtime::TlsConfig> ssl;

    std::chrono::milliseconds slow_request_threshold{0};  ///< log what takes longer; 0: nothing
    bool access_log = false;
};

}  // namespace flotilla::http
