#include "session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <limits>

#include "access_log.hpp"
#include "flotilla/http/binding.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/http/websocket_handshake.hpp"
#include "flotilla/tracing/http_rules.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

constexpr Duration tls_handshake_timeout = 10s;
constexpr Duration linger_time = 2s;

RequestParser::Options parser_options(const ServerConfig& config) {
    RequestParser::Options options;
    options.limits.request_line = config.max_request_line_size.count;
    options.limits.header_block = config.max_http_request_header_size.count;
    return options;
}

constexpr std::array trace_fields{
    KnownField::b3,
    KnownField::x_b3_traceid,
    KnownField::x_b3_sampled,
    KnownField::x_b3_flags,
    KnownField::traceparent
};

tracing::Extracted extract_trace(const tracing::Propagator& propagator, const Fields& fields) {
    const bool baggage =
        !propagator.config().baggage.remote_fields.empty() || fields.contains(KnownField::baggage);
    const bool traced =
        std::ranges::any_of(trace_fields, [&](KnownField field) { return fields.contains(field); });
    if (!traced && !baggage) return {};
    tracing::IncomingHeaders headers;
    for (const auto& field : fields) propagator.offer(headers, field.name, field.value);
    return propagator.extract(headers);
}

ErrorDetails describe(const std::exception_ptr& failure) {
    ErrorDetails details{.status = Status::internal_server_error};
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        details.message = error.what();
        details.exception = detail::simple_type_name(typeid(error).name());
    } catch (...) {
        details.exception = "unknown";
    }
    return details;
}

}  // namespace

Session::Session(Shard& shard, runtime::Stream stream, runtime::TaskCancel cancel)
    : shard_(shard),
      config_(shard.shared.config),
      stream_(std::move(stream)),
      cancel_(cancel),
      in_(shard.blocks),
      parser_(parser_options(config_)) {
    request_.peer_ = &stream_.peer();
    request_.reader_ = this;
    request_.exchange_ = this;
    request_.head_ = &parser_.head();
    if (!config_.access_log) return;
    access_note_ = std::make_unique<AccessNote>();
    request_.access_note_ = access_note_.get();
}

