// The way of an answer back to the client.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "attempt.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::proxy {

namespace {

using namespace std::chrono_literals;
using http::BodyFraming;
using http::ChunkedDecoder;
using runtime::IoStatus;
using runtime::Wake;

/// Pieces from this size on go from the upstream's buffer into the client's socket; smaller ones are
/// gathered.
constexpr std::size_t worth_a_write = 4 * 1024;
/// A rest of a body from this size on goes through a pipe, where it can.
constexpr std::uint64_t worth_a_pipe = 64 * 1024;
constexpr std::uint64_t most_at_once = 1024 * 1024;
/// Of the time that a server keeps an idle connection, this much is left to it.
constexpr Duration keep_alive_margin = 1s;

constexpr auto client_went_away = "the client went away";
constexpr auto broken_within = "the connection broke within the answer";
constexpr auto shorter_than_announced = "the answer is shorter than announced";

/// `timeout` of a Keep-Alive field; without one, as long as we like.
Duration keep_alive_limit(const http::Fields& fields) {
    Duration limit = Duration::max();
    fields.for_each(http::KnownField::keep_alive, [&](std::string_view value) {
        http::for_each_token(value, [&](std::string_view token) {
            if (!istarts_with(token, "timeout=")) return;
            token.remove_prefix(8);
            unsigned seconds = 0;
            const auto read = std::from_chars(token.data(), token.data() + token.size(), seconds);
            if (read.ec == std::errc()) limit = std::chrono::seconds(seconds) - keep_alive_margin;
        });
    });
    return limit;
}

}  // namespace

std::optional<Outcome> Attempt::settle_now(Outcome& outcome) {
    Connection& from = connection();
    const http::ResponseHead& head = parser_->head();
    if (head.status == 101) return std::nullopt;
    http::Response& to = call_.response;
    to.text_buffer();  // of an attempt before this one
    copy_response(head, shard_.shared.hop_by_hop, to);
    if (head.fields.contains(http::KnownField::keep_alive))
        from.keep_alive_limit = keep_alive_limit(head.fields);
    if (call_.filter) outcome.verdict = call_.filter->on_answer(to);

    const std::size_t head_size = parser_->consumed();
    const std::string_view rest = from.in.view().substr(head_size);
    if (head.framing == BodyFraming::none) {
        if (method_ == http::Method::head && outcome.verdict == Verdict::relay) {
            client().begin(head.content_length);
            client().end();
        }
        from.in.consume(head_size);
    } else if (head.framing == BodyFraming::length && rest.size() >= *head.content_length) {
        if (outcome.verdict != Verdict::discard) to.text_buffer() = rest.substr(0, *head.content_length);
        from.in.consume(head_size + *head.content_length);
    } else if (outcome.verdict != Verdict::discard) {
        return std::nullopt;
    }
    reusable_ = head.keep_alive;
    return outcome;
}

void Attempt::release_connection() {
    const Connection& used = connection();
    const bool request_complete = upload_ == Upload::none || upload_ == Upload::sent;
    if (reusable_ && request_complete && !used.write_failed && used.in.empty())
        lease_.keep();
    else
        lease_.close();
}

Task<Result<Outcome>> Attempt::relay(Outcome outcome) {
    if (status_ == 101) co_return co_await relay_websocket(outcome);
    Connection& from = connection();
    const bool reusable = from.parser().head().keep_alive;
    if (outcome.verdict == Verdict::hold) {
        const auto held = co_await hold_body();
        if (!held) {
            call_.response.clear();
            co_return fail(held.error());
        }
        reusable_ = reusable;
        co_return outcome;
    }
    if (http::never_has_body(http::code_of(call_.response.status()))) {
        // The filter has given it a status that forbids what the upstream sends.
        client().begin(std::nullopt);
        client().end();
        co_return outcome;
    }
    const auto relayed = co_await relay_body();
    if (!relayed) {
        const bool told = client().take_back();
        if (!told) {
            client().cut();
            co_return fail(relayed.error());
        }
        // Not a byte of it has left: it is as if there had been no answer.
        call_.response.clear();
        if (relayed.error().code() != ProxyErrc::answer_cut) co_return fail(relayed.error());
        co_return fail(ProxyErrc::closed_early, relayed.error().message());
    }
    client().end();
    reusable_ = reusable;
    co_return outcome;
}

