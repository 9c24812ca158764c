#pragma once
/// Serves HTTP/1.1 and HTTP/2 on all loops of a runtime.
///
///     Server server(runtime, config, router, telemetry);
///     FLT_CO_TRY(auto endpoint, co_await server.start());
///     …
///     co_await server.stop(grace);

#include <functional>
#include <memory>
#include <vector>

#include "flotilla/http/error.hpp"
#include "flotilla/http/handler.hpp"
#include "flotilla/http/server_config.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::http {

/// Where a server reports to. All may be absent.
struct Telemetry {
    metrics::Registry* meters = nullptr;
    tracing::Tracer* tracer = nullptr;
    log::Logger log = {};
    log::Logger access_log = {};
};

/// One finished exchange, for observers. Views are valid during the call only.
struct Exchange {
    const Request& request;
    const Response& response;
    TimePoint received;
    TimePoint finished;
    std::uint64_t bytes_sent = 0;
};

using Observer = std::function<void(const Exchange&)>;

struct ServerStats {
    std::size_t connections = 0;
    std::size_t active_requests = 0;
    std::uint64_t accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t rejected = 0;  ///< malformed messages
};

class Server {
public:
    /// `handler` and everything in `telemetry` outlive the server. The handler is called on every loop.
    Server(
        runtime::Runtime& runtime,
        ServerConfig config,
        Handler& handler,
        Telemetry telemetry = {},
        ErrorRenderer errors = ErrorRenderer()
    );
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Sees each exchange when its answer has been handed over. Before `start`; called on every loop.
    void observe(Observer observer);

    /// Listens and accepts. The endpoint has the real port.
    Task<Result<runtime::Endpoint>> start();

    /// From now on answers say `Connection: close`: clients go elsewhere, nobody is refused.
    void announce_shutdown() noexcept;

    /// Closes the listeners and idle connections, lets running requests finish until the deadline, cuts the
    /// rest. The number of requests that were cut off.
    Task<std::size_t> stop(Deadline deadline);

    /// Reads certificate files again.
    Result<void> reload_certificates();
    /// The certificate's end of life, as ISO-8601; empty without TLS or before `start`.
    [[nodiscard]] std::string certificate_expires() const;

    [[nodiscard]] ServerStats stats() const noexcept;

    [[nodiscard]] const ServerConfig& config() const noexcept;

private:
    struct Impl;

    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::http