Session::~Session() {
    // What was broken off in the middle has its line too.
    if (in_exchange_) log_access();
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

Task<> Session::serve_requests() {
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
    if (idle_)
        stream_.cancel();
    else if (websocket_)
        websocket_->go_away();
    else if (drain_listener_)
        drain_listener_->on_drain();
}

void Session::begin_request(const RequestHead& head) {
    idle_ = false;
    in_exchange_ = true;
    head_begun_ = false;
    direct_ = Direct::none;
    answer_from_ = output_end();
    trailers_.clear();
    body_sent_ = 0;
    if (access_note_) access_note_->clear();
    if (request_.received_ == TimePoint{}) request_.received_ = shard_.loop().now();
    response_.clear();
    request_.body_ = {};
    request_.principal.clear();
    request_.path_ = head.path;
    if (!head.path_is_plain) {
        // The parser has checked it: it decodes.
        auto decoded = decode_path(head.path, EncodedSlash::keep);
        request_.decoded_path_ = decoded ? std::move(*decoded) : std::string(head.path);
        request_.path_ = request_.decoded_path_;
    }
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
    Shard::Counters::bump(shard_.counters.requests);
    Shard::Counters::bump(shard_.counters.active);
    shard_.shared.handler.prepare(request_);

    TaskContext& task = TaskContext::current();
    task.deadline = config_.request_timeout.count() > 0
                        ? Deadline::after(request_.received_, config_.request_timeout)
                        : Deadline();
    if (auto* tracer = shard_.shared.telemetry.tracer) {
        span_ = tracer->start_server(
            extract_trace(tracer->propagator(), head.fields),
            {.now = request_.received_, .method = head.method_text, .path = request_.path_}
        );
        span_scope_.emplace(span_);
        request_.span_ = span_.ref();
    }
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
        const std::uint64_t limit =
            shard_.shared.handler.body_limit(request_).value_or(config_.max_body_size.count);
        if (framing_ == Framing::chunked || arrived.size() < body_left_ || body_left_ > limit) {
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
        record_exchange();
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
    if (pending_) co_await run_pending();
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
    record_exchange();
    end_request();
    head_memory_.reset();
}

Task<> Session::run_pending() {
    const auto in_flight = shard_.shared.meters.start_active(request_, request_.received_);
    // Answers to earlier requests must not wait for this one.
    const bool sent = out_.empty() || flush_now() || co_await write_out();
    if (!sent) co_return;
    watch_client();
    handler_runs_ = true;
    std::exception_ptr failure;
    try {
        co_await std::exchange(pending_, std::nullopt).value();
    } catch (...) {
        failure = std::current_exception();
    }
    handler_runs_ = false;
    drain_listener_ = nullptr;
    stream_.listen_for_hang_up(nullptr);
    // The server cuts this connection off, or the client has gone: there is nobody to answer.
    if (!failure) co_return;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) std::rethrow_exception(failure);
    if (direct_ == Direct::none)
        answer_exception(failure);
    else
        cut_answer_off(failure);
}

void Session::watch_client() {
    // As long as a body is on its way, its reader sees the end.
    if (!body_done_) return;
    if (stream_.peer_closed()) return on_hang_up();
    stream_.listen_for_hang_up(this);
}

void Session::on_hang_up() noexcept {
    abandoned_ = true;
    write_failed_ = client_gone_ = true;
    if (auto* meters = shard_.shared.telemetry.meters)
        meters->counter("flotilla.http.abandoned", {}).increment();
    shard_.shared.telemetry.log.debug(
        "{} {}: the client went away before it was answered", request_.method_text(), request_.raw_path()
    );
    if (span_.recording()) span_.error("the client went away");
    cancel_();
}

void Session::answer_exception(const std::exception_ptr& failure) {
    const ErrorDetails details = describe(failure);
    shard_.shared.telemetry.log.error(
        "{} {} failed: {}: {}",
        request_.method_text(),
        request_.raw_path(),
        details.exception,
        details.message
    );
    response_.clear();
    shard_.shared.errors.render(request_, details, response_);
    response_.exception = details.exception;
}

void Session::cut_answer_off(const std::exception_ptr& failure) {
    const ErrorDetails details = describe(failure);
    shard_.shared.telemetry.log.error(
        "{} {}: the answer was cut off: {}: {}",
        request_.method_text(),
        request_.raw_path(),
        details.exception,
        details.message
    );
    response_.exception = details.exception;
    // The client must see that the body is not complete: no last chunk, fewer bytes than announced.
    write_failed_ = true;
}

void Session::refuse_while_stopping() {
    response_.set("Retry-After", "1");
    shard_.shared.errors.render(
        request_,
        {.status = Status::service_unavailable, .message = "The server is shutting down."},
        response_
    );
    keep_alive_ = false;
    linger_ = true;
    append_answer();
    record_exchange();
    end_request();
}

void Session::answer_refusal(const Reject& reject) {
    Shard::Counters::bump(shard_.counters.rejected);
    if (auto* meters = shard_.shared.telemetry.meters)
        meters->counter("flotilla.http.rejected", {{"rule", std::string(reject.rule)}}).increment();
    shard_.shared.telemetry.log.debug(
        "{} sent a malformed message: {} ({})", stream_.peer().text(), reject.why, reject.rule
    );
    if (access_note_ && !flag_of(reject).empty()) access_note_->flag(flag_of(reject));
    response_.clear();
    keep_alive_ = false;
    linger_ = true;
    shard_.shared.errors.render(
        request_,
        {.status = static_cast<Status>(reject.status), .message = std::string(reject.why)},
        response_
    );
}

void Session::refuse(const Reject& reject) {
    // There is no request that could be believed; the answer is about the connection.
    static const RequestHead nothing = [] {
        RequestHead head;
        head.method = Method::get;
        head.path = "/";
        return head;
    }();
    request_.head_ = &nothing;
    answer_refusal(reject);
    append_answer();
    if (!access_note_) return;
    const bool timed = request_.received_ != TimePoint{};
    const auto client = stream_.peer().address();
    const AccessFacts facts{
        .client = client,
        .method = {},
        .target = {},
        .protocol = {},
        .status = reject.status,
        .received = 0,
        .sent = body_sent_,
        .taken = timed ? now() - request_.received_ : Duration()
    };
    log_refusal(shard_.shared.telemetry.access_log, facts, reject);
}

void Session::record_exchange() {
    const ServerShared& shared = shard_.shared;
    const TimePoint finished = now();
    const Duration taken = finished - request_.received_;
    shard_.shared.meters.record(request_, response_, taken);
    const int status = code_of(response_.status());
    if (span_.recording()) {
        const auto address = stream_.peer().address();
        tracing::describe_http_server(
            span_,
            {.method = request_.method_text(),
             .path = request_.raw_path(),
             .route = request_.route() ? std::string_view(request_.route()->pattern) : std::string_view(),
             .status = status,
             .error = response_.exception},
            {.service = {}, .ip = address, .port = stream_.peer().port()}
        );
    }
    for (const auto& observer : shared.observers)
        observer({request_, response_, request_.received_, finished, output_end() - answer_from_});
    log_access();
    if (config_.slow_request_threshold.count() > 0 && taken > config_.slow_request_threshold) {
        shared.telemetry.log.warn(
            "slow request: {} {} took {} ms",
            request_.method_text(),
            request_.raw_path(),
            std::chrono::duration_cast<std::chrono::milliseconds>(taken).count()
        );
    }
    if (span_.recording()) span_.finish(finished);
}

void Session::log_access() {
    if (!access_note_) return;
    if (client_gone_) access_note_->flag("DC");
    const auto client = stream_.peer().address();
    const AccessFacts facts{
        .client = client,
        .method = request_.method_text(),
        .target = request_.head().target,
        .protocol = request_.head().minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1",
        .status = head_begun_ ? code_of(response_.status()) : 0,
        .received = std::max<std::uint64_t>(body_read_, request_.body_.size()),
        .sent = body_sent_,
        .taken = now() - request_.received_
    };
    http::log_access(shard_.shared.telemetry.access_log, facts, *access_note_);
}

void Session::end_request() {
    in_.consume(std::exchange(handed_out_, 0));
    span_scope_.reset();
    span_ = tracing::Span();
    request_.span_ = {};
    request_.received_ = {};
    TaskContext::current().deadline = Deadline();
    drain_listener_ = nullptr;
    in_exchange_ = false;
    Shard::Counters::bump(shard_.counters.active, static_cast<std::size_t>(-1));
    constexpr std::size_t worth_keeping = 64 * 1024;
    if (body_.capacity() > worth_keeping) body_ = std::string();
    if (out_.capacity() > 2 * output_limit && out_.empty()) out_ = std::string();
    parser_.reset();
}

}  // namespace flotilla::http
