#include "pool.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace flotilla::proxy {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr Duration sweep_interval = 1s;
/// From so many upstreams on, those without connections are forgotten.
constexpr std::size_t many_pools = 256;
constexpr std::size_t large_block = 64 * 1024;
constexpr std::size_t large_blocks_kept = 32;
constexpr std::size_t spare_heads = 1024;

}  // namespace

Pool::~Pool() {
    clear();
}

std::unique_ptr<Connection> Pool::take() {
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        Shard::Counters::drop(shard_.counters.idle);
        connection->leave_rest();
        if (connection->expires > shard_.loop.now() && !connection->stream.peer_closed() &&
            connection->is_quiet()) {
            Shard::Counters::bump(shard_.counters.active);
            return connection;
        }
        connection.reset();
        --open_;
    }
    return nullptr;
}

void Pool::occupy() noexcept {
    ++open_;
    Shard::Counters::bump(shard_.counters.active);
}

void Pool::keep(std::unique_ptr<Connection> connection) {
    const Duration limit =
        std::min<Duration>(shard_.shared.config.pool.max_idle_time, connection->keep_alive_limit);
    if (limit <= Duration::zero() || connection->stream.peer_closed() || !connection->is_quiet()) {
        connection.reset();
        return closed();
    }
    connection->rest_in(*this, shard_.loop.now() + limit);
    idle_.push_back(std::move(connection));
    Shard::Counters::drop(shard_.counters.active);
    Shard::Counters::bump(shard_.counters.idle);
    shard_.watch_idle();
    room_.notify_one();
}

void Pool::closed() noexcept {
    --open_;
    Shard::Counters::drop(shard_.counters.active);
    room_.notify_one();
}

void Pool::forget(Connection& resting) noexcept {
    const auto place = std::ranges::find_if(idle_, [&](const auto& one) { return one.get() == &resting; });
    FLT_ASSERT(place != idle_.end());
    idle_.erase(place);
    --open_;
    Shard::Counters::drop(shard_.counters.idle);
    room_.notify_one();
}

void Pool::drop_expired(TimePoint now) {
    // The oldest are at the bottom, but a server may have set limits of its own.
    const auto gone = std::erase_if(idle_, [&](const auto& one) { return one->expires <= now; });
    open_ -= gone;
    Shard::Counters::bump(shard_.counters.idle, std::size_t{0} - gone);
    for (std::size_t i = 0; i < gone && room_.notify_one(); ++i) {
    }
}

void Pool::clear() {
    drop_expired(TimePoint::max());
}

Task<Result<std::unique_ptr<Connection>>> Pool::wait_for_place(Deadline deadline) {
    if (pending_ >= shard_.shared.config.pool.max_pending)
        co_return fail(ProxyErrc::overloaded, "too many requests wait for a connection");

    struct Waiting {
        Pool& pool;

        explicit Waiting(Pool& p) : pool(p) {
            ++pool.pending_;
            Shard::Counters::bump(pool.shard_.counters.pending);
        }

        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

        ~Waiting() {
            --pool.pending_;
            Shard::Counters::drop(pool.shard_.counters.pending);
        }
    };

    const Waiting waiting(*this);
    const TimePoint began = shard_.loop.now();
    for (;;) {
        const runtime::Wake wake = co_await room_.wait(deadline);
        if (auto connection = take()) co_return connection;
        if (!full()) {
            occupy();
            co_return nullptr;
        }
        if (wake == runtime::Wake::timed_out) {
            Shard::Counters::bump(shard_.counters.late_places);
            const auto waited = std::chrono::duration_cast<milliseconds>(shard_.loop.now() - began);
            co_return fail(
                ProxyErrc::overloaded, fmt::format("no connection became free within {} ms", waited.count())
            );
        }
    }
}

Result<std::shared_ptr<runtime::TlsContext>> Shared::tls() const {
    const std::lock_guard lock(tls_mutex_);
    if (!tls_) {
        FLT_TRY(tls_, runtime::TlsContext::client(config.ssl));
    }
    return tls_;
}

Shard::Shard(const Shared& all, runtime::EventLoop& on)
    : shared(all),
      loop(on),
      large_blocks(large_block, large_blocks_kept),
      pipes(all.pipes_per_loop),
      parser(parser_options(all.config.max_response_header_size.count)),
      scope_(on) {
    spare_.reserve(spare_heads);
}

Pool& Shard::pool_of(const Upstream& upstream) {
    const auto known = pools_.find(upstream.key());
    if (known != pools_.end()) return *known->second;
    if (pools_.size() >= many_pools)
        std::erase_if(pools_, [](const auto& pool) { return pool.second->unused(); });
    return *pools_.emplace(upstream.key(), std::make_unique<Pool>(*this, shared.connections_per_loop))
                .first->second;
}

bool Shard::anything_rests() const noexcept {
    return std::ranges::any_of(pools_, [](const auto& pool) { return pool.second->resting(); });
}

void Shard::watch_idle() {
    if (sweeping_) return;
    sweeping_ = scope_.spawn("proxy-idle-connections", sweep());
}

Task<> Shard::sweep() {
    while (anything_rests()) {
        co_await runtime::sleep_for(sweep_interval);
        // Not over the map itself: whoever is woken may add to it.
        std::vector<Pool*> pools;
        for (const auto& pool : pools_) pools.push_back(pool.second.get());
        for (Pool* pool : pools) pool->drop_expired(loop.now());
    }
    sweeping_ = false;
}

void OutgoingReturn::operator()(Outgoing* outgoing) const noexcept {
    shard->give_back(std::unique_ptr<Outgoing>(outgoing));
}

OutgoingPtr Shard::take_outgoing() {
    if (spare_.empty()) return {new Outgoing, OutgoingReturn{this}};
    OutgoingPtr outgoing(spare_.back().release(), OutgoingReturn{this});
    spare_.pop_back();
    outgoing->clear();  // now, as its memory is about to be used
    return outgoing;
}

void Shard::give_back(std::unique_ptr<Outgoing> outgoing) noexcept {
    if (spare_.size() == spare_.capacity()) return;
    spare_.push_back(std::move(outgoing));
}

Task<> Shard::stop() {
    co_await scope_.stop();
    for (const auto& pool : pools_) pool.second->clear();
}

}  // namespace flotilla::proxy
