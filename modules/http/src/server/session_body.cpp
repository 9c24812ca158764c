// How a session reads the bodies of requests.

#include "session.hpp"

namespace flotilla::http {

namespace {

/// An unread body up to this length is read and thrown away to keep the connection.
constexpr std::size_t discard_limit = 64 * 1024;

}  // namespace

Task<Result<void>> Session::fill(Deadline deadline) {
    // A handler that runs writes itself.
    const bool sent = out_.empty() || handler_runs_ || co_await write_out();
    if (!sent) co_return fail(Errc::closed, "the client went away");
    const auto [room, size] = in_.room();
    for (;;) {
        const runtime::Io io = stream_.try_read(room, size);
        if (io.status == runtime::IoStatus::done) {
            in_.added(io.bytes);
            co_return Result<void>();
        }
        if (io.status != runtime::IoStatus::would_block) {
            client_gone_ = true;
            co_return fail(Errc::closed, "the client went away");
        }
        const runtime::Wake wake = co_await stream_.ready(deadline);
        if (wake == runtime::Wake::timed_out)
            co_return fail(Errc::timed_out, "the body did not come in time");
        if (wake == runtime::Wake::cancelled) co_return fail(Errc::cancelled);
    }
}

Task<Result<std::string_view>> Session::read() {
    in_.consume(std::exchange(handed_out_, 0));
    if (!request_.body_.empty() && !std::exchange(body_handed_out_, true)) co_return request_.body_;
    // Once the answer has begun, an interim one would be taken for a part of it.
    if (std::exchange(continue_wanted_, false) && in_.empty() && !body_done_ && !head_begun_) {
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
        answer_from_ = output_end();
        const bool sent = flush_now() || handler_runs_ || co_await write_out();
        if (!sent) co_return fail(Errc::closed, "the client went away");
    }
    while (!body_done_) {
        if (in_.empty()) FLT_CO_CHECK(co_await fill(body_deadline(body_read_)));
        if (framing_ == Framing::length) {
            const std::string_view piece = in_.view().substr(0, body_left_);
            handed_out_ = piece.size();
            body_left_ -= piece.size();
            body_read_ += piece.size();
            body_done_ = body_left_ == 0;
            co_return piece;
        }
        const auto step = chunks_.next(in_.view());
        if (step.state == ChunkedDecoder::State::rejected)
            co_return fail(Errc::malformed, std::string(chunks_.reject().why));
        if (chunks_.announced() > body_limit_) co_return fail(Errc::limit_exceeded, "the body is too large");
        body_done_ = step.state == ChunkedDecoder::State::done;
        if (!step.body.empty()) {
            handed_out_ = step.consumed;
            body_read_ += step.body.size();
            co_return step.body;
        }
        in_.consume(step.consumed);
    }
    co_return std::string_view();
}

Task<bool> Session::read_whole_body() {
    body_limit_ = body_limit();
    body_.clear();
    if (framing_ == Framing::length && body_left_ > body_limit_) {
        refuse_request(body_too_large);
        co_return false;
    }
    for (;;) {
        const auto piece = co_await read();
        if (!piece) {
            if (piece.error().code() == Errc::malformed)
                refuse_request(chunks_.reject());
            else if (piece.error().code() == Errc::limit_exceeded)
                refuse_request(body_too_large);
            else if (piece.error().code() == Errc::timed_out)
                refuse_request({408, "S13", "body not complete in time"});
            else
                write_failed_ = true;
            co_return false;
        }
        if (piece->empty()) break;
        body_ += *piece;
    }
    request_.body_ = body_;
    co_return true;
}

void Session::settle_unread_body() {
    if (body_done_) return;
    const bool short_rest = framing_ == Framing::length && body_left_ <= discard_limit && !continue_wanted_;
    if (short_rest && keep_alive_) return;
    keep_alive_ = false;
    linger_ = true;
}

Task<> Session::discard_body() {
    while (!body_done_) {
        if (const auto got = co_await read(); !got) {
            keep_alive_ = false;
            linger_ = true;
            co_return;
        }
    }
}

}  // namespace flotilla::http