Task<Result<std::size_t>> Attempt::read_more(http::InputBuffer& into) {
    Connection& from = connection();
    for (;;) {
        const auto [room, size] = into.room();
        const runtime::Io io = from.stream.try_read(room, size);
        if (io.status == IoStatus::done) {
            into.added(io.bytes);
            co_return io.bytes;
        }
        if (io.status == IoStatus::end) co_return std::size_t{0};
        if (io.status == IoStatus::failed) co_return fail(ProxyErrc::answer_cut, broken_within);
        if (into.empty()) into.release();
        FLT_CO_CHECK(co_await wait_for_more());
    }
}

Task<Result<void>> Attempt::wait_for_more() {
    const Deadline patience = Deadline::after(shard_.loop.now(), config_.idle_timeout);
    const Wake wake = co_await connection().stream.ready(patience);
    if (wake == Wake::timed_out) {
        Shard::Counters::bump(shard_.counters.late_bodies);
        const auto limit = config_.idle_timeout.count();
        co_return fail(ProxyErrc::answer_cut, fmt::format("the answer came to a halt for {} ms", limit));
    }
    if (upload_ == Upload::client_failed) co_return fail(*upload_error_);
    co_return Result<void>();
}

Task<Result<void>> Attempt::relay_body() {
    Connection& from = connection();
    const http::ResponseHead& head = from.parser().head();
    const BodyFraming framing = head.framing;
    const auto length = head.content_length;
    client().begin(framing == BodyFraming::length ? length : std::nullopt);
    from.in.consume(from.parser().consumed());  // the views of the head end here
    if (framing == BodyFraming::length) return relay_length(*length);
    if (framing == BodyFraming::chunked) return relay_chunked();
    return relay_until_close();
}

Task<Result<void>> Attempt::relay_length(std::uint64_t left) {
    Connection& from = connection();
    const std::string_view first = from.in.view().substr(0, left);
    if (!first.empty() || left == 0) {
        const auto written = co_await client().write_through(first);
        if (!written) co_return fail(ProxyErrc::client_gone, client_went_away);
        left -= first.size();
        from.in.consume(first.size());
    }
    if (left == 0) co_return Result<void>();
    from.in.release();
    if (left >= worth_a_pipe && !from.stream.is_tls()) {
        if (http::PipeWriter* const to = client().pipe_writer()) {
            PipeLoan loan(shard_.pipes);
            if (runtime::Pipe* const pipe = loan.get()) co_return co_await relay_by_pipe(left, *to, *pipe);
        }
    }
    http::InputBuffer large(shard_.large_blocks);
    while (left > 0) {
        const auto got = co_await read_more(large);
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return fail(ProxyErrc::answer_cut, shorter_than_announced);
        const std::string_view piece = large.view().substr(0, left);
        const auto written = co_await client().write_through(piece);
        if (!written) co_return fail(ProxyErrc::client_gone, client_went_away);
        left -= piece.size();
        large.consume(piece.size());
    }
    // Bytes behind the answer belong to nobody: the connection is not kept.
    from.in.append(large.view());
    co_return Result<void>();
}

Task<Result<void>> Attempt::relay_by_pipe(std::uint64_t left, http::PipeWriter& to, runtime::Pipe& pipe) {
    runtime::Stream& from = connection().stream;
    while (left > 0) {
        const runtime::Io io = from.try_fill(pipe, static_cast<std::size_t>(std::min(left, most_at_once)));
        if (io.status == IoStatus::would_block) {
            FLT_CO_CHECK(co_await wait_for_more());
            continue;
        }
        if (io.status == IoStatus::end) co_return fail(ProxyErrc::answer_cut, shorter_than_announced);
        if (io.status == IoStatus::failed) co_return fail(ProxyErrc::answer_cut, broken_within);
        left -= io.bytes;
        const auto written = co_await to.write_through(pipe);
        if (!written) co_return fail(ProxyErrc::client_gone, client_went_away);
    }
    co_return Result<void>();
}

