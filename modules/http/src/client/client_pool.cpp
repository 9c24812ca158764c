#include "client_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "flotilla/base/random.hpp"
#include "flotilla/base/url_text.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

constexpr Duration sweep_interval = 1s;
/// Of the time that a server keeps an idle connection, this much is left to it.
constexpr Duration keep_alive_margin = 1s;
/// From so many hosts on, those without connections are forgotten.
constexpr std::size_t many_hosts = 256;

}  // namespace

ClientLease::ClientLease(
    std::shared_ptr<ClientShard> shard,
    std::shared_ptr<ClientHost> host,
    std::unique_ptr<ClientConnection> made
) noexcept
    : connection(std::move(made)), shard_(std::move(shard)), host_(std::move(host)) {}

ClientLease& ClientLease::operator=(ClientLease&& other) noexcept {
    close();
    connection = std::move(other.connection);
    shard_ = std::move(other.shard_);
    host_ = std::move(other.host_);
    return *this;
}

ClientLease::~ClientLease() {
    close();
}

void ClientLease::give_back() {
    if (!shard_) return;
    const auto shard = std::move(shard_);
    shard->keep(host_, std::move(connection));
}

void ClientLease::close() noexcept {
    if (!shard_) return;
    connection.reset();
    const auto shard = std::move(shard_);
    shard->closed(*host_);
}

ClientShard::ClientShard(std::shared_ptr<ClientCore> core, runtime::EventLoop& loop)
    : core_(std::move(core)), loop_(loop), counts_(core_->counts[loop.index()]) {}

ClientShard::~ClientShard() {
    counts_.open = 0;
    counts_.idle = 0;
}

std::shared_ptr<ClientHost> ClientShard::host_of(const Url& url) {
    key_.clear();
    fmt::format_to(
        std::back_inserter(key_), "{}{}:{}", url.secure() ? 's' : ' ', url.host, url.port_or_default()
    );
    if (const auto found = hosts_.find(key_); found != hosts_.end()) return found->second;

    if (hosts_.size() >= many_hosts)
        std::erase_if(hosts_, [](const auto& entry) {
            return entry.second->open == 0 && entry.second.use_count() == 1;
        });
    auto host = std::make_shared<ClientHost>();
    host->secure = url.secure();
    host->host = url.host;
    host->port = url.port_or_default();
    host->name = host_and_port(host->host, host->port);
    hosts_.emplace(key_, host);
    return host;
}

Task<Result<ClientLease>> ClientShard::acquire(
    std::shared_ptr<ClientHost> host, Want want, Deadline deadline
) {
    const auto self = shared_from_this();
    const auto take = [&]() -> std::optional<ClientLease> {
        if (want == Want::any) {
            if (auto kept = take_idle(*host)) return ClientLease(self, host, std::move(kept));
        }
        if (!make_room(*host)) return std::nullopt;
        opened(*host);
        return ClientLease(self, host, nullptr);
    };

    // Whoever waits already comes first.
    if (!host->free.has_waiters()) {
        if (auto lease = take()) co_return std::move(*lease);
    }
    if (host->pending >= core_->config.pool.max_pending_per_host)
        co_return fail(
            Errc::limit_exceeded,
            fmt::format("{} calls wait for a connection to {} already", host->pending, host->name)
        );

    struct Waiting {
        Waiting(ClientShard& s, ClientHost& h) noexcept : shard(s), of(h) {
            ++of.pending;
            shard.counts_.pending.store(++shard.pending_, std::memory_order_relaxed);
        }

        ~Waiting() {
            --of.pending;
            shard.counts_.pending.store(--shard.pending_, std::memory_order_relaxed);
        }

        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

        ClientShard& shard;
        ClientHost& of;
    };

    const Waiting waiting(*this, *host);
    for (;;) {
        const runtime::Wake wake = co_await host->free.wait(deadline);
        if (wake == runtime::Wake::timed_out) co_return fail(Errc::timed_out);
        if (auto lease = take()) co_return std::move(*lease);
    }
}

