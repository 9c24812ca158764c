#include "client_core.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view connections_name = "http.client.connections";
constexpr std::string_view pending_name = "http.client.pending";

}  // namespace

std::string_view to_text(ClientPhase phase) noexcept {
    static constexpr std::array<std::string_view, client_phases> texts = {
        "pool", "connect", "tls", "request", "response", "body"
    };
    return texts[static_cast<std::size_t>(phase)];
}

ClientCore::ClientCore(
    runtime::Runtime& runtime_, ClientConfig config_, ClientTelemetry telemetry_, runtime::Resolver* resolver_
)
    : config(std::move(config_)),
      telemetry(telemetry_),
      clock(runtime_.clock()),
      loops(runtime_.size()),
      counts(std::make_unique<ClientCounts[]>(loops)),
      own_resolver(resolver_ ? nullptr : std::make_unique<runtime::Resolver>(runtime_)),
      resolver(resolver_ ? *resolver_ : *own_resolver) {
    if (!telemetry.meters) return;
    metrics::Registry& meters = *telemetry.meters;
    for (std::size_t i = 0; i < client_phases; ++i)
        timeouts_[i] = meters.counter(
            "http.client.timeouts",
            {{"client", config.name}, {"phase", to_text(static_cast<ClientPhase>(i))}},
            {.description = "Calls that ran into a time limit, by the phase that they were in"}
        );
    meters.gauge(
        connections_name,
        {{"client", config.name}, {"state", "active"}},
        [this] { return static_cast<double>(stats().active); },
        {.description = "Connections of the client"}
    );
    meters.gauge(
        connections_name,
        {{"client", config.name}, {"state", "idle"}},
        [this] { return static_cast<double>(stats().idle); },
        {.description = "Connections of the client"}
    );
    meters.gauge(
        pending_name,
        {{"client", config.name}},
        [this] { return static_cast<double>(stats().pending); },
        {.description = "Calls that wait for a connection"}
    );
}

ClientCore::~ClientCore() = default;

void ClientCore::unbind() {
    if (!telemetry.meters) return;
    telemetry.meters->remove(connections_name, {{"client", config.name}, {"state", "active"}});
    telemetry.meters->remove(connections_name, {{"client", config.name}, {"state", "idle"}});
    telemetry.meters->remove(pending_name, {{"client", config.name}});
}

Result<std::shared_ptr<runtime::TlsContext>> ClientCore::tls() {
    const std::lock_guard lock(tls_mutex_);
    if (!tls_ || !*tls_) tls_ = runtime::TlsContext::client(config.tls.value_or(runtime::TlsConfig()));
    return *tls_;
}

ClientStats ClientCore::stats() const noexcept {
    ClientStats stats;
    std::size_t open = 0;
    for (std::size_t i = 0; i < loops; ++i) {
        open += counts[i].open.load(std::memory_order_relaxed);
        stats.idle += counts[i].idle.load(std::memory_order_relaxed);
        stats.pending += counts[i].pending.load(std::memory_order_relaxed);
        stats.opened += counts[i].opened.load(std::memory_order_relaxed);
        stats.reused += counts[i].reused.load(std::memory_order_relaxed);
    }
    stats.active = open - std::min(open, stats.idle);
    return stats;
}

void ClientCore::timed_out(ClientPhase phase, const Error& error) noexcept {
    const auto index = static_cast<std::size_t>(phase);
    timeouts_[index].increment();
    telemetry.log.warn_every(warnings_[index], "{}", error.message());
}

std::size_t ClientCore::share(std::size_t limit) const noexcept {
    return std::max<std::size_t>(1, (limit + loops - 1) / loops);
}

}  // namespace flotilla::http
