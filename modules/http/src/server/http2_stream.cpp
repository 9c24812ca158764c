#include "http2_stream.hpp"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>

#include "http2_session.hpp"

namespace flotilla::http {

Http2Stream::Http2Stream(Http2Session& session, std::int32_t id, std::string head, bool ended)
    : ServedExchange(session.shard()),
      session_(session),
      id_(id),
      head_(std::move(head)),
      parser_(parser_options(config_)),
      ended_(ended) {
    parser_.reset();
    request_.peer_ = &session.stream().peer();
    request_.secure_ = session.stream().is_tls();
    request_.received_ = shard_.loop().now();
    request_.head_ = &parser_.head();
}

Http2Stream::~Http2Stream() {
    // What was broken off in the middle has its line too.
    if (in_exchange()) log_access(wire());
}

ServedExchange::Wire Http2Stream::wire() const {
    return {
        .protocol = "HTTP/2.0",
        .answered = answer_ == Answer::committed,
        .client_gone = abandoned() || lost_patience_,
        .received = read_,
        .sent = sent_,
        .bytes = sent_
    };
}

Task<> Http2Stream::serve(runtime::TaskCancel cancel) {
    cancel_ = cancel;
    const bool believed = parser_.parse(head_) == Progress::done;
    if (believed) {
        start_exchange(parser_.head());
        continue_wanted_ = parser_.head().expect_continue;
        const bool whole = (ended_ && arriving_.empty()) || shard_.shared.handler.streams_body(request_) ||
                           co_await read_whole_body();
        if (whole) {
            try {
                pending_ = shard_.shared.handler.handle(request_, response_);
            } catch (...) {
                answer_exception(std::current_exception());
            }
        }
        if (pending_) co_await run_pending();
    } else {
        answer_nobody(parser_.reject());
    }
    if (answer_ != Answer::none && !answer_ended_) cut();  // it has not come to its end
    if (!closed_ && answer_ == Answer::none) co_await answer();
    if (!closed_) {
        commit();
        session_.codec().resume(id_);
        session_.send_soon();
        co_await taken(0);
    }
    if (!believed) {
        log_refusal(parser_.reject(), sent_);
        co_return;
    }
    if (answer_ == Answer::committed)
        record_exchange(wire());
    else
        log_access(wire());
    end_exchange();
}

Task<bool> Http2Stream::read_whole_body() {
    const std::uint64_t limit = body_limit();
    if (parser_.head().content_length.value_or(0) > limit) {
        answer_refusal(body_too_large);
        co_return false;
    }
    for (;;) {
        const auto piece = co_await read();
        if (!piece) {
            if (piece.error().code() == Errc::timed_out)
                answer_refusal({408, "S13", "body not complete in time"});
            else
                closed_ = true;
            co_return false;
        }
        if (piece->empty()) break;
        if (body_.size() + piece->size() > limit) {
            answer_refusal(body_too_large);
            co_return false;
        }
        held_ += piece->size();
        if (!session_.hold(piece->size())) {
            // Nobody has seen the request: the client may send it again.
            give_up(Http2Error::refused_stream);
            co_return false;
        }
        body_ += *piece;
    }
    request_.body_ = body_;
    co_return true;
}

Task<> Http2Stream::run_pending() {
    const auto in_flight = shard_.shared.meters.start_active(request_, request_.received_);
    std::exception_ptr failure;
    try {
        co_await std::exchange(pending_, std::nullopt).value();
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    // The server cuts this connection off, or the client has gone: there is nobody to answer.
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) std::rethrow_exception(failure);
    if (answer_ == Answer::none) {
        answer_exception(failure);
    } else {
        note_cut_off(failure);
        cut();
    }
}

void Http2Stream::abandon() {
    if (given_up_ || abandoned()) return;
    if (in_exchange()) note_abandoned();
    if (cancel_) (*cancel_)();
}

void Http2Stream::give_up(Http2Error error) noexcept {
    closed_ = given_up_ = true;
    session_.codec().reset(id_, error);
    session_.send_soon();
}

bool Http2Stream::on_end(std::string_view trailers) {
    if (!trailers.empty() && trailers_in_.next(trailers).state != ChunkedDecoder::State::done) return false;
    ended_ = true;
    return true;
}

Task<Result<std::string_view>> Http2Stream::read() {
    if (!request_.body_.empty() && !std::exchange(handed_whole_, true)) co_return request_.body_;
    // Once the answer has begun, an interim one would be taken for a part of it.
    if (std::exchange(continue_wanted_, false) && arriving_.empty() && !ended_ && answer_ == Answer::none) {
        session_.codec().interim(id_, 100, {});
        session_.send_now();
    }
    // The client may wait for what has been written before it sends more.
    if (producing_ && arriving_.empty() && !ended_) {
        commit();
        session_.codec().resume(id_);
        session_.send_now();
    }
    while (arriving_.empty() && !ended_) {
        if (closed_) co_return fail(Errc::closed, "the client went away");
        const runtime::Wake wake = co_await arrived_.wait(body_deadline(read_));
        if (wake == runtime::Wake::timed_out)
            co_return fail(Errc::timed_out, "the body did not come in time");
    }
    handed_.clear();
    handed_.swap(arriving_);
    read_ += handed_.size();
    session_.codec().consume(id_, handed_.size());
    session_.send_soon();  // the client may send more
    co_return std::string_view(handed_);
}

std::optional<std::string_view> Http2Stream::arrived_body() {
    if (!request_.body_.empty()) return request_.body_;
    if (handed_whole_) return handed_;
    if (!ended_ || read_ > 0 || !trailers_in_.trailers().empty()) return std::nullopt;
    handed_whole_ = true;
    handed_.swap(arriving_);
    read_ = handed_.size();
    session_.codec().consume(id_, handed_.size());
    return handed_;
}

Task<Result<Upgraded>> Http2Stream::upgrade(DrainListener&) {
    co_return fail(Errc::unsupported, "a stream of HTTP/2 is not upgraded");
}

}  // namespace flotilla::http
