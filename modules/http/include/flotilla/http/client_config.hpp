#pragma once
/// Settings of an HTTP client. Everything that waits has a finite default.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "flotilla/base/units.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/tls.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::http {

/// Connections that are kept. Limits are the process's; each event loop has an even share.
struct ClientPoolConfig {
    std::size_t max_connections = 256;
    std::size_t max_connections_per_host = 64;
    /// Calls that wait for a connection to one host, on one loop; the next one fails at once.
    std::size_t max_pending_per_host = 1024;
    std::chrono::milliseconds keep_alive{30'000
    };  ///< idle time; a server's `Keep-Alive: timeout` shortens it
    std::chrono::milliseconds max_life{900'000};  ///< less up to a tenth, so that not all end at once
};

/// One limit for each phase of a call, and one for all of it. A deadline of the running task that comes
/// sooner wins.
struct ClientTimeouts {
    std::chrono::milliseconds pool{500};        ///< until a connection is free
    std::chrono::milliseconds connect{1'000};   ///< name lookup and TCP, over all addresses
    std::chrono::milliseconds tls{2'000};       ///< handshake
    std::chrono::milliseconds response{5'000};  ///< from the sent request to the head of the answer
    std::chrono::milliseconds idle{30'000};     ///< between two pieces of a body, either way
    /// 0: none. A stream that is meant to last needs that, or a longer one.
    std::chrono::milliseconds total{10'000};
};

struct ClientConfig {
    std::string name = "default";  ///< in metrics and log lines
    ClientPoolConfig pool{};
    ClientTimeouts timeouts{};
    /// For `https`; without it the system's authorities are trusted.
    std::optional<runtime::TlsConfig> tls{};

    Bytes max_response_size = Bytes::mega(10);  ///< of bodies that are held in memory, after decompression
    Bytes max_response_header_size = Bytes::kilo(32);
    unsigned max_redirects = 0;  ///< 0: a redirect is an answer like any other
    bool decompress = false;     ///< asks for gzip and unpacks it
    /// Tells the next hop what is left: `X-Request-Deadline-Ms`.
    bool send_deadline = true;
    std::string user_agent = "flotilla";  ///< none when empty
    /// How long one address may take before the next one is tried beside it.
    std::chrono::milliseconds happy_eyeballs_delay{250};
    /// How long a request with `Expect: 100-continue` waits before it sends its body all the same.
    std::chrono::milliseconds expect_continue_timeout{1'000};
};

/// Where a client reports to. All may be absent; what is there outlives the client and its answers.
struct ClientTelemetry {
    metrics::Registry* meters = nullptr;
    tracing::Tracer* tracer = nullptr;
    log::Logger log{};
};

}  // namespace flotilla::http
