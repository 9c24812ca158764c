#include "session.hpp"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <limits>

#include "http2_session.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

constexpr Duration tls_handshake_timeout = 10s;
constexpr Duration linger_time = 2s;

}  // namespace

Session::Session(Shard& shard, runtime::Stream stream, runtime::TaskCancel cancel)
    : ServedExchange(shard),
      stream_(std::move(stream)),
      cancel_(cancel),
      in_(shard.blocks),
      parser_(parser_options(config_)) {
    request_.peer_ = &stream_.peer();
    request_.head_ = &parser_.head();
}

Session::~Session() {
    // What was broken off in the middle has its line too.
    if (in_exchange()) log_access(wire());
}

Task<> Session::run() {
    if (shard_.shared.tls) {
        const auto deadline = Deadline::after(shard_.loop().now(), tls_handshake_timeout);
        const auto secured = co_await stream_.handshake_server(shard_.shared.tls, deadline);
        if (!secured) {
            shard_.shared.telemetry.log.debug("{}", secured.error().message());
            co_return;
        }
        request_.secure_ = true;
        if (stream_.alpn() == "h2") co_return co_await serve_http2();
    } else if (config_.http2.h2c) {
        const bool http2 = co_await begins_with_http2();
        if (http2) co_return co_await serve_http2();
    }
    co_await serve_requests();
    if (!out_.empty() && !write_failed_) co_await write_out();
    if (write_failed_) co_return;
    if (linger_) {
        idle_ = true;  // nothing is owed to the client: a shutdown need not wait for its end
        co_await stream_.close(Deadline::after(now(), linger_time));
    } else {
        stream_.shutdown_write();
    }
}

/// Whether the first bytes are the preface of HTTP/2; they stay in the buffer.
Task<bool> Session::begins_with_http2() {
    for (;;) {
        const std::string_view begun = in_.view().substr(0, http2_preface.size());
        if (!http2_preface.starts_with(begun)) co_return false;
        if (begun.size() == http2_preface.size()) co_return true;
        const auto [room, size] = in_.room();
        const runtime::Io io = stream_.try_read(room, size);
        if (io.status == runtime::IoStatus::done) {
            if (begun.empty()) request_.received_ = shard_.loop().now();
            in_.added(io.bytes);
            continue;
        }
        if (io.status != runtime::IoStatus::would_block) co_return false;
        const Duration patience = begun.empty() ? config_.keep_alive_timeout : config_.header_timeout;
        const TimePoint since = begun.empty() ? shard_.loop().now() : request_.received_;
        const runtime::Wake wake = co_await stream_.ready(Deadline::after(since, patience));
        if (wake != runtime::Wake::ready) co_return false;
    }
}

Task<> Session::serve_http2() {
    http2_ = std::make_unique<Http2Session>(shard_, stream_, std::move(in_));
    co_await http2_->run();
}

Task<> Session::serve_requests() {
    std::size_t in_a_row = 0;
    while (keep_alive_) {
        const Progress progress = parser_.parse(in_.view());
        if (progress == Progress::rejected) {
            refuse(parser_.reject());
            co_return;
        }
        if (progress == Progress::done) {
            const Step step = begin_exchange();
            if (step != Step::answered) co_await finish_slowly(step);
            if (write_failed_) co_return;
            const bool sent = out_.size() < output_limit || co_await write_out();
            if (!sent) co_return;
            if (++in_a_row < most_in_a_row) continue;
            // Others of this loop have requests, too.
            in_a_row = 0;
            const bool all_sent = out_.empty() || flush_now() || co_await write_out();
            if (!all_sent) co_return;
            co_await runtime::yield();
            continue;
        }
        // One system call for all answers so far; a coroutine only if the client is slow to take them.
        const bool sent = out_.empty() || flush_now() || co_await write_out();
        if (!sent) co_return;
        const auto [room, size] = in_.room();
        const runtime::Io io = stream_.try_read(room, size);
        if (io.status == runtime::IoStatus::done) {
            in_.added(io.bytes);
            continue;
        }
        if (io.status != runtime::IoStatus::would_block) co_return;
        in_a_row = 0;
        idle_ = !parser_.started();
        if (idle_ && shard_.shared.stopping) co_return;
        if (in_.empty()) in_.release();
        if (idle_ || request_.received_ == TimePoint{}) request_.received_ = shard_.loop().now();
        const Duration patience = idle_ ? config_.keep_alive_timeout : config_.header_timeout;
        const runtime::Wake wake = co_await stream_.ready(Deadline::after(request_.received_, patience));
        if (wake == runtime::Wake::ready) {
            if (idle_) request_.received_ = shard_.loop().now();
            continue;
        }
        if (wake == runtime::Wake::timed_out && !idle_) refuse(header_timeout);
        co_return;
    }
}

void Session::close_if_idle() {
    if (http2_)
        http2_->drain();
    else if (idle_)
        stream_.cancel();
    else if (websocket_)
        websocket_->go_away();
    else if (drain_listener_)
        drain_listener_->on_drain();
}

void Session::begin_request(const RequestHead& head) {
    idle_ = false;
    head_begun_ = false;
    direct_ = Direct::none;
    answer_from_ = output_end();
    trailers_.clear();
    body_sent_ = 0;
    keep_alive_ = head.keep_alive &&
                  !(config_.max_keep_alive_requests && requests_ + 1 >= config_.max_keep_alive_requests);
    continue_wanted_ = head.expect_continue;
    framing_ = head.chunked ? Framing::chunked : head.has_body() ? Framing::length : Framing::none;
    body_left_ = head.content_length.value_or(0);
    body_read_ = 0;
    handed_out_ = 0;
    body_done_ = framing_ == Framing::none;
    body_handed_out_ = false;
    body_limit_ = std::numeric_limits<std::uint64_t>::max();
    if (framing_ == Framing::chunked) chunks_.reset();
    ++requests_;
    start_exchange(head);
}