Task<Result<void>> Attempt::relay_chunked() {
    Connection& from = connection();
    from.chunks().reset();
    http::InputBuffer large(shard_.large_blocks);
    for (http::InputBuffer* source = &from.in;; source = &large) {
        for (;;) {
            const auto step = from.chunks().next(source->view());
            if (step.state == ChunkedDecoder::State::rejected)
                co_return fail(ProxyErrc::answer_cut, std::string(from.chunks().reject().why));
            if (!step.body.empty()) {
                const bool large_piece = step.body.size() >= worth_a_write;
                auto written = Result<void>();
                if (large_piece)
                    written = co_await client().write_through(step.body);
                else
                    written = co_await client().write(step.body);
                if (!written) co_return fail(ProxyErrc::client_gone, client_went_away);
            }
            source->consume(step.consumed);
            if (step.state == ChunkedDecoder::State::done) {
                for (const auto& [name, value] : from.chunks().trailers()) client().trailer(name, value);
                if (source == &large) from.in.append(large.view());
                co_return Result<void>();
            }
            if (step.state == ChunkedDecoder::State::need_more) break;
        }
        // What has come goes on at once: somebody may wait for just this event.
        const auto flushed = co_await client().flush();
        if (!flushed) co_return fail(ProxyErrc::client_gone, client_went_away);
        from.in.release();
        const auto got = co_await read_more(large);
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return fail(ProxyErrc::answer_cut, "the answer ended within its body");
    }
}

Task<Result<void>> Attempt::relay_until_close() {
    Connection& from = connection();
    http::InputBuffer large(shard_.large_blocks);
    for (http::InputBuffer* source = &from.in;; source = &large) {
        const auto written = co_await client().write_through(source->view());
        if (!written) co_return fail(ProxyErrc::client_gone, client_went_away);
        source->consume(source->view().size());
        from.in.release();
        const auto got = co_await read_more(large);
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return Result<void>();
    }
}

Task<Result<void>> Attempt::hold_body() {
    Connection& from = connection();
    const BodyFraming framing = from.parser().head().framing;
    std::uint64_t left = from.parser().head().content_length.value_or(0);
    from.in.consume(from.parser().consumed());
    from.chunks().reset();
    std::string& held = call_.response.text_buffer();
    for (;;) {
        bool complete = false;
        while (!from.in.empty() && !complete) {
            std::string_view piece = from.in.view();
            std::size_t used = piece.size();
            if (framing == BodyFraming::length) {
                piece = piece.substr(0, left);
                used = piece.size();
                left -= used;
                complete = left == 0;
            } else if (framing == BodyFraming::chunked) {
                const auto step = from.chunks().next(piece);
                if (step.state == ChunkedDecoder::State::rejected)
                    co_return fail(ProxyErrc::malformed_answer, std::string(from.chunks().reject().why));
                piece = step.body;
                used = step.consumed;
                complete = step.state == ChunkedDecoder::State::done;
            }
            if (held.size() + piece.size() > call_.hold_limit)
                co_return fail(ProxyErrc::malformed_answer, "the answer is longer than can be held");
            held += piece;
            from.in.consume(used);
        }
        if (complete) co_return Result<void>();
        const auto got = co_await read_more(from.in);
        if (!got) co_return fail(ProxyErrc::closed_early, got.error().message());
        if (*got > 0) continue;
        if (framing == BodyFraming::until_close) co_return Result<void>();
        co_return fail(ProxyErrc::closed_early, "the answer ended within its body");
    }
}

}  // namespace flotilla::proxy
