#include "client_connection.hpp"

#include <fmt/format.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>

#include "flotilla/base/text.hpp"

namespace flotilla::http {

namespace {

ResponseParser::Options parser_options(std::size_t max_head) {
    ResponseParser::Options options;
    options.limits.header_block = max_head;
    return options;
}

/// `timeout=60, max=100`
std::optional<Duration> keep_alive_timeout(std::string_view field) {
    std::optional<Duration> found;
    for_each_token(field, [&](std::string_view token) {
        if (!istarts_with(token, "timeout=")) return;
        const auto seconds = parse_integer<std::uint32_t>(token.substr(8));
        if (seconds) found = std::chrono::seconds(*seconds);
    });
    return found;
}

}  // namespace

ClientConnection::ClientConnection(
    runtime::Stream stream, BlockPool& blocks, std::size_t max_head, const Clock& clock, TimePoint expires
)
    : stream_(std::move(stream)),
      input_(blocks),
      clock_(clock),
      expires_(expires),
      parser_(parser_options(max_head)) {}

void ClientConnection::begin(Method method) noexcept {
    method_ = method;
    parser_.reset(method);
    sent_ = 0;
    answered_ = false;
    ended_ = false;
    keep_alive_ = false;
}

std::unexpected<Error> ClientConnection::broken(Errc code, std::string_view what) const {
    return fail(code, fmt::format("{}: {}", stream_.peer().text(), what));
}

Task<Result<void>> ClientConnection::write(
    std::string_view first, std::string_view second, Duration idle, Deadline deadline
) {
    while (!first.empty() || !second.empty()) {
        const std::array<iovec, 2> parts{
            iovec{const_cast<char*>(first.data()), first.size()},
            iovec{const_cast<char*>(second.data()), second.size()}
        };
        const runtime::Io io = stream_.try_write(parts);
        if (io.status == runtime::IoStatus::done) {
            sent_ += io.bytes;
            const std::size_t of_first = std::min(io.bytes, first.size());
            first.remove_prefix(of_first);
            second.remove_prefix(io.bytes - of_first);
            continue;
        }
        if (io.status == runtime::IoStatus::end) co_return broken(Errc::closed, "closed the connection");
        if (io.status == runtime::IoStatus::failed) {
            const bool gone = io.error == std::errc::connection_reset || io.error == std::errc::broken_pipe;
            co_return broken(gone ? Errc::closed : Errc::io, io.error.message());
        }
        const Deadline patience = deadline.or_sooner(Deadline::after(clock_.now(), idle));
        const runtime::Wake wake = co_await stream_.ready(patience);
        if (wake == runtime::Wake::timed_out) co_return broken(Errc::timed_out, "does not read");
        if (wake == runtime::Wake::cancelled) co_return fail(Errc::cancelled);
    }
    co_return Result<void>();
}

Task<Result<std::size_t>> ClientConnection::fill(Deadline deadline) {
    const auto [at, size] = input_.room();
    const std::span<char> room(at, size);
    const auto got = co_await stream_.read_some(room, deadline);
    if (got && *got > 0) {
        input_.added(*got);
        answered_ = true;
    }
    co_return got;
}

Task<Result<void>> ClientConnection::read_head(Deadline deadline) {
    for (;;) {
        const Progress progress = parser_.parse(input_.view());
        if (progress == Progress::done) co_return Result<void>();
        if (progress == Progress::rejected)
            co_return broken(Errc::malformed, fmt::format("malformed answer: {}", parser_.reject().why));
        const auto got = co_await fill(deadline);
        if (!got) co_return fail(got.error());
        if (*got == 0)
            co_return broken(
                Errc::closed,
                answered_ ? std::string_view("closed the connection in the head of the answer")
                          : std::string_view("closed the connection without an answer")
            );
    }
}

void ClientConnection::skip_head() noexcept {
    input_.consume(parser_.consumed());
    parser_.reset(method_);
}

std::unique_ptr<const ClientResponseHead> ClientConnection::take_head() {
    const ResponseHead& parsed = parser_.head();
    const std::string_view text = input_.view().substr(0, parser_.consumed());
    auto head = std::make_unique<ClientResponseHead>();
    head->status = parsed.status;
    head->text = text;
    const auto moved = [&](std::string_view view) {
        if (view.empty()) return std::string_view();
        return std::string_view(head->text)
            .substr(static_cast<std::size_t>(view.data() - text.data()), view.size());
    };
    head->reason = moved(parsed.reason);
    for (const Field& field : parsed.fields) head->fields.add(moved(field.name), moved(field.value));

    framing_ = parsed.framing;
    announced_ = parsed.content_length;
    left_ = framing_ == BodyFraming::length ? parsed.content_length.value_or(0) : 0;
    keep_alive_ = parsed.keep_alive && framing_ != BodyFraming::until_close;
    keep_alive_hint = keep_alive_timeout(parsed.fields.get(KnownField::keep_alive));
    handed_out_ = 0;
    decoder_.reset();
    input_.consume(parser_.consumed());
    if (framing_ == BodyFraming::none) end_body();
    return head;
}

std::optional<std::uint64_t> ClientConnection::announced() const noexcept {
    return framing_ == BodyFraming::length ? announced_ : std::nullopt;
}

void ClientConnection::end_body() noexcept {
    ended_ = true;
    used = true;
}

Task<Result<std::string_view>> ClientConnection::read_body(Deadline deadline) {
    input_.consume(std::exchange(handed_out_, 0));
    while (!ended_) {
        if (framing_ == BodyFraming::chunked) {
            const auto step = decoder_.next(input_.view());
            if (step.state == ChunkedDecoder::State::rejected)
                co_return broken(
                    Errc::malformed, fmt::format("malformed chunked body: {}", decoder_.reject().why)
                );
            if (step.state == ChunkedDecoder::State::data && !step.body.empty()) {
                handed_out_ = step.consumed;
                co_return step.body;
            }
            input_.consume(step.consumed);
            if (step.state == ChunkedDecoder::State::data) continue;
            if (step.state == ChunkedDecoder::State::done) {
                end_body();
                break;
            }
        } else if (framing_ == BodyFraming::length && left_ == 0) {
            end_body();
            break;
        } else if (!input_.empty()) {
            std::string_view piece = input_.view();
            if (framing_ == BodyFraming::length) {
                piece = piece.substr(0, left_);
                left_ -= piece.size();
            }
            handed_out_ = piece.size();
            co_return piece;
        }
        const auto got = co_await fill(deadline);
        if (!got) co_return fail(got.error());
        if (*got > 0) continue;
        if (framing_ != BodyFraming::until_close)
            co_return broken(Errc::closed, "closed the connection in the body of the answer");
        end_body();
    }
    co_return std::string_view();
}

bool ClientConnection::quiet() {
    if (stream_.peer_closed()) return false;
    stream_.begin_turn();
    if (!stream_.maybe_readable()) return true;
    // The edge may be an old one, or a TLS record without content.
    char unexpected = 0;
    return stream_.try_read(&unexpected, 1).status == runtime::IoStatus::would_block;
}

}  // namespace flotilla::http
