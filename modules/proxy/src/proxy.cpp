#include "flotilla/proxy/proxy.hpp"

#include <algorithm>
#include <functional>

#include "attempt.hpp"
#include "pool.hpp"

namespace flotilla::proxy {

struct Proxy::Impl {
    runtime::Runtime& runtime;
    Shared shared;
    std::vector<std::unique_ptr<Shard>> shards = {};

    [[nodiscard]] Shard& here() const { return *shards[runtime::EventLoop::current().index()]; }
};

Result<std::unique_ptr<Proxy>> Proxy::create(
    runtime::Runtime& runtime, ProxyConfig config, http::Telemetry telemetry, HopByHop hop_by_hop
) {
    FLT_TRY(auto tls, runtime::TlsContext::client(config.ssl));
    const std::size_t loops = runtime.size();
    const std::size_t per_loop = std::max<std::size_t>(1, (config.pool.max_connections + loops - 1) / loops);
    std::unique_ptr<Impl> impl(new Impl{
        runtime,
        {.config = std::move(config),
         .telemetry = telemetry,
         .hop_by_hop = std::move(hop_by_hop),
         .tls = std::move(tls),
         .connections_per_loop = per_loop}
    });
    for (std::size_t i = 0; i < loops; ++i)
        impl->shards.push_back(std::make_unique<Shard>(impl->shared, runtime.loop(i)));
    std::unique_ptr<Proxy> proxy(new Proxy(std::move(impl)));
    return proxy;
}

Proxy::Proxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Proxy::~Proxy() = default;

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
    }
    return stats;
}

}  // namespace flotilla::proxy
