#include "served_exchange.hpp"

#include <algorithm>
#include <array>

#include "access_log.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/binding.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/tracing/http_rules.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

/// A body slower than the configured rate is cut off only after this.
constexpr Duration body_grace = 10s;

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

/// An address of this machine or of an inner network, as servers behind a proxy see the proxy's.
bool is_inner(const runtime::Endpoint& peer) {
    if (peer.is_loopback()) return true;
    const std::string address = peer.address();
    const std::string_view text = address;
    if (peer.is_v6()) return text.starts_with("fc") || text.starts_with("fd") || text.starts_with("fe80:");
    if (text.starts_with("10.") || text.starts_with("192.168.") || text.starts_with("169.254.")) return true;
    if (!text.starts_with("172.")) return false;
    const auto second = parse_integer<int>(text.substr(4, text.find('.', 4) - 4));
    return second && *second >= 16 && *second <= 31;
}

/// The client that a proxy speaks of, where it is to be believed: `native` believes inner proxies, as Tomcat
/// does, `framework` all. Otherwise, and where it speaks of none, nothing.
std::string_view believed_client(ForwardHeaders strategy, const Request& request) {
    if (strategy == ForwardHeaders::none) return {};
    const std::string_view field = request.header(KnownField::x_forwarded_for);
    if (field.empty() || (strategy == ForwardHeaders::native && !is_inner(request.peer()))) return {};
    return tracing::forwarded_client(field);
}

std::chrono::seconds at_rate(std::uint64_t bytes, Bytes rate) {
    return std::chrono::seconds(bytes / std::max<std::uint64_t>(1, rate.count));
}

}  // namespace

RequestParser::Options parser_options(const ServerConfig& config) {
    RequestParser::Options options;
    options.limits.request_line = config.max_request_line_size.count;
    options.limits.header_block = config.max_http_request_header_size.count;
    options.underscore_fields = config.headers_with_underscores;
    options.encoded_slash = config.encoded_slash;
    return options;
}

Deadline latest_end(const ServerConfig& config, std::size_t bytes, TimePoint began) {
    return Deadline::after(began, config.write_timeout + at_rate(bytes, config.min_body_rate));
}

Task<bool> client_takes(
    runtime::Stream& stream, const ServerConfig& config, std::size_t bytes, TimePoint began
) {
    const Clock& clock = stream.loop().clock();
    const Deadline latest = latest_end(config, bytes, began);
    const std::size_t before = stream.unacknowledged();
    const Deadline patience = Deadline::after(clock.now(), config.write_timeout);
    const runtime::Wake wake = co_await stream.ready(patience.or_sooner(latest));
    if (wake == runtime::Wake::ready) co_return true;
    // The kernel wakes us when a good part of its buffer is free; a slow client has not got that far.
    const bool moves = stream.unacknowledged() < before;
    co_return wake == runtime::Wake::timed_out&& moves && !latest.passed(clock.now());
}

ServedExchange::ServedExchange(Shard& shard) : shard_(shard), config_(shard.shared.config) {
    request_.reader_ = this;
    request_.exchange_ = this;
    if (!config_.access_log) return;
    access_note_ = std::make_unique<AccessNote>();
    request_.access_note_ = access_note_.get();
}

