#include "flotilla/runtime/stream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "flotilla/base/assert.hpp"
#include "handshake_turn.hpp"
#include "stream_tls.hpp"

namespace flotilla::runtime {

namespace {

/// Small parts of a TLS answer are put together so that they leave in one record.
constexpr std::size_t tls_gather_limit = 16 * 1024;

std::error_code system_error(int number) {
    return {number, std::system_category()};
}

Io failed(int number) {
    return {IoStatus::failed, 0, system_error(number)};
}

bool is_would_block(int number) {
    return number == EAGAIN || number == EWOULDBLOCK;
}

Error io_error(std::string_view doing, const Endpoint& peer, std::error_code code) {
    Errc kind = Errc::io;
    if (code == std::errc::connection_refused)
        kind = Errc::refused;
    else if (code == std::errc::connection_reset || code == std::errc::broken_pipe)
        kind = Errc::closed;
    else if (code == std::errc::timed_out || code == std::errc::host_unreachable ||
             code == std::errc::network_unreachable)
        kind = Errc::unavailable;
    return {kind, fmt::format("{} {}: {}", doing, peer.text(), code.message())};
}

Error timeout_error(std::string_view doing, const Endpoint& peer) {
    return {Errc::timed_out, fmt::format("{} {}: timed out", doing, peer.text())};
}

Task<Wake> at_once() {
    co_return Wake::ready;
}

/// Waits until the other side has begun to speak, without hearing it.
Task<Wake> first_word(Descriptor& descriptor, Deadline deadline) {
    char first = 0;
    if (::recv(descriptor.fd(), &first, 1, MSG_PEEK) < 0 && is_would_block(errno)) {
        descriptor.mark_drained();
        return descriptor.readable(deadline);
    }
    return at_once();
}

void set_no_delay(int fd) noexcept {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Stream::Stream(EventLoop& loop, int fd, const Endpoint& peer) : descriptor_(loop, fd), peer_(peer) {
    set_no_delay(fd);
}

Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Task<Result<Stream>> Stream::connect(EventLoop& loop, Endpoint to, Deadline deadline) {
    const int fd = ::socket(to.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) co_return fail(io_error("connect to", to, system_error(errno)));
    const int outcome = ::connect(fd, to.data(), to.size());
    const int number = errno;
    Stream stream(loop, fd, to);
    if (outcome < 0) {
        if (number != EINPROGRESS) co_return fail(io_error("connect to", to, system_error(number)));
        stream.descriptor_.mark_full();
        const Wake wake = co_await stream.descriptor_.writable(deadline);
        if (wake == Wake::timed_out) co_return fail(timeout_error("connect to", to));
        if (wake == Wake::cancelled) co_return fail(Errc::cancelled);
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) co_return fail(io_error("connect to", to, system_error(error)));
    }
    co_return stream;
}

Task<Result<void>> Stream::handshake(std::string_view what, Deadline deadline) {
    for (;;) {
        tls_->attach(descriptor_);
        const auto [io, want] = tls_->handshake();
        if (io.status == IoStatus::done) co_return Result<void>();
        if (io.status == IoStatus::end)
            co_return fail(Errc::closed, fmt::format("{} {}: closed", what, peer_.text()));
        if (io.status == IoStatus::failed) {
            if (io.error.category() == std::system_category())
                co_return fail(io_error(what, peer_, io.error));
            co_return fail(Errc::refused, fmt::format("{} {}: {}", what, peer_.text(), tls_->refusal()));
        }
        want_ = want;
        const Wake wake = co_await ready(deadline);
        if (wake == Wake::timed_out) co_return fail(timeout_error(what, peer_));
        if (wake == Wake::cancelled) co_return fail(Errc::cancelled);
    }
}

Task<Result<void>> Stream::handshake_server(std::shared_ptr<TlsContext> context, Deadline deadline) {
    constexpr std::string_view what = "TLS handshake of";
    tls_ = std::make_unique<Tls>(std::move(context), true);
    Wake wake = co_await first_word(descriptor_, deadline);
    if (wake == Wake::ready) wake = co_await handshake_turn(deadline);
    if (wake == Wake::timed_out) co_return fail(timeout_error(what, peer_));
    if (wake == Wake::cancelled) co_return fail(Errc::cancelled);
    co_return co_await handshake(what, deadline);
}

Task<Result<void>> Stream::handshake_client(
    std::shared_ptr<TlsContext> context, std::string server_name, Deadline deadline
) {
    tls_ = std::make_unique<Tls>(std::move(context), false);
    FLT_CO_CHECK(tls_->expect_name(server_name));
    co_return co_await handshake("TLS handshake with", deadline);
}

Io Stream::would_block(Want want) noexcept {
    want_ = want;
    return {IoStatus::would_block, 0, {}};
}

Io Stream::plain_read(char* data, std::size_t size) {
    if (!descriptor_.may_read()) return would_block(Want::read);
    ssize_t got = 0;
    do {
        got = ::recv(descriptor_.fd(), data, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        const auto bytes = static_cast<std::size_t>(got);
        if (bytes < size)
            descriptor_.mark_drained();
        else
            descriptor_.has_read(bytes);
        return {IoStatus::done, bytes, {}};
    }
    if (got == 0) return {IoStatus::end, 0, {}};
    if (!is_would_block(errno)) return failed(errno);
    descriptor_.mark_drained();
    return would_block(Want::read);
}

Io Stream::try_read(char* data, std::size_t size) {
    if (!tls_) return plain_read(data, size);
    tls_->attach(descriptor_);
    // When its turn is over, OpenSSL still gives what it has, which the kernel would not announce.
    if (descriptor_.maybe_readable() && !descriptor_.may_read() && !tls_->has_pending())
        return would_block(Want::read);
    const auto [io, want] = tls_->read(data, size);
    if (io.status == IoStatus::done) descriptor_.has_read(io.bytes);
    if (io.status == IoStatus::would_block) want_ = want;
    return io;
}

Io Stream::plain_write(std::span<const iovec> parts) {
    while (parts.size() > 1 && parts.back().iov_len == 0) parts = parts.first(parts.size() - 1);
    while (parts.size() > 1 && parts.front().iov_len == 0) parts = parts.subspan(1);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data());  // sendmsg does not change them
    message.msg_iovlen = std::min<std::size_t>(parts.size(), 64);
    if (!descriptor_.may_write()) return would_block(Want::write);
    ssize_t sent = 0;
    do {
        // One part is the usual case, and costs the kernel less this way.
        sent = parts.size() == 1
                   ? ::send(descriptor_.fd(), parts.front().iov_base, parts.front().iov_len, MSG_NOSIGNAL)
                   : ::sendmsg(descriptor_.fd(), &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        descriptor_.has_written(static_cast<std::size_t>(sent));
        return {IoStatus::done, static_cast<std::size_t>(sent), {}};
    }
    if (!is_would_block(errno)) return failed(errno);
    descriptor_.mark_full();
    return would_block(Want::write);
}

Io Stream::try_write(std::span<const iovec> parts) {
    if (!tls_) return plain_write(parts);
    tls_->attach(descriptor_);
    while (!parts.empty() && parts.front().iov_len == 0) parts = parts.subspan(1);
    if (parts.empty()) return {};
    std::string gathered;
    const char* data = static_cast<const char*>(parts.front().iov_base);
    std::size_t size = parts.front().iov_len;
    if (parts.size() > 1 && size < tls_gather_limit) {
        for (const auto& part : parts) {
            const std::size_t room = tls_gather_limit - gathered.size();
            gathered.append(static_cast<const char*>(part.iov_base), std::min(room, part.iov_len));
            if (gathered.size() == tls_gather_limit) break;
        }
        data = gathered.data();
        size = gathered.size();
    }
    if (!descriptor_.may_write()) return would_block(Want::write);
    const auto [io, want] = tls_->write(data, size);
    if (io.status == IoStatus::done) descriptor_.has_written(io.bytes);
    if (io.status == IoStatus::would_block) want_ = want;
    return io;
}

Io Stream::try_send_file(int file, off_t offset, std::size_t size) {
    if (tls_) {
        std::array<char, 16 * 1024> block;
        const ssize_t got = ::pread(file, block.data(), std::min(size, block.size()), offset);
        if (got < 0) return failed(errno);
        if (got == 0) return {IoStatus::end, 0, {}};
        const iovec part{block.data(), static_cast<std::size_t>(got)};
        return try_write({&part, 1});
    }
    if (!descriptor_.may_write()) return would_block(Want::write);
    ssize_t sent = 0;
    do {
        sent = ::sendfile(descriptor_.fd(), file, &offset, size);
    } while (sent < 0 && errno == EINTR);
    if (sent > 0) {
        descriptor_.has_written(static_cast<std::size_t>(sent));
        return {IoStatus::done, static_cast<std::size_t>(sent), {}};
    }
    if (sent == 0) return {IoStatus::end, 0, {}};  // the file has become shorter
    if (!is_would_block(errno)) return failed(errno);
    descriptor_.mark_full();
    return would_block(Want::write);
}

Io Stream::try_fill(Pipe& pipe, std::size_t size) {
    FLT_ASSERT(!tls_ && pipe.size_ == 0);
    if (!descriptor_.may_read()) return would_block(Want::read);
    ssize_t moved = 0;
    do {
        moved = ::splice(descriptor_.fd(), nullptr, pipe.in_, nullptr, size, SPLICE_F_NONBLOCK);
    } while (moved < 0 && errno == EINTR);
    if (moved > 0) {
        pipe.size_ = static_cast<std::size_t>(moved);
        descriptor_.has_read(pipe.size_);
        return {IoStatus::done, pipe.size_, {}};
    }
    if (moved == 0) return {IoStatus::end, 0, {}};
    if (!is_would_block(errno)) return failed(errno);
    descriptor_.mark_drained();  // as the pipe was empty, it is not the one that is full
    return would_block(Want::read);
}

Io Stream::try_drain(Pipe& pipe) {
    FLT_ASSERT(!tls_ && pipe.size_ > 0);
    if (!descriptor_.may_write()) return would_block(Want::write);
    ssize_t moved = 0;
    do {
        moved = ::splice(pipe.out_, nullptr, descriptor_.fd(), nullptr, pipe.size_, SPLICE_F_NONBLOCK);
    } while (moved < 0 && errno == EINTR);
    if (moved > 0) {
        pipe.size_ -= static_cast<std::size_t>(moved);
        descriptor_.has_written(static_cast<std::size_t>(moved));
        return {IoStatus::done, static_cast<std::size_t>(moved), {}};
    }
    if (moved == 0 || !is_would_block(errno)) return failed(moved == 0 ? EIO : errno);
    descriptor_.mark_full();
    return would_block(Want::write);
}

Task<Wake> Stream::ready(Deadline deadline) {
    return want_ == Want::read ? descriptor_.readable(deadline) : descriptor_.writable(deadline);
}

Task<Wake> Stream::readable(Deadline deadline) {
    if (tls_ && tls_->has_pending()) return at_once();
    return descriptor_.readable(deadline);
}

Task<Result<std::size_t>> Stream::read_some(std::span<char> into, Deadline deadline) {
    for (;;) {
        const Io io = try_read(into.data(), into.size());
        if (io.status == IoStatus::done) co_return io.bytes;
        if (io.status == IoStatus::end) co_return std::size_t{0};
        if (io.status == IoStatus::failed) co_return fail(io_error("read from", peer_, io.error));
        const Wake wake = co_await ready(deadline);
        if (wake == Wake::timed_out) co_return fail(timeout_error("read from", peer_));
        if (wake == Wake::cancelled) co_return fail(Errc::cancelled);
    }
}

Task<Result<void>> Stream::write_all(std::string_view bytes, Deadline deadline) {
    return write_all(bytes, std::string_view(), deadline);
}

Task<Result<void>> Stream::write_all(std::string_view first, std::string_view second, Deadline deadline) {
    while (!first.empty() || !second.empty()) {
        const std::array<iovec, 2> parts{
            iovec{const_cast<char*>(first.data()), first.size()},
            iovec{const_cast<char*>(second.data()), second.size()}
        };
        const Io io = try_write(parts);
        if (io.status == IoStatus::done) {
            const std::size_t of_first = std::min(io.bytes, first.size());
            first.remove_prefix(of_first);
            second.remove_prefix(io.bytes - of_first);
            continue;
        }
        if (io.status == IoStatus::end)
            co_return fail(Errc::closed, fmt::format("write to {}: closed", peer_.text()));
        if (io.status == IoStatus::failed) co_return fail(io_error("write to", peer_, io.error));
        const Wake wake = co_await ready(deadline);
        if (wake == Wake::timed_out) co_return fail(timeout_error("write to", peer_));
        if (wake == Wake::cancelled) co_return fail(Errc::cancelled);
    }
    co_return Result<void>();
}

Task<Result<void>> Stream::send_file(int file, off_t offset, std::size_t size, Deadline deadline) {
    while (size > 0) {
        const Io io = try_send_file(file, offset, size);
        if (io.status == IoStatus::done) {
            offset += static_cast<off_t>(io.bytes);
            size -= io.bytes;
            continue;
        }
        if (io.status == IoStatus::end)
            co_return fail(Errc::io, "the file ended before its announced length");
        if (io.status == IoStatus::failed) co_return fail(io_error("write to", peer_, io.error));
        const Wake wake = co_await ready(deadline);
        if (wake == Wake::timed_out) co_return fail(timeout_error("write to", peer_));
        if (wake == Wake::cancelled) co_return fail(Errc::cancelled);
    }
    co_return Result<void>();
}

void Stream::shutdown_write() noexcept {
    if (tls_) {
        tls_->attach(descriptor_);
        tls_->say_goodbye();
    }
    ::shutdown(descriptor_.fd(), SHUT_WR);
}

Task<> Stream::close(Deadline deadline) {
    // Closing with unread bytes makes the kernel send a reset, which can destroy the answer on its way: RFC
    // 9112, 9.6.
    constexpr std::size_t drain_limit = 8 * 1024 * 1024;
    shutdown_write();
    std::array<char, 4096> scrap;
    for (std::size_t drained = 0; drained < drain_limit;) {
        const Io io = plain_read(scrap.data(), scrap.size());
        if (io.status == IoStatus::done) {
            drained += io.bytes;
            continue;
        }
        if (io.status != IoStatus::would_block) co_return;
        if (const Wake wake = co_await ready(deadline); wake != Wake::ready) co_return;
    }
}

void Stream::cancel() {
    descriptor_.cancel();
}

bool Stream::maybe_readable() const noexcept {
    return descriptor_.maybe_readable() || (tls_ && tls_->has_pending());
}

bool Stream::peer_closed() const noexcept {
    return descriptor_.peer_closed();
}

std::size_t Stream::unacknowledged() const noexcept {
    int bytes = 0;
    return ::ioctl(descriptor_.fd(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::string Stream::alpn() const {
    return tls_ ? tls_->alpn() : std::string();
}

Result<Listener> Listener::open(EventLoop& loop, const Endpoint& at, PortUse use, int backlog) {
    const int fd = ::socket(at.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(io_error("listen on", at, system_error(errno)));
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto let_others_join = [&] { ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on); };
    if (use == PortUse::shared) let_others_join();
    if (::bind(fd, at.data(), at.size()) < 0 || ::listen(fd, backlog) < 0) {
        const auto error = system_error(errno);
        ::close(fd);
        return fail(io_error("listen on", at, error));
    }
    // Only now, so that it has asked for the port alone.
    if (use == PortUse::first) let_others_join();
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return Listener(loop, fd, Endpoint::from(address));
}

Result<std::unique_ptr<Stream>> Listener::try_accept() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    int fd = -1;
    do {
        size = sizeof address;
        fd = ::accept4(
            descriptor_.fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC
        );
        // A connection that ended in the queue is nobody's trouble.
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EPROTO));
    if (fd >= 0) return std::make_unique<Stream>(descriptor_.loop(), fd, Endpoint::from(address));
    if (!is_would_block(errno)) return fail(io_error("accept on", local_, system_error(errno)));
    descriptor_.mark_drained();
    return nullptr;
}

Task<Result<Stream>> Listener::accept() {
    using namespace std::chrono_literals;
    for (;;) {
        auto accepted = try_accept();
        if (!accepted) {
            // Out of descriptors or memory: the connection stays in the kernel's queue until some are given
            // back.
            co_await sleep_for(50ms);
            continue;
        }
        if (*accepted) co_return std::move(**accepted);
        if (const auto wake = co_await descriptor_.readable(); wake == Wake::cancelled)
            co_return fail(Errc::cancelled);
    }
}

}  // namespace flotilla::runtime
