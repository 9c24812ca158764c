#pragma once
/// A byte stream over TCP, plain or TLS, on one loop.

#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/runtime/descriptor.hpp"
#include "flotilla/runtime/endpoint.hpp"
#include "flotilla/runtime/pipe.hpp"
#include "flotilla/runtime/task.hpp"
#include "flotilla/runtime/tls.hpp"

namespace flotilla::runtime {

enum class IoStatus {
    done,         ///< `bytes` were moved
    would_block,  ///< nothing can be moved now: await `ready` and try again
    end,          ///< the other side has closed in good order
    failed,       ///< `error` says why
};

struct Io {
    IoStatus status = IoStatus::done;
    std::size_t bytes = 0;
    std::error_code error;
};

/// A connection. Reads and writes come in two forms: `try_...`, one system call at most, for those who drive
/// the state machine themselves; and coroutines, for everybody else. One reader and one writer at a time.
class Stream {
public:
    Stream(EventLoop& loop, int fd, const Endpoint& peer);
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream();

    /// Connects; for a host name, ask the Resolver first.
    static Task<Result<Stream>> connect(EventLoop& loop, Endpoint to, Deadline deadline);

    /// Becomes a TLS stream. `server_name` is verified by the client side and ignored by the server's.
    Task<Result<void>> handshake_server(std::shared_ptr<TlsContext> context, Deadline deadline);
    Task<Result<void>> handshake_client(
        std::shared_ptr<TlsContext> context, std::string server_name, Deadline deadline
    );

    Io try_read(char* data, std::size_t size);
    Io try_write(std::span<const iovec> parts);
    /// Sends `size` bytes of a file, through the kernel alone when the stream is plain.
    Io try_send_file(int file, off_t offset, std::size_t size);
    /// Moves up to `size` bytes that have arrived into an empty pipe. Of plain streams only.
    Io try_fill(Pipe& pipe, std::size_t size);
    /// Sends what is in the pipe, or some of it. Of plain streams only.
    Io try_drain(Pipe& pipe);
    /// After `would_block`: waits for what the last try was short of.
    Task<Wake> ready(Deadline deadline = {});
    /// Waits until there is something to read: bytes, the end or an error.
    Task<Wake> readable(Deadline deadline = {});

    /// Reads at least one byte; 0 at the end of the stream.
    Task<Result<std::size_t>> read_some(std::span<char> into, Deadline deadline = {});
    Task<Result<void>> write_all(std::string_view bytes, Deadline deadline = {});
    Task<Result<void>> write_all(std::string_view first, std::string_view second, Deadline deadline = {});
    Task<Result<void>> send_file(int file, off_t offset, std::size_t size, Deadline deadline = {});

    /// Says good-bye (TLS close_notify, FIN) and lets the other side read what was sent: waits for its end,
    /// for at most 64 KiB of what it still sends, and for the deadline.
    Task<> close(Deadline deadline);
    /// Says that nothing more will be written.
    void shutdown_write() noexcept;
    /// Whoever waits on this stream goes on with `Wake::cancelled`.
    void cancel();

    /// Whether bytes are waiting that `try_read` would return without the kernel, or the kernel may have
    /// some.
    [[nodiscard]] bool maybe_readable() const noexcept;
    /// Whether the other side has closed. Costs nothing: the loop has been told.
    [[nodiscard]] bool peer_closed() const noexcept;

    /// See Descriptor::begin_turn.
    void begin_turn() noexcept { descriptor_.begin_turn(); }

    /// See Descriptor::listen_for_hang_up.
    void listen_for_hang_up(HangUpListener* listener) noexcept { descriptor_.listen_for_hang_up(listener); }

    /// Bytes written that the other side has not acknowledged yet.
    [[nodiscard]] std::size_t unacknowledged() const noexcept;

    [[nodiscard]] bool is_tls() const noexcept { return tls_ != nullptr; }

    /// The protocol agreed on by ALPN; empty when none.
    [[nodiscard]] std::string alpn() const;

    [[nodiscard]] const Endpoint& peer() const noexcept { return peer_; }

    [[nodiscard]] EventLoop& loop() const noexcept { return descriptor_.loop(); }

    [[nodiscard]] int fd() const noexcept { return descriptor_.fd(); }

private:
    class Tls;

    enum class Want { read, write };

    Io plain_read(char* data, std::size_t size);
    Io plain_write(std::span<const iovec> parts);
    Task<Result<void>> handshake(std::string_view what, Deadline deadline);
    Io would_block(Want want) noexcept;

    Descriptor descriptor_;
    Endpoint peer_;
    std::unique_ptr<Tls> tls_;
    Want want_ = Want::read;
};

/// Several listeners may have one port, over which the kernel spreads connections.
enum class PortUse {
    exclusive,
    first,   ///< nobody else has the port, and `shared` ones may come
    shared,  ///< beside the first one; by itself it would not notice that somebody else has the port
};

/// Accepts connections on one loop.
class Listener {
public:
    static Result<Listener> open(
        EventLoop& loop, const Endpoint& at, PortUse use = PortUse::exclusive, int backlog = 1024
    );

    /// Waits for the next connection. Being out of descriptors is waited out, not an error.
    Task<Result<Stream>> accept();
    /// Accepts without waiting; nothing when no connection is there.
    Result<std::unique_ptr<Stream>> try_accept();

    [[nodiscard]] const Endpoint& local() const noexcept { return local_; }

    void cancel() { descriptor_.cancel(); }

private:
    Listener(EventLoop& loop, int fd, const Endpoint& local) : descriptor_(loop, fd), local_(local) {}

    Descriptor descriptor_;
    Endpoint local_;
};

}  // namespace flotilla::runtime
