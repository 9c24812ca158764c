#include "flotilla/proxy/proxy.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "attempt.hpp"
#include "pool.hpp"

namespace flotilla::proxy {

namespace {

constexpr std::array connection_states{
    std::pair{"active", &ProxyStats::active},
    std::pair{"idle", &ProxyStats::idle},
    std::pair{"pending", &ProxyStats::pending}
};
constexpr std::array totals{
    std::pair{"flotilla.proxy.connects", &ProxyStats::connects},
    std::pair{"flotilla.proxy.repeats", &ProxyStats::repeats}
};
constexpr std::array timeouts{
    std::pair{"acquire", &ProxyStats::late_places},
    std::pair{"connect", &ProxyStats::late_connects},
    std::pair{"handshake", &ProxyStats::late_handshakes},
    std::pair{"response", &ProxyStats::late_answers},
    std::pair{"body", &ProxyStats::late_bodies}
};
constexpr auto timeouts_meter = "flotilla.proxy.timeouts";
constexpr auto connections_meter = "flotilla.proxy.connections";

/// An eighth of the process's descriptors at the most: connections need them more.
std::size_t pipes_for_each(std::size_t loops) {
    constexpr std::size_t most = 256;
    constexpr std::size_t descriptors = 2;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
    return std::min<std::size_t>(most, limit.rlim_cur / 8 / descriptors / loops);
}

}  // namespace

struct Proxy::Impl {
    explicit Impl(runtime::Runtime& r) : runtime(r) {}

    runtime::Runtime& runtime;
    Shared shared;
    std::vector<std::unique_ptr<Shard>> shards;

    [[nodiscard]] Shard& here() const { return *shards[runtime::EventLoop::current().index()]; }
};

Result<std::unique_ptr<Proxy>> Proxy::create(
    runtime::Runtime& runtime, ProxyConfig config, http::Telemetry telemetry, HopByHop hop_by_hop
) {
    const std::size_t loops = runtime.size();
    auto impl = std::make_unique<Impl>(runtime);
    Shared& shared = impl->shared;
    shared.config = std::move(config);
    shared.telemetry = telemetry;
    shared.hop_by_hop = std::move(hop_by_hop);
    shared.connections_per_loop =
        std::max<std::size_t>(1, (shared.config.pool.max_connections + loops - 1) / loops);
    shared.pipes_per_loop = pipes_for_each(loops);
    const runtime::TlsConfig& ssl = shared.config.ssl;
    if (!ssl.trust_certificate.empty() || !ssl.certificate.empty() || !ssl.key_store.empty()) {
        FLT_CHECK(shared.tls());
    }
    for (std::size_t i = 0; i < loops; ++i)
        impl->shards.push_back(std::make_unique<Shard>(impl->shared, runtime.loop(i)));
    std::unique_ptr<Proxy> proxy(new Proxy(std::move(impl)));
    proxy->register_meters();
    return proxy;
}

void Proxy::register_meters() {
    metrics::Registry* const meters = impl_->shared.telemetry.meters;
    if (!meters) return;
    for (const auto& [state, member] : connection_states)
        meters->gauge(
            connections_meter,
            {{"state", state}},
            [this, member] { return static_cast<double>(stats().*member); },
            {.description = "Connections to upstreams, and exchanges that wait for one"}
        );
    for (const auto& [name, member] : totals)
        meters->function_counter(name, {}, [this, member] { return static_cast<double>(stats().*member); });
    for (const auto& [phase, member] : timeouts)
        meters->function_counter(
            timeouts_meter,
            {{"phase", phase}},
            [this, member] { return static_cast<double>(stats().*member); },
            {.description = "Exchanges that ended because an upstream had taken too long"}
        );
}

Proxy::Proxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Proxy::~Proxy() {
    metrics::Registry* const meters = impl_->shared.telemetry.meters;
    if (!meters) return;
    for (const auto& [state, member] : connection_states)
        meters->remove(connections_meter, {{"state", state}});
    for (const auto& [name, member] : totals) meters->remove(name);
    for (const auto& [phase, member] : timeouts) meters->remove(timeouts_meter, {{"phase", phase}});
}

Task<Result<Outcome>> Proxy::forward(Call& call) {
    return Attempt::run(impl_->here(), call);
}

OutgoingPtr Proxy::take_outgoing() {
    return impl_->here().take_outgoing();
}

Task<> Proxy::stop() {
    for (const auto& shard : impl_->shards) {
        const std::function<Task<void>()> stop = [&shard] { return shard->stop(); };
        co_await impl_->runtime.on(shard->loop, stop);
    }
}

const HopByHop& Proxy::hop_by_hop() const noexcept {
    return impl_->shared.hop_by_hop;
}

const ProxyConfig& Proxy::config() const noexcept {
    return impl_->shared.config;
}

ProxyStats Proxy::stats() const noexcept {
    ProxyStats stats;
    for (const auto& shard : impl_->shards) {
        const Shard::Counters& from = shard->counters;
        stats.active += from.active.load(std::memory_order_relaxed);
        stats.idle += from.idle.load(std::memory_order_relaxed);
        stats.pending += from.pending.load(std::memory_order_relaxed);
        stats.connects += from.connects.load(std::memory_order_relaxed);
        stats.repeats += from.repeats.load(std::memory_order_relaxed);
        stats.late_places += from.late_places.load(std::memory_order_relaxed);
        stats.late_connects += from.late_connects.load(std::memory_order_relaxed);
        stats.late_handshakes += from.late_handshakes.load(std::memory_order_relaxed);
        stats.late_answers += from.late_answers.load(std::memory_order_relaxed);
        stats.late_bodies += from.late_bodies.load(std::memory_order_relaxed);
    }
    return stats;
}

}  // namespace flotilla::proxy
