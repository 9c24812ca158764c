#pragma once
// The connections that one client has on one loop.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "client_connection.hpp"
#include "client_core.hpp"
#include "flotilla/http/input_buffer.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::http {

/// What a loop knows of one scheme, host and port.
struct ClientHost {
    bool secure = false;
    std::string host;
    std::uint16_t port = 0;
    std::string name;  ///< `host:port`, for messages

    std::vector<std::unique_ptr<ClientConnection>> idle;  ///< the last one was used last
    std::size_t open = 0;                                 ///< in use, being made, or idle
    std::size_t pending = 0;
    runtime::Signal free;  ///< a connection, or room for one
    std::unordered_map<std::string, metrics::Timer> timers;
    std::string timer_key;  // memory that is used again
};

/// The right to have a connection; with the connection once it is there. Closes it at its end.
class ClientLease {
public:
    ClientLease() = default;
    ClientLease(
        std::shared_ptr<ClientShard> shard,
        std::shared_ptr<ClientHost> host,
        std::unique_ptr<ClientConnection> connection
    ) noexcept;
    ClientLease(ClientLease&& other) noexcept = default;
    ClientLease& operator=(ClientLease&& other) noexcept;
    ~ClientLease();

    /// Keeps the connection for the next call.
    void give_back();
    void close() noexcept;

    std::unique_ptr<ClientConnection> connection;

private:
    std::shared_ptr<ClientShard> shard_;
    std::shared_ptr<ClientHost> host_;
};

/// All on one thread: the loop's.
class ClientShard : public std::enable_shared_from_this<ClientShard> {
public:
    ClientShard(std::shared_ptr<ClientCore> core, runtime::EventLoop& loop);
    ~ClientShard();
    ClientShard(const ClientShard&) = delete;
    ClientShard& operator=(const ClientShard&) = delete;

    [[nodiscard]] ClientCore& core() const noexcept { return *core_; }

    [[nodiscard]] runtime::EventLoop& loop() const noexcept { return loop_; }

    [[nodiscard]] BlockPool& blocks() noexcept { return blocks_; }

    std::shared_ptr<ClientHost> host_of(const Url& url);

    enum class Want : std::uint8_t { any, fresh };

    /// A kept connection, or room for a new one; `fresh` never gives a kept one. Waits its turn.
    Task<Result<ClientLease>> acquire(std::shared_ptr<ClientHost> host, Want want, Deadline deadline);

    /// Until when a new connection may be used.
    [[nodiscard]] TimePoint end_of_life() const;

private:
    friend class ClientLease;

    std::unique_ptr<ClientConnection> take_idle(ClientHost& host);
    /// Room for one more connection to that host, made by closing an idle one if need be.
    bool make_room(ClientHost& host);
    void opened(ClientHost& host) noexcept;
    void closed(ClientHost& host) noexcept;
    void keep(const std::shared_ptr<ClientHost>& host, std::unique_ptr<ClientConnection> connection);
    void close_idle(ClientHost& host, std::size_t index) noexcept;

    /// Lets those who wait have what is free, in a job.
    void serve_soon() noexcept;
    void serve();
    /// False when there is nothing left to look after.
    bool sweep();
    static Task<> sweep_while_needed(std::weak_ptr<ClientShard> weak);

    const std::shared_ptr<ClientCore> core_;
    runtime::EventLoop& loop_;
    ClientCounts& counts_;
    BlockPool blocks_;
    std::unordered_map<std::string, std::shared_ptr<ClientHost>> hosts_;
    std::string key_;
    std::size_t open_ = 0;
    std::size_t idle_ = 0;
    std::size_t pending_ = 0;
    bool serving_ = false;
    bool sweeping_ = false;
};

}  // namespace flotilla::http
