#pragma once
// What all loops and all calls of a client share.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/http/client.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/meters.hpp"

namespace flotilla::http {

/// The parts of a call that have a time limit of their own.
enum class ClientPhase : std::uint8_t { pool, connect, tls, request, response, body };

inline constexpr std::size_t client_phases = 6;

/// `pool`, `connect`, ...: the tag of the metrics.
std::string_view to_text(ClientPhase phase) noexcept;

/// Written by one loop, read by any thread.
struct alignas(64) ClientCounts {
    std::atomic<std::size_t> open{0};
    std::atomic<std::size_t> idle{0};
    std::atomic<std::size_t> pending{0};
    std::atomic<std::uint64_t> opened{0};
    std::atomic<std::uint64_t> reused{0};
};

struct ClientCore {
    ClientCore(
        runtime::Runtime& runtime_,
        ClientConfig config_,
        ClientTelemetry telemetry_,
        runtime::Resolver* resolver_
    );
    ~ClientCore();
    ClientCore(const ClientCore&) = delete;
    ClientCore& operator=(const ClientCore&) = delete;

    /// Made at the first https call: reading the system's authorities takes a while.
    Result<std::shared_ptr<runtime::TlsContext>> tls();
    [[nodiscard]] ClientStats stats() const noexcept;
    /// Counts it and, now and then, warns.
    void timed_out(ClientPhase phase, const Error& error) noexcept;
    /// Stops showing gauges.
    void unbind();

    [[nodiscard]] TimePoint now() const noexcept { return clock.now(); }

    /// A loop's share of a limit.
    [[nodiscard]] std::size_t share(std::size_t limit) const noexcept;

    const ClientConfig config;
    const ClientTelemetry telemetry;
    const Clock& clock;
    const std::size_t loops;
    std::unique_ptr<ClientCounts[]> counts;
    std::unique_ptr<runtime::Resolver> own_resolver;
    runtime::Resolver& resolver;

private:
    std::mutex tls_mutex_;
    std::optional<Result<std::shared_ptr<runtime::TlsContext>>> tls_;
    std::array<metrics::Counter, client_phases> timeouts_;
    static constexpr Duration warning_interval = std::chrono::seconds(10);
    log::Every warnings_[client_phases] = {
        log::Every(warning_interval),
        log::Every(warning_interval),
        log::Every(warning_interval),
        log::Every(warning_interval),
        log::Every(warning_interval),
        log::Every(warning_interval),
    };
};

}  // namespace flotilla::http
