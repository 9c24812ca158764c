#include "connection.hpp"

#include <algorithm>

#include "pool.hpp"

namespace flotilla::proxy {

namespace {

iovec part(std::string_view text) noexcept {
    return {const_cast<char*>(text.data()), text.size()};
}

void advance(std::size_t bytes, std::string_view& text) noexcept {
    text.remove_prefix(std::min(bytes, text.size()));
}

}  // namespace

http::ResponseParser::Options parser_options(std::size_t max_head) {
    http::ResponseParser::Options options;
    options.limits.header_block = max_head;
    return options;
}

Connection::Connection(runtime::Stream made, http::BlockPool& blocks, std::size_t max_head)
    : stream(std::move(made)), in(blocks), parser_options_(parser_options(max_head)) {}

void Connection::begin() noexcept {
    write_failed = false;
    body_bytes_sent = 0;
}

bool Connection::send_now(std::string_view& first, std::string_view& second) {
    const std::array<iovec, 2> parts{part(first), part(second)};
    const runtime::Io io = stream.try_write(parts);
    if (io.status != runtime::IoStatus::done) return false;
    const std::size_t of_first = std::min(io.bytes, first.size());
    advance(of_first, first);
    advance(io.bytes - of_first, second);
    return first.empty() && second.empty();
}

Task<Result<void>> Connection::send(
    std::string_view first, std::string_view second, std::string_view third, Duration idle
) {
    while (!first.empty() || !second.empty() || !third.empty()) {
        const std::array<iovec, 3> parts{part(first), part(second), part(third)};
        const runtime::Io io = stream.try_write(parts);
        if (io.status == runtime::IoStatus::done) {
            const std::size_t of_first = std::min(io.bytes, first.size());
            const std::size_t of_second = std::min(io.bytes - of_first, second.size());
            advance(of_first, first);
            advance(of_second, second);
            advance(io.bytes - of_first - of_second, third);
            continue;
        }
        if (io.status != runtime::IoStatus::would_block) {
            write_failed = true;
            co_return fail(Errc::closed, "the upstream does not take the request");
        }
        const Deadline patience = Deadline::after(stream.loop().now(), idle);
        const runtime::Wake wake = co_await stream.ready(patience);
        if (wake == runtime::Wake::timed_out) {
            write_failed = true;
            co_return fail(Errc::timed_out, "the upstream does not read the request");
        }
    }
    co_return Result<void>();
}

bool Connection::is_quiet() {
    if (!in.empty()) return false;
    stream.begin_turn();
    if (!stream.maybe_readable()) return true;
    const auto [room, size] = in.room();
    const bool quiet = stream.try_read(room, size).status == runtime::IoStatus::would_block;
    in.release();
    return quiet;
}

void Connection::rest_in(Pool& pool, TimePoint until) noexcept {
    in.release();
    kept = true;
    expires = until;
    resting_ = &pool;
    stream.listen_for_hang_up(this);
}

void Connection::leave_rest() noexcept {
    resting_ = nullptr;
    stream.listen_for_hang_up(nullptr);
}

void Connection::on_hang_up() noexcept {
    resting_->forget(*this);
}

}  // namespace flotilla::proxy