void ServedExchange::start_exchange(const RequestHead& head) {
    in_exchange_ = true;
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

void ServedExchange::end_exchange() {
    span_scope_.reset();
    span_ = tracing::Span();
    request_.span_ = {};
    request_.received_ = {};
    TaskContext::current().deadline = Deadline();
    in_exchange_ = false;
    Shard::Counters::bump(shard_.counters.active, static_cast<std::size_t>(-1));
}

void ServedExchange::record_exchange(const Wire& wire) {
    const ServerShared& shared = shard_.shared;
    const runtime::Endpoint& peer = request_.peer();
    const TimePoint finished = now();
    const Duration taken = finished - request_.received_;
    shard_.shared.meters.record(request_, response_, taken);
    if (span_.recording()) {
        const auto address = peer.address();
        const auto forwarded = believed_client(config_.forward_headers_strategy, request_);
        tracing::describe_http_server(
            span_,
            {.method = request_.method_text(),
             .path = request_.raw_path(),
             .route = request_.route() ? std::string_view(request_.route()->pattern) : std::string_view(),
             .status = code_of(response_.status()),
             .error = response_.exception},
            {.service = {},
             .ip = forwarded.empty() ? std::string_view(address) : forwarded,
             .port = forwarded.empty() ? peer.port() : std::uint16_t{0}}
        );
    }
    for (const auto& observer : shared.observers)
        observer({request_, response_, request_.received_, finished, wire.bytes});
    log_access(wire);
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

void ServedExchange::log_access(const Wire& wire) {
    if (!access_note_) return;
    if (wire.client_gone) access_note_->flag("DC");
    const auto client = request_.peer().address();
    const AccessFacts facts{
        .client = client,
        .method = request_.method_text(),
        .target = request_.head().target,
        .protocol = wire.protocol,
        .status = wire.answered ? code_of(response_.status()) : 0,
        .received = wire.received,
        .sent = wire.sent,
        .taken = now() - request_.received_
    };
    http::log_access(shard_.shared.telemetry.access_log, facts, *access_note_);
}

void ServedExchange::log_refusal(const Reject& reject, std::uint64_t sent) {
    if (!access_note_) return;
    const bool timed = request_.received_ != TimePoint{};
    const auto client = request_.peer().address();
    const AccessFacts facts{
        .client = client,
        .method = {},
        .target = {},
        .protocol = {},
        .status = reject.status,
        .received = 0,
        .sent = sent,
        .taken = timed ? now() - request_.received_ : Duration()
    };
    http::log_refusal(shard_.shared.telemetry.access_log, facts, reject);
}

void ServedExchange::answer_exception(const std::exception_ptr& failure) {
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

void ServedExchange::answer_refusal(const Reject& reject) {
    note_rejected(reject);
    if (access_note_ && !flag_of(reject).empty()) access_note_->flag(flag_of(reject));
    response_.clear();
    shard_.shared.errors.render(
        request_,
        {.status = static_cast<Status>(reject.status), .message = std::string(reject.why)},
        response_
    );
}

void ServedExchange::answer_nobody(const Reject& reject) {
    static const RequestHead nothing = [] {
        RequestHead head;
        head.method = Method::get;
        head.path = "/";
        return head;
    }();
    request_.head_ = &nothing;
    answer_refusal(reject);
}

void ServedExchange::answer_while_stopping() {
    response_.set("Retry-After", "1");
    shard_.shared.errors.render(
        request_,
        {.status = Status::service_unavailable, .message = "The server is shutting down."},
        response_
    );
}

void ServedExchange::answer_no_websocket(const Reject& reject) {
    response_.clear();
    response_.set("Sec-WebSocket-Version", "13");
    shard_.shared.errors.render(
        request_,
        {.status = static_cast<Status>(reject.status), .message = std::string(reject.why)},
        response_
    );
}

void ServedExchange::compress_if_worthwhile() {
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

void ServedExchange::note_cut_off(const std::exception_ptr& failure) {
    const ErrorDetails details = describe(failure);
    shard_.shared.telemetry.log.error(
        "{} {}: the answer was cut off: {}: {}",
        request_.method_text(),
        request_.raw_path(),
        details.exception,
        details.message
    );
    response_.exception = details.exception;
}

void ServedExchange::note_abandoned() {
    abandoned_ = true;
    if (auto* meters = shard_.shared.telemetry.meters)
        meters->counter("flotilla.http.abandoned", {}).increment();
    shard_.shared.telemetry.log.debug(
        "{} {}: the client went away before it was answered", request_.method_text(), request_.raw_path()
    );
    if (span_.recording()) span_.error("the client went away");
}

void ServedExchange::note_rejected(const Reject& reject) {
    shard_.note_rejected(request_.peer(), reject);
}

bool ServedExchange::has_body() const noexcept {
    return !is_head() && !never_has_body(code_of(response_.status()));
}

Deadline ServedExchange::body_deadline(std::uint64_t read) const {
    const auto paced = body_grace + at_rate(read, config_.min_body_rate);
    return Deadline::after(now(), config_.body_timeout).or_sooner(Deadline::after(request_.received_, paced));
}

std::uint64_t ServedExchange::body_limit() const {
    return shard_.shared.handler.body_limit(request_).value_or(config_.max_body_size.count);
}

}  // namespace flotilla::http
