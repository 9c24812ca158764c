#pragma once
/// Settings of the engine: `spring.cloud.gateway.httpclient.*`.

#include <chrono>
#include <cstddef>
#include <optional>

#include "flotilla/base/units.hpp"
#include "flotilla/runtime/tls.hpp"

namespace flotilla::proxy {

struct PoolConfig {
    std::size_t max_connections = 256;  ///< to one upstream, over all loops
    std::size_t max_pending = 1024;     ///< exchanges that wait for one of them; more are refused
    std::chrono::milliseconds acquire_timeout{45'000};
    std::chrono::milliseconds max_idle_time{30'000};
};

struct ProxyConfig {
    std::chrono::milliseconds connect_timeout{30'000};
    /// From the end of the request to the head of the answer; none: as long as the client waits.
    std::optional<std::chrono::milliseconds> response_timeout;
    std::chrono::milliseconds idle_timeout{300'000};              ///< between two pieces of a body
    std::chrono::milliseconds websocket_idle_timeout{3'600'000};  ///< without a byte in either direction
    std::chrono::milliseconds tls_handshake_timeout{10'000};
    Bytes max_response_header_size = Bytes::kilo(32);
    PoolConfig pool;
    runtime::TlsConfig ssl;  ///< trust and own certificate towards upstreams
};

}  // namespace flotilla::proxy
