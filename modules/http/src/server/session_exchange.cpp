// Answers that a handler writes itself, while it runs.

#include <sys/socket.h>

#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/status.hpp"
#include "session.hpp"

namespace flotilla::http {

std::optional<std::string_view> Session::arrived_body() {
    if (body_done_) return request_.body_;
    if (framing_ != Framing::length || continue_wanted_) return std::nullopt;
    if (handed_out_ != 0 || in_.view().size() < body_left_) return std::nullopt;
    const std::string_view body = in_.view().substr(0, body_left_);
    handed_out_ = body.size();
    body_read_ += body.size();
    body_left_ = 0;
    body_done_ = true;
    if (handler_runs_) watch_client();
    return body;
}

const Fields& Session::request_trailers() const noexcept {
    static const Fields none;
    return framing_ == Framing::chunked && body_done_ ? chunks_.trailers() : none;
}

void Session::interim(int status, std::string_view fields) {
    if (request_.head().minor_version == 0 || head_begun_) return;
    append_status_line(out_, status);
    out_ += fields;
    append_head_end(out_);
}

void Session::begin(std::optional<std::uint64_t> length) {
    FLT_ASSERT(direct_ == Direct::none);
    settle_unread_body();
    answer_from_ = output_end();
    direct_ = Direct::begun;
    append_head(length);
    answer_left_ = !has_body() ? std::optional<std::uint64_t>(0) : length;
}

Result<void> Session::count_body(std::size_t bytes) {
    if (write_failed_) return fail(Errc::closed, "the client went away");
    if (answer_left_) {
        if (bytes > *answer_left_) return fail(Errc::internal, "the body is longer than announced");
        *answer_left_ -= bytes;
    }
    body_sent_ += bytes;
    return {};
}

PipeWriter* Session::pipe_writer() noexcept {
    const bool as_it_is = direct_ == Direct::begun && !chunked_answer_ && !stream_.is_tls();
    return as_it_is ? this : nullptr;
}

Task<Result<void>> Session::write_through(runtime::Pipe& pipe) {
    FLT_CO_CHECK(count_body(pipe.size()));
    if (!out_.empty()) {
        const bool sent = co_await write_out();
        if (!sent) co_return fail(Errc::closed, "the client went away");
    }
    const TimePoint began = now();
    const std::size_t size = pipe.size();
    while (pipe.size() > 0) {
        const runtime::Io io = stream_.try_drain(pipe);
        if (io.status == runtime::IoStatus::done) {
            flushed_ += io.bytes;
            continue;
        }
        bool goes_on = io.status == runtime::IoStatus::would_block;
        if (goes_on) goes_on = co_await client_takes(stream_, config_, size, began);
        if (goes_on) continue;
        write_failed_ = client_gone_ = true;
        body_sent_ -= pipe.size();
        co_return fail(Errc::closed, "the client went away");
    }
    co_return Result<void>();
}

Task<Result<void>> Session::write_through(std::string_view bytes) {
    FLT_CO_CHECK(count_body(bytes.size()));
    const bool chunk = chunked_answer_ && !bytes.empty();
    if (chunk) out_ += ChunkHeader(bytes.size()).text();
    const std::string_view after = chunk ? chunk_end : std::string_view();
    const auto sent = co_await send(out_, bytes, after);
    out_.clear();
    if (!sent) write_failed_ = true;
    co_return sent;
}

void Session::end() {
    FLT_ASSERT(direct_ == Direct::begun);
    if (answer_left_.value_or(0) != 0) return cut();
    direct_ = Direct::ended;
    if (!chunked_answer_) return;
    out_ += "0\r\n";
    out_ += trailers_;
    out_ += "\r\n";
}

bool Session::take_back() {
    if (direct_ != Direct::begun || flushed_ > answer_from_ || write_failed_) return false;
    out_.resize(answer_from_ - flushed_);
    trailers_.clear();
    body_sent_ = 0;
    direct_ = Direct::none;
    head_begun_ = false;
    return true;
}

void Session::cut() noexcept {
    direct_ = Direct::ended;
    write_failed_ = true;
    if (!head_begun_ || chunked_answer_ || answer_left_) return;
    // The end of this connection is the end of the body: only a reset tells that it is not the right one.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(stream_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Task<Result<Upgraded>> Session::upgrade(DrainListener& listener) {
    FLT_ASSERT(direct_ == Direct::none && body_done_);
    direct_ = Direct::ended;
    head_begun_ = true;
    keep_alive_ = false;
    linger_ = true;  // the last words of the other protocol are to be read
    answer_from_ = output_end();
    stream_.listen_for_hang_up(nullptr);  // the other protocol reads the end by itself
    append_status_line(out_, code_of(response_.status()));
    out_ += response_.headers().text();
    append_head_end(out_);
    if (const bool sent = co_await write_out(); !sent) co_return fail(Errc::closed, "the client went away");
    in_.consume(std::exchange(handed_out_, 0));
    Upgraded upgraded{&stream_, std::string(in_.view())};
    in_.consume(upgraded.already_read.size());
    drain_listener_ = &listener;
    if (shard_.shared.stopping) listener.on_drain();
    co_return upgraded;
}

}  // namespace flotilla::http