std::unique_ptr<ClientConnection> ClientShard::take_idle(ClientHost& host) {
    const TimePoint now = core_->now();
    while (!host.idle.empty()) {
        auto connection = std::move(host.idle.back());
        host.idle.pop_back();
        counts_.idle.store(--idle_, std::memory_order_relaxed);
        if (now < connection->idle_until && now < connection->expires() && connection->quiet()) {
            counts_.reused.store(
                counts_.reused.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed
            );
            return connection;
        }
        connection.reset();
        closed(host);
    }
    return nullptr;
}

bool ClientShard::make_room(ClientHost& host) {
    const ClientPoolConfig& limits = core_->config.pool;
    if (host.open >= core_->share(limits.max_connections_per_host)) {
        if (host.idle.empty()) return false;
        close_idle(host, 0);
    }
    if (open_ < core_->share(limits.max_connections)) return true;
    // The connection that has been idle longest, of whatever host, has to go.
    ClientHost* poorest = nullptr;
    for (const auto& [key, other] : hosts_) {
        if (!other->idle.empty() &&
            (!poorest || other->idle.front()->idle_until < poorest->idle.front()->idle_until))
            poorest = other.get();
    }
    if (!poorest) return false;
    close_idle(*poorest, 0);
    return true;
}

void ClientShard::opened(ClientHost& host) noexcept {
    ++host.open;
    counts_.open.store(++open_, std::memory_order_relaxed);
    counts_.opened.store(counts_.opened.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void ClientShard::closed(ClientHost& host) noexcept {
    --host.open;
    counts_.open.store(--open_, std::memory_order_relaxed);
    serve_soon();
}

void ClientShard::keep(
    const std::shared_ptr<ClientHost>& host, std::unique_ptr<ClientConnection> connection
) {
    const TimePoint now = core_->now();
    Duration idle = core_->config.pool.keep_alive;
    if (connection->keep_alive_hint) idle = std::min(idle, *connection->keep_alive_hint - keep_alive_margin);
    if (idle <= Duration::zero() || now >= connection->expires() || connection->peer_closed()) {
        connection.reset();
        closed(*host);
        return;
    }
    connection->idle_until = now + idle;
    connection->rest();
    host->idle.push_back(std::move(connection));
    counts_.idle.store(++idle_, std::memory_order_relaxed);
    serve_soon();
    if (sweeping_) return;
    // Owned by nobody: it holds the shard weakly, and ends when there is nothing to sweep.
    sweeping_ = true;
    asio::co_spawn(loop_.executor(), sweep_while_needed(weak_from_this()), asio::detached);
}

void ClientShard::close_idle(ClientHost& host, std::size_t index) noexcept {
    host.idle.erase(host.idle.begin() + static_cast<std::ptrdiff_t>(index));
    counts_.idle.store(--idle_, std::memory_order_relaxed);
    closed(host);
}

void ClientShard::serve_soon() noexcept {
    if (pending_ == 0 || serving_) return;
    serving_ = true;
    loop_.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->serve();
    });
}

void ClientShard::serve() {
    serving_ = false;
    // A resumed call may add hosts.
    std::vector<std::shared_ptr<ClientHost>> waited_for;
    for (const auto& [key, host] : hosts_)
        if (host->free.has_waiters()) waited_for.push_back(host);
    for (const auto& host : waited_for) {
        for (std::size_t turns = host->pending; turns > 0 && (!host->idle.empty() || make_room(*host));
             --turns)
            if (!host->free.notify_one()) break;
    }
}

bool ClientShard::sweep() {
    const TimePoint now = core_->now();
    for (const auto& [key, host] : hosts_) {
        for (std::size_t i = host->idle.size(); i-- > 0;) {
            const ClientConnection& connection = *host->idle[i];
            if (now >= connection.idle_until || now >= connection.expires() || connection.peer_closed())
                close_idle(*host, i);
        }
    }
    sweeping_ = idle_ > 0;
    return sweeping_;
}

Task<> ClientShard::sweep_while_needed(std::weak_ptr<ClientShard> weak) {
    for (;;) {
        co_await runtime::sleep_for(sweep_interval);
        const auto self = weak.lock();
        if (!self || !self->sweep()) co_return;
    }
}

TimePoint ClientShard::end_of_life() const {
    const Duration life = core_->config.pool.max_life;
    const double part = 1.0 - 0.1 * Random::of_thread().unit();
    return core_->now() + Duration(static_cast<Duration::rep>(static_cast<double>(life.count()) * part));
}

}  // namespace flotilla::http
