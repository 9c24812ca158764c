#include "session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <limits>
#include <stdexcept>

#include "flotilla/base/text.hpp"
#include "flotilla/http/binding.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/http/websocket_handshake.hpp"
#include "flotilla/tracing/http_rules.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

/// Output beyond this is sent before the next request is looked at.
constexpr std::size_t output_limit = 64 * 1024;
constexpr Duration tls_handshake_timeout = 10s;
constexpr Duration linger_time = 2s;
/// A body slower than the configured rate is cut off only after this.
constexpr Duration body_grace = 10s;
/// An unread body up to this length is read and thrown away to keep the connection.
constexpr std::size_t discard_limit = 64 * 1024;

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
    request_.head_ = &parser_.head();
}

Session::~Session() = default;

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
            if (out_.size() >= output_limit && !co_await write_out()) co_return;
            continue;
        }
        // One system call for all answers so far; a coroutine only if the client is slow to take them.
        if (!out_.empty() && !flush_now() && !co_await write_out()) co_return;
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
}

void Session::begin_request(const RequestHead& head) {
    idle_ = false;
    in_exchange_ = true;
    head_begun_ = false;
    answer_from_ = output_end();
    trailers_.clear();
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
    if (!write_failed_) {
        settle_unread_body();
        if (response_.text() && response_.text()->size() <= output_limit) {
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
    if (!out_.empty() && !flush_now() && !co_await write_out()) co_return;
    watch_client();
    std::exception_ptr failure;
    try {
        co_await std::exchange(pending_, std::nullopt).value();
    } catch (...) {
        failure = std::current_exception();
    }
    stream_.listen_for_hang_up(nullptr);
    // The server cuts this connection off, or the client has gone: there is nobody to answer.
    if (failure &&
        (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
        std::rethrow_exception(failure);
    if (failure) answer_exception(failure);
}

void Session::watch_client() {
    // As long as a body is on its way, its reader sees the end.
    if (!body_done_) return;
    if (stream_.peer_closed()) return on_hang_up();
    stream_.listen_for_hang_up(this);
}

void Session::on_hang_up() noexcept {
    abandoned_ = true;
    write_failed_ = true;
    if (auto* meters = shard_.shared.telemetry.meters)
        meters->counter("flotilla.http.abandoned", {}).increment();
    shard_.shared.telemetry.log.debug(
        "{} {}: the client went away before it was answered", request_.method_text(), request_.raw_path()
    );
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
}

// Reading.

Task<Result<void>> Session::fill(Deadline deadline) {
    if (!out_.empty() && !co_await write_out()) co_return fail(Errc::closed, "the client went away");
    const auto [room, size] = in_.room();
    for (;;) {
        const runtime::Io io = stream_.try_read(room, size);
        if (io.status == runtime::IoStatus::done) {
            in_.added(io.bytes);
            co_return Result<void>();
        }
        if (io.status != runtime::IoStatus::would_block) co_return fail(Errc::closed, "the client went away");
        const runtime::Wake wake = co_await stream_.ready(deadline);
        if (wake == runtime::Wake::timed_out)
            co_return fail(Errc::timed_out, "the body did not come in time");
        if (wake == runtime::Wake::cancelled) co_return fail(Errc::cancelled);
    }
}

Deadline Session::body_deadline() const {
    const auto paced =
        body_grace +
        std::chrono::seconds(body_read_ / std::max<std::uint64_t>(1, config_.min_body_rate.count));
    return Deadline::after(now(), config_.body_timeout).or_sooner(Deadline::after(request_.received_, paced));
}

Task<Result<std::string_view>> Session::read() {
    in_.consume(std::exchange(handed_out_, 0));
    if (!request_.body_.empty() && !std::exchange(body_handed_out_, true)) co_return request_.body_;
    // Once the answer has begun, an interim one would be taken for a part of it.
    if (std::exchange(continue_wanted_, false) && in_.empty() && !body_done_ && !head_begun_) {
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
        answer_from_ = output_end();
        if (!co_await write_out()) co_return fail(Errc::closed, "the client went away");
    }
    while (!body_done_) {
        if (in_.empty()) FLT_CO_CHECK(co_await fill(body_deadline()));
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
    body_limit_ = shard_.shared.handler.body_limit(request_).value_or(config_.max_body_size.count);
    body_.clear();
    if (framing_ == Framing::length && body_left_ > body_limit_) {
        answer_refusal(body_too_large);
        co_return false;
    }
    for (;;) {
        const auto piece = co_await read();
        if (!piece) {
            if (piece.error().code() == Errc::malformed)
                answer_refusal(chunks_.reject());
            else if (piece.error().code() == Errc::limit_exceeded)
                answer_refusal(body_too_large);
            else if (piece.error().code() == Errc::timed_out)
                answer_refusal({408, "S13", "body not complete in time"});
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
        if (!co_await read()) {
            keep_alive_ = false;
            linger_ = true;
            co_return;
        }
    }
}

// Writing.

/// Waits for room in the kernel's buffer. A client may be slow, within reason, but it must not stop.
Task<bool> Session::client_takes(std::size_t bytes, TimePoint began) {
    const auto paced = std::chrono::seconds(bytes / std::max<std::uint64_t>(1, config_.min_body_rate.count));
    const Deadline latest = Deadline::after(began, config_.write_timeout + paced);
    for (;;) {
        const std::size_t before = stream_.unacknowledged();
        const Deadline patience = Deadline::after(now(), config_.write_timeout);
        const runtime::Wake wake = co_await stream_.ready(patience.or_sooner(latest));
        if (wake == runtime::Wake::ready) co_return true;
        // The kernel wakes us when a good part of its buffer is free; a slow client has not got that far.
        const bool moves = stream_.unacknowledged() < before;
        if (wake == runtime::Wake::cancelled || !moves || latest.passed(now())) co_return false;
    }
}

Task<Result<void>> Session::send(std::string_view first, std::string_view second) {
    const TimePoint began = now();
    const std::size_t size = first.size() + second.size();
    while (!first.empty() || !second.empty()) {
        const std::array<iovec, 2> parts{
            iovec{const_cast<char*>(first.data()), first.size()},
            iovec{const_cast<char*>(second.data()), second.size()}
        };
        const runtime::Io io = stream_.try_write(parts);
        if (io.status == runtime::IoStatus::done) {
            flushed_ += io.bytes;
            const std::size_t of_first = std::min(io.bytes, first.size());
            first.remove_prefix(of_first);
            second.remove_prefix(io.bytes - of_first);
        } else if (io.status != runtime::IoStatus::would_block) {
            co_return fail(Errc::closed, "the client went away");
        } else if (!co_await client_takes(size, began)) {
            co_return fail(Errc::timed_out, "the client does not read");
        }
    }
    co_return Result<void>();
}

bool Session::flush_now() {
    const iovec part{out_.data(), out_.size()};
    const runtime::Io io = stream_.try_write({&part, 1});
    if (io.status != runtime::IoStatus::done) return false;
    flushed_ += io.bytes;
    if (io.bytes == out_.size())
        out_.clear();
    else
        out_.erase(0, io.bytes);
    return out_.empty();
}

Task<bool> Session::write_out() {
    const auto written = co_await send(out_, {});
    out_.clear();
    if (!written) write_failed_ = true;
    co_return written.has_value();
}

void Session::append_head(std::optional<std::uint64_t> length) {
    const int status = code_of(response_.status());
    const int minor = request_.head().minor_version;
    head_begun_ = true;
    append_status_line(out_, status, minor);
    out_ += response_.headers().text();
    out_ += shard_.date_field();
    if (!config_.server_header.empty()) (void)append_field(out_, "Server", config_.server_header);
    chunked_answer_ = false;
    if (!never_has_body(status)) {
        if (length) {
            append_number_field(out_, "Content-Length", *length);
        } else if (minor >= 1) {
            chunked_answer_ = !is_head();
            out_ += "Transfer-Encoding: chunked\r\n";
        } else {
            keep_alive_ = false;  // the end of the connection is the end of the body
        }
    }
    if (response_.closes_connection() || shard_.shared.leaving.load(std::memory_order_relaxed))
        keep_alive_ = false;
    if (!keep_alive_)
        out_ += "Connection: close\r\n";
    else if (minor == 0)
        out_ += "Connection: keep-alive\r\n";
    append_head_end(out_);
}

void Session::append_answer() {
    compress_if_worthwhile();
    const std::string_view text = *response_.text();
    append_head(text.size());
    if (!is_head() && !never_has_body(code_of(response_.status()))) out_ += text;
}

void Session::compress_if_worthwhile() {
    const CompressionConfig& compression = config_.compression;
    if (!compression.enabled) return;
    const auto text = response_.text();
    if (!text || text->size() < compression.min_response_size.count ||
        response_.headers().contains("Content-Encoding"))
        return;
    // A part, or a text that its tag promises byte by byte, stays as it is.
    const std::string_view tag = response_.headers().find("ETag");
    if (response_.status() == Status::partial_content || tag.starts_with('"')) return;
    const std::string_view type = response_.headers().find("Content-Type");
    const std::string_view media = type.substr(0, type.find(';'));
    if (std::ranges::none_of(compression.mime_types, [&](const std::string& mime) {
            return iequals(mime, media);
        }))
        return;
    response_.add("Vary", "Accept-Encoding");
    if (best_content_coding(request_.fields()) != ContentCoding::gzip) return;
    response_.set("Content-Encoding", "gzip");
    response_.body() = gzip(*text, 1);
}

Task<> Session::send_answer_slowly() {
    answer_from_ = output_end();
    std::exception_ptr failure;
    try {
        const auto sent = co_await produce_body();
        if (!sent && !write_failed_)
            failure = std::make_exception_ptr(std::runtime_error(sent.error().message()));
    } catch (...) {
        failure = std::current_exception();
    }
    stream_.listen_for_hang_up(nullptr);
    if (!failure) co_return;
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
        std::rethrow_exception(failure);
    if (flushed_ > answer_from_) co_return cut_answer_off(failure);
    // Nothing of it has left: the client can still be told.
    out_.resize(answer_from_ - flushed_);
    answer_exception(failure);
    append_answer();
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

Task<Result<void>> Session::produce_body() {
    const bool bodiless = is_head() || never_has_body(code_of(response_.status()));
    if (const auto text = response_.text()) {
        compress_if_worthwhile();
        const std::string_view whole = *response_.text();
        append_head(whole.size());
        const auto written = co_await send(out_, bodiless ? std::string_view() : whole);
        out_.clear();
        if (!written) write_failed_ = true;
        co_return written;
    }
    if (const auto* file = std::get_if<FileBody>(&response_.body())) co_return co_await send_file(*file);
    if (const auto* upgrade = std::get_if<WebSocketUpgrade>(&response_.body()))
        co_return co_await serve_websocket(*upgrade);
    if (const auto* stream = std::get_if<StreamBody>(&response_.body())) {
        append_head(stream->length);
        if (bodiless) co_return Result<void>();
        watch_client();
        answer_left_ = stream->length;
        co_await stream->produce(*this);
    } else if (const auto* events = std::get_if<EventsBody>(&response_.body())) {
        append_head(std::nullopt);
        if (bodiless) co_return Result<void>();
        watch_client();
        answer_left_.reset();
        EventStream to(*this);
        FLT_CO_CHECK(co_await flush());
        co_await events->produce(to);
    }
    if (write_failed_) co_return fail(Errc::closed);
    if (answer_left_.value_or(0) != 0) co_return fail(Errc::internal, "the body is shorter than announced");
    if (chunked_answer_) {
        out_ += trailers_.empty() ? std::string(last_chunk) : "0\r\n" + std::exchange(trailers_, {}) + "\r\n";
    }
    co_return Result<void>();
}

Task<Result<void>> Session::send_file(const FileBody& file) {
    append_head(file.size);
    if (is_head() || never_has_body(code_of(response_.status())) || file.size == 0) co_return Result<void>();
    if (!co_await write_out()) co_return fail(Errc::closed);
    TimePoint began = now();
    for (std::size_t sent = 0; sent < file.size;) {
        const auto offset = file.offset + static_cast<off_t>(sent);
        const runtime::Io io = stream_.try_send_file(*file.descriptor, offset, file.size - sent);
        if (io.status == runtime::IoStatus::done) {
            sent += io.bytes;
            flushed_ += io.bytes;
            began = now();
        } else if (io.status == runtime::IoStatus::end) {
            co_return fail(Errc::io, "the file ended before its announced length");
        } else if (io.status != runtime::IoStatus::would_block || !co_await client_takes(0, began)) {
            write_failed_ = true;
            co_return fail(Errc::closed, "the client went away");
        }
    }
    co_return Result<void>();
}

Task<Result<void>> Session::serve_websocket(const WebSocketUpgrade& upgrade) {
    const auto offer = check_websocket_request(request_.head());
    if (!offer) {
        const Reject reject = offer.error();
        const ErrorDetails details{
            .status = static_cast<Status>(reject.status), .message = std::string(reject.why)
        };
        response_.clear();
        response_.set("Sec-WebSocket-Version", "13");
        shard_.shared.errors.render(request_, details, response_);
        append_answer();
        co_return Result<void>();
    }
    out_ += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    out_ += shard_.date_field();
    (void)append_field(out_, "Sec-WebSocket-Accept", websocket_accept(offer->key));
    if (!upgrade.protocol.empty()) (void)append_field(out_, "Sec-WebSocket-Protocol", upgrade.protocol);
    append_head_end(out_);
    response_.status(Status::switching_protocols);
    keep_alive_ = false;
    if (!co_await write_out()) co_return fail(Errc::closed);

    WebSocket socket(stream_, std::string(in_.view()), upgrade.config);
    socket.protocol_ = upgrade.protocol;
    websocket_ = &socket;
    std::exception_ptr failure;
    try {
        co_await upgrade.serve(socket);
    } catch (...) {
        failure = std::current_exception();
    }
    websocket_ = nullptr;
    co_await socket.close(failure ? CloseCode::internal_error : CloseCode::normal);
    linger_ = true;  // a refused message may still be on its way, and must not destroy the close frame
    if (failure) std::rethrow_exception(failure);
    co_return Result<void>();
}

Task<Result<void>> Session::write(std::string_view bytes) {
    if (write_failed_) co_return fail(Errc::closed, "the client went away");
    if (bytes.empty()) co_return Result<void>();
    if (answer_left_) {
        if (bytes.size() > *answer_left_) co_return fail(Errc::internal, "the body is longer than announced");
        *answer_left_ -= bytes.size();
    }
    if (chunked_answer_)
        append_chunk(out_, bytes);
    else
        out_ += bytes;
    if (out_.size() < output_limit) co_return Result<void>();
    co_return co_await flush();
}

Task<Result<void>> Session::flush() {
    if (out_.empty()) co_return Result<void>();
    if (!co_await write_out()) co_return fail(Errc::closed, "the client went away");
    co_return Result<void>();
}

void Session::trailer(std::string_view name, std::string_view value) {
    (void)append_field(trailers_, name, value);
}

bool Session::closed() const noexcept {
    return write_failed_ || stream_.peer_closed();
}

// The end of an exchange.

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
    if (config_.access_log) {
        shared.telemetry.access_log.info(
            "{} \"{} {} HTTP/1.{}\" {} {} {}us",
            stream_.peer().address(),
            request_.method_text(),
            request_.head().target,
            request_.head().minor_version,
            status,
            response_.text() ? response_.text()->size() : output_end() - answer_from_,
            std::chrono::duration_cast<std::chrono::microseconds>(taken).count()
        );
    }
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

void Session::end_request() {
    in_.consume(std::exchange(handed_out_, 0));
    span_scope_.reset();
    span_ = tracing::Span();
    request_.span_ = {};
    request_.received_ = {};
    TaskContext::current().deadline = Deadline();
    in_exchange_ = false;
    Shard::Counters::bump(shard_.counters.active, static_cast<std::size_t>(-1));
    constexpr std::size_t worth_keeping = 64 * 1024;
    if (body_.capacity() > worth_keeping) body_ = std::string();
    if (out_.capacity() > 2 * output_limit && out_.empty()) out_ = std::string();
    parser_.reset();
}

}  // namespace flotilla::http