void Session::park_head(std::size_t consumed) {
    head_memory_.emplace(std::move(in_));
    in_.append(head_memory_->view().substr(consumed));
}

Session::Step Session::begin_exchange() {
    begin_request(parser_.head());
    const std::size_t head_size = parser_.consumed();
    if (shard_.shared.stopping && requests_ > 1) {
        refuse_while_stopping();
        return Step::answered;
    }
    const bool streams = !body_done_ && shard_.shared.handler.streams_body(request_);
    std::size_t used = head_size;
    if (!body_done_ && !streams) {
        const std::string_view arrived = in_.view().substr(head_size);
        if (framing_ == Framing::chunked || arrived.size() < body_left_ || body_left_ > body_limit()) {
            park_head(used);
            return Step::body_first;
        }
        request_.body_ = arrived.substr(0, body_left_);
        used += request_.body_.size();
        body_done_ = true;
    }
    if (streams) park_head(used);
    const Step step = call_handler();
    if (step == Step::answered) {
        append_answer();
        record_exchange(wire());
        end_request();
        in_.consume(used);  // the views of the request were in use until now
    } else if (!head_memory_) {
        park_head(used);
    }
    return step;
}

bool Session::can_answer_at_once() const {
    const auto text = response_.text();
    return body_done_ && text && text->size() <= output_limit;
}

Session::Step Session::call_handler() {
    try {
        pending_ = shard_.shared.handler.handle(request_, response_);
        if (pending_) return Step::handler_waits;
    } catch (...) {
        answer_exception(std::current_exception());
    }
    return can_answer_at_once() ? Step::answered : Step::answer_waits;
}

Task<> Session::finish_slowly(Step step) {
    if (step == Step::body_first) {
        const bool whole = co_await read_whole_body();
        if (whole) call_handler();
    }
    if (pending_) {
        const auto in_flight = shard_.shared.meters.start_active(request_, request_.received_);
        // Answers to earlier requests must not wait for this one.
        bool sent = out_.empty() || flush_now();
        if (!sent) sent = co_await write_out();
        if (sent) {
            watch_client();
            handler_runs_ = true;
            std::exception_ptr failure;
            try {
                co_await std::exchange(pending_, std::nullopt).value();
            } catch (...) {
                failure = std::current_exception();
            }
            handler_ended();
            if (failure) {
                // The server cuts this connection off, or the client has gone: there is nobody to answer.
                const auto state = co_await asio::this_coro::cancellation_state;
                if (state.cancelled() != asio::cancellation_type::none) std::rethrow_exception(failure);
                if (direct_ == Direct::none)
                    answer_exception(failure);
                else
                    cut_answer_off(failure);
            }
        }
    }
    if (direct_ == Direct::begun) cut();  // it has not come to its end
    if (!write_failed_) {
        if (direct_ == Direct::none) settle_unread_body();
        if (direct_ == Direct::ended) {
            // What is left of it is in the output.
        } else if (response_.text() && response_.text()->size() <= output_limit) {
            append_answer();
        } else {
            co_await send_answer_slowly();
        }
        if (!body_done_ && keep_alive_) co_await discard_body();
    }
    record_exchange(wire());
    end_request();
    head_memory_.reset();
}

void Session::handler_ended() {
    handler_runs_ = false;
    drain_listener_ = nullptr;
    stream_.listen_for_hang_up(nullptr);
}

void Session::watch_client() {
    // As long as a body is on its way, its reader sees the end.
    if (!body_done_) return;
    if (stream_.peer_closed()) return on_hang_up();
    stream_.listen_for_hang_up(this);
}

void Session::on_hang_up() noexcept {
    write_failed_ = client_gone_ = true;
    note_abandoned();
    cancel_();
}

void Session::cut_answer_off(const std::exception_ptr& failure) {
    note_cut_off(failure);
    // The client must see that the body is not complete: no last chunk, fewer bytes than announced.
    write_failed_ = true;
}

void Session::refuse_while_stopping() {
    answer_while_stopping();
    keep_alive_ = false;
    linger_ = true;
    append_answer();
    record_exchange(wire());
    end_request();
}

void Session::refuse_request(const Reject& reject) {
    answer_refusal(reject);
    keep_alive_ = false;
    linger_ = true;
}

void Session::refuse(const Reject& reject) {
    // The answer is about the connection.
    answer_nobody(reject);
    keep_alive_ = false;
    linger_ = true;
    append_answer();
    log_refusal(reject, body_sent_);
}

ServedExchange::Wire Session::wire() const {
    return {
        .protocol = request_.head().minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1",
        .answered = head_begun_,
        .client_gone = client_gone_,
        .received = std::max<std::uint64_t>(body_read_, request_.body_.size()),
        .sent = body_sent_,
        .bytes = output_end() - answer_from_
    };
}

void Session::end_request() {
    in_.consume(std::exchange(handed_out_, 0));
    end_exchange();
    drain_listener_ = nullptr;
    constexpr std::size_t worth_keeping = 64 * 1024;
    if (body_.capacity() > worth_keeping) body_ = std::string();
    if (out_.capacity() > 2 * output_limit && out_.empty()) out_ = std::string();
    parser_.reset();
}

}  // namespace flotilla::http
