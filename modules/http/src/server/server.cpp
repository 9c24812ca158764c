#include "flotilla/http/server.hpp"

#include <mutex>

#include "shard.hpp"

namespace flotilla::http {

struct Server::Impl {
    ServerShared shared;
    std::vector<std::unique_ptr<Shard>> shards{
    };  // changed under the mutex, as figures are read from any thread
    mutable std::mutex mutex{};

    void add(std::unique_ptr<Shard> shard) {
        const std::lock_guard lock(mutex);
        shards.push_back(std::move(shard));
    }

    void clear() {
        const std::lock_guard lock(mutex);
        shards.clear();
    }
};

namespace {

struct OpenedShard {
    std::unique_ptr<Shard> shard;
    runtime::Endpoint at;
};

Task<Result<OpenedShard>> open_shard(
    ServerShared& shared, runtime::EventLoop& loop, runtime::Endpoint endpoint, runtime::PortUse use
) {
    FLT_CO_TRY(auto listener, runtime::Listener::open(loop, endpoint, use));
    OpenedShard opened{.shard = nullptr, .at = listener.local()};
    opened.shard = std::make_unique<Shard>(shared, loop, std::move(listener));
    opened.shard->start();
    co_return opened;
}

/// What ALPN offers follows from whether there is HTTP/2.
runtime::TlsConfig with_protocols(runtime::TlsConfig tls, const Http2Config& http2) {
    std::erase(tls.alpn, "h2");
    if (http2.enabled) tls.alpn.insert(tls.alpn.begin(), "h2");
    return tls;
}

Task<> stop_accepting(Shard& shard) {
    shard.stop_accepting();
    co_return;
}

}  // namespace

Server::Server(
    runtime::Runtime& runtime,
    ServerConfig config,
    Handler& handler,
    Telemetry telemetry,
    ErrorRenderer errors
)
    : impl_(new Impl{
          {.runtime = runtime,
           .config = std::move(config),
           .handler = handler,
           .telemetry = telemetry,
           .errors = errors,
           .meters = ServerMeters(telemetry.meters),
           .observers = {},
           .tls = nullptr},
          {}
      }) {}

Server::~Server() {
    FLT_ASSERT(impl_->shards.empty());
}

void Server::observe(Observer observer) {
    impl_->shared.observers.push_back(std::move(observer));
}

Task<Result<runtime::Endpoint>> Server::start() {
    ServerShared& shared = impl_->shared;
    const ServerConfig& config = shared.config;
    if (config.ssl && config.ssl->enabled) {
        const runtime::TlsConfig tls = with_protocols(*config.ssl, config.http2);
        FLT_CO_TRY(shared.tls, runtime::TlsContext::server(tls));
    }
    FLT_CO_TRY(auto endpoint, runtime::Endpoint::parse(config.address, config.port));

    runtime::Runtime& runtime = shared.runtime;
    auto use = runtime.size() > 1 ? runtime::PortUse::first : runtime::PortUse::exclusive;
    for (std::size_t i = 0; i < runtime.size(); ++i) {
        runtime::EventLoop& loop = runtime.loop(i);
        const std::function<Task<Result<OpenedShard>>()> open = [&shared, &loop, endpoint, use] {
            return open_shard(shared, loop, endpoint, use);
        };
        auto opened = co_await runtime.on(loop, open);
        if (!opened) {
            co_await stop(Deadline(TimePoint{}));
            co_return fail(opened.error());
        }
        endpoint = opened->at;
        impl_->add(std::move(opened->shard));
        use = runtime::PortUse::shared;
    }
    co_return endpoint;
}

void Server::announce_shutdown() noexcept {
    impl_->shared.leaving = true;
}

Task<std::size_t> Server::stop(Deadline deadline) {
    impl_->shared.leaving = true;
    impl_->shared.stopping = true;
    runtime::Runtime& runtime = impl_->shared.runtime;
    for (auto& shard : impl_->shards) {
        const std::function<Task<void>()> refuse = [&shard] { return stop_accepting(*shard); };
        co_await runtime.on(shard->loop(), refuse);
    }
    std::size_t cut = 0;
    for (auto& shard : impl_->shards) {
        const std::function<Task<std::size_t>()> drain = [&shard, deadline] {
            return shard->drain(deadline);
        };
        cut += co_await runtime.on(shard->loop(), drain);
    }
    impl_->clear();
    co_return cut;
}

Result<void> Server::reload_certificates() {
    if (!impl_->shared.tls) return {};
    return impl_->shared.tls->reload();
}

std::string Server::certificate_expires() const {
    return impl_->shared.tls ? impl_->shared.tls->expires() : std::string();
}

ServerStats Server::stats() const noexcept {
    ServerStats stats;
    const std::lock_guard lock(impl_->mutex);
    for (const auto& shard : impl_->shards) shard->add_to(stats);
    return stats;
}

const ServerConfig& Server::config() const noexcept {
    return impl_->shared.config;
}

}  // namespace flotilla::http
