#pragma once
// The connections of one loop to its upstreams.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "connection.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/proxy/proxy.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/runtime/tls.hpp"
#include "pipe_pool.hpp"

namespace flotilla::proxy {

class Shard;

/// To one upstream: those that rest, the last one used on top, and how many there are in all.
class Pool {
public:
    Pool(Shard& shard, std::size_t limit) : shard_(shard), limit_(limit) {}

    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// One that is still alive; null when there is none.
    std::unique_ptr<Connection> take();
    void keep(std::unique_ptr<Connection> connection);
    /// One that was taken or made is gone.
    void closed() noexcept;
    void forget(Connection& resting) noexcept;
    void drop_expired(TimePoint now);
    void clear();

    /// A place for a new connection, or one that has come back meanwhile.
    Task<Result<std::unique_ptr<Connection>>> wait_for_place(Deadline deadline);

    [[nodiscard]] bool full() const noexcept { return open_ >= limit_; }

    void occupy() noexcept;

    [[nodiscard]] bool unused() const noexcept { return open_ == 0 && pending_ == 0; }

    [[nodiscard]] bool resting() const noexcept { return !idle_.empty(); }

private:
    Shard& shard_;
    std::size_t limit_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::size_t open_ = 0;  // idle ones and those being made too
    std::size_t pending_ = 0;
    runtime::Signal room_;
};

/// A place in a pool and, once it is made, the connection.
class Lease {
public:
    Lease() = default;

    Lease(Pool& pool, std::unique_ptr<Connection> made) noexcept
        : connection(std::move(made)), pool_(&pool) {}

    Lease(Lease&& other) noexcept
        : connection(std::move(other.connection)), pool_(std::exchange(other.pool_, nullptr)) {}

    Lease& operator=(Lease&& other) noexcept {
        close();
        connection = std::move(other.connection);
        pool_ = std::exchange(other.pool_, nullptr);
        return *this;
    }

    ~Lease() { close(); }

    void keep() {
        if (Pool* const pool = std::exchange(pool_, nullptr)) pool->keep(std::move(connection));
    }

    void close() noexcept {
        connection.reset();
        if (Pool* const pool = std::exchange(pool_, nullptr)) pool->closed();
    }

    std::unique_ptr<Connection> connection;

private:
    Pool* pool_ = nullptr;
};

/// What all loops share.
struct Shared {
    ProxyConfig config;
    http::Telemetry telemetry;
    HopByHop hop_by_hop;
    std::size_t connections_per_loop = 1;
    std::size_t pipes_per_loop = 0;

    /// Made when it is first asked for: reading the system's certificates takes a tenth of a second, which
    /// few need. Files of one's own are read at the start, so that a mistake shows there.
    [[nodiscard]] Result<std::shared_ptr<runtime::TlsContext>> tls() const;

private:
    mutable std::mutex tls_mutex_;
    mutable std::shared_ptr<runtime::TlsContext> tls_;
};

class Shard {
public:
    Shard(const Shared& all, runtime::EventLoop& on);
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    Pool& pool_of(const Upstream& upstream);
    /// At least one connection rests: sees to it that it does not for ever.
    void watch_idle();
    Task<> stop();

    OutgoingPtr take_outgoing();
    void give_back(std::unique_ptr<Outgoing> outgoing) noexcept;

    const Shared& shared;
    runtime::EventLoop& loop;
    http::BlockPool blocks;
    http::BlockPool large_blocks;  // for bodies that take more than one read
    PipePool pipes;
    /// For heads that are read without waiting in between: it stays warm, where each connection's is cold.
    http::ResponseParser parser;
    /// For the heads of requests, which mostly leave at once.
    std::string head;

    // Written on the loop's thread only, read anywhere.
    struct Counters {
        std::atomic<std::size_t> active{0};
        std::atomic<std::size_t> idle{0};
        std::atomic<std::size_t> pending{0};
        std::atomic<std::uint64_t> connects{0};
        std::atomic<std::uint64_t> repeats{0};
        std::atomic<std::uint64_t> late_places{0};
        std::atomic<std::uint64_t> late_connects{0};
        std::atomic<std::uint64_t> late_handshakes{0};
        std::atomic<std::uint64_t> late_answers{0};
        std::atomic<std::uint64_t> late_bodies{0};

        template <class T>
        static void bump(std::atomic<T>& counter, T by = 1) noexcept {
            counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
        }

        template <class T>
        static void drop(std::atomic<T>& counter) noexcept {
            bump(counter, static_cast<T>(-1));
        }
    } counters;

private:
    Task<> sweep();
    [[nodiscard]] bool anything_rests() const noexcept;

    std::unordered_map<std::string, std::unique_ptr<Pool>> pools_;
    std::vector<std::unique_ptr<Outgoing>> spare_;
    bool sweeping_ = false;
    runtime::TaskScope scope_;
};

}  // namespace flotilla::proxy
