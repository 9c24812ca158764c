#pragma once
// The part of a server that lives on one loop: its listener, its connections, and what they share.

#include <atomic>
#include <exception>
#include <list>
#include <optional>
#include <string>

#include "flotilla/http/http_date.hpp"
#include "flotilla/http/input_buffer.hpp"
#include "flotilla/http/parsing.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/runtime/tls.hpp"
#include "server_meters.hpp"

namespace flotilla::http {

class Session;

/// So many requests of one connection are answered before the others of its loop have their turn.
constexpr std::size_t most_in_a_row = 64;

/// What all loops of a server share; does not change after the start but for the flags.
struct ServerShared {
    runtime::Runtime& runtime;
    ServerConfig config;
    Handler& handler;
    Telemetry telemetry;
    ErrorRenderer errors;
    ServerMeters meters;
    std::vector<Observer> observers;
    std::shared_ptr<runtime::TlsContext> tls;
    std::atomic<bool> leaving = false;   ///< answers say `Connection: close`
    std::atomic<bool> stopping = false;  ///< new requests are refused
};

class Shard {
public:
    Shard(ServerShared& shared, runtime::EventLoop& loop, runtime::Listener listener);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    /// On the loop's thread, all of them.
    void start();
    void stop_accepting();
    Task<std::size_t> drain(Deadline deadline);

    [[nodiscard]] runtime::EventLoop& loop() const noexcept { return loop_; }

    /// The Date field of this second, ready to be sent.
    std::string_view date_field();

    /// Counts and logs what a client was refused for.
    void note_rejected(const runtime::Endpoint& peer, const Reject& reject);

    /// A task has ended by an exception: a bug.
    void note_failure(const std::string& task, const std::exception_ptr& failure);

    /// Adds its figures; from any thread.
    void add_to(ServerStats& stats) const noexcept;

    ServerShared& shared;
    BlockPool blocks;

    // Written on the loop's thread only, read anywhere.
    struct Counters {
        std::atomic<std::uint64_t> accepted{0};
        std::atomic<std::uint64_t> requests{0};
        std::atomic<std::uint64_t> rejected{0};
        std::atomic<std::size_t> connections{0};
        std::atomic<std::size_t> active{0};

        template <class T>
        static void bump(std::atomic<T>& counter, T by = 1) noexcept {
            counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
        }
    } counters;

private:
    friend class Session;
    friend class Http2Session;

    Task<> accept_connections();
    void admit(runtime::Stream stream);
    Task<> serve(runtime::Stream stream, runtime::TaskCancel cancel);

    runtime::EventLoop& loop_;
    std::optional<runtime::Listener> listener_;
    bool accepting_ = true;  // the accepting task has not ended, and may use the listener
    runtime::TaskScope scope_;
    runtime::Signal room_;  // a connection has ended
    std::list<Session*> sessions_;
    std::size_t cut_ = 0;  // requests that ended without an answer since the stop began
    std::string date_;
    std::int64_t date_second_ = -1;
};

}  // namespace flotilla::http
