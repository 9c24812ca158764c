// One attempt, up to the head of the answer.

#include "attempt.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/http/error.hpp"
#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/websocket_handshake.hpp"
#include "flotilla/tracing/http_rules.hpp"

namespace flotilla::proxy {

namespace {

using http::KnownField;
using runtime::IoStatus;
using runtime::Wake;
using std::chrono::milliseconds;

constexpr int max_interim_answers = 16;

bool expects_body(http::Method method) noexcept {
    return method == http::Method::post || method == http::Method::put || method == http::Method::patch;
}

}  // namespace

Attempt::Attempt(Shard& shard, Call& call)
    : shard_(shard),
      call_(call),
      config_(shard.shared.config),
      method_(http::parse_method(call.outgoing.method)),
      started_(shard.loop.now()),
      deadline_(call.deadline.or_sooner(TaskContext::current().deadline)) {
    if (tracing::Tracer* tracer = shard_.shared.telemetry.tracer)
        span_ = tracer->start_client({.method = call_.outgoing.method, .path = call_.outgoing.target});
}

std::optional<Error> Attempt::refusal() const {
    if (call_.body.too_large())
        return Error(make_error_code(ProxyErrc::body_too_large), "the body is over the limit");
    if (!call_.outgoing.websocket) return std::nullopt;
    if (const auto body = call_.body.whole(); !body || !body->empty())
        return Error(make_error_code(http::Status::bad_request), "a request to switch protocols has no body");
    const auto offer = http::check_websocket_request(call_.request.head());
    if (offer) return std::nullopt;
    const auto status = static_cast<http::Status>(offer.error().status);
    return Error(make_error_code(status), std::string(offer.error().why));
}

Task<Result<Outcome>> Attempt::run(Shard& shard, Call& call) {
    Attempt self(shard, call);
    if (const auto refusal = self.refusal()) co_return fail(*refusal);
    Pool& pool = shard.pool_of(call.upstream);
    Result<Outcome> outcome = Outcome();
    Result<void> connected;
    if (auto kept = pool.take())
        self.lease_ = Lease(pool, std::move(kept));
    else
        connected = co_await self.connect(pool);
    if (connected) {
        // The usual exchange waits once, for an answer that comes as a whole, without a coroutine of its own.
        std::optional<Outcome> settled;
        const auto begun = self.begin();
        if (self.all_sent()) {
            self.parse_with(shard.parser);
            if (self.read_head_now() == http::Progress::need_more) {
                const Wake wake = co_await self.connection().stream.ready(self.answer_deadline());
                if (wake == Wake::timed_out) self.head_error_ = self.no_answer_in_time();
            }
            settled = self.settle_at_once();
        }
        if (settled)
            outcome = *settled;
        else if (begun)
            outcome = co_await self.exchange();
        else
            outcome = fail(begun.error());
        if (!outcome && self.may_repeat(outcome.error())) {
            // The kept connection had been closed on the other side: as if it had not been there.
            Shard::Counters::bump(shard.counters.repeats);
            self.lease_.close();
            connected = co_await self.connect(pool);
            if (connected) connected = self.begin();
            if (connected) outcome = co_await self.exchange();
        }
    }
    if (!connected) outcome = fail(connected.error());
    if (!outcome) {
        self.lease_.close();
        outcome = fail(outcome.error().within(call.upstream.authority()));
    }
    self.report(outcome);
    co_return outcome;
}

bool Attempt::may_repeat(const Error& error) const {
    if (error.code() != ProxyErrc::closed_early) return false;
    const Connection& used = connection();
    if (!used.kept || used.answered()) return false;
    if (!call_.body.replayable()) return false;
    return http::is_idempotent(method_) || call_.body.length() == 0 || used.body_bytes_sent == 0;
}

Task<Result<void>> Attempt::connect(Pool& pool) {
    runtime::EventLoop& loop = shard_.loop;
    if (pool.full()) {
        const Deadline patience = Deadline::after(loop.now(), config_.pool.acquire_timeout);
        auto place = co_await pool.wait_for_place(patience.or_sooner(deadline_));
        if (!place) co_return fail(place.error());
        lease_ = Lease(pool, std::move(*place));
        if (lease_.connection) co_return Result<void>();
    } else {
        pool.occupy();
        lease_ = Lease(pool, nullptr);
    }
    const Upstream& to = call_.upstream;
    const auto limit = call_.connect_timeout.value_or(config_.connect_timeout);
    const TimePoint began = loop.now();
    const Deadline patience = Deadline::after(began, limit).or_sooner(deadline_);
    auto stream = co_await runtime::Stream::connect(loop, to.endpoint(), patience);
    if (!stream) {
        const Error error = stream.error().code() == Errc::timed_out
                                ? late(ProxyErrc::connect_timeout, "no connection", limit, began)
                                : Error(make_error_code(ProxyErrc::refused), stream.error().message());
        if (error.code() == ProxyErrc::connect_timeout) Shard::Counters::bump(shard_.counters.late_connects);
        lease_.close();
        co_return fail(error);
    }
    if (to.secure()) {
        const TimePoint met = loop.now();
        const Deadline shaken = Deadline::after(met, config_.tls_handshake_timeout).or_sooner(deadline_);
        auto context = shard_.shared.tls();
        if (!context) {
            lease_.close();
            co_return fail(ProxyErrc::tls_failed, context.error().message());
        }
        const auto secured = co_await stream->handshake_client(*std::move(context), to.host(), shaken);
        if (!secured) {
            const Error error =
                secured.error().code() == Errc::timed_out
                    ? late(ProxyErrc::connect_timeout, "no TLS handshake", config_.tls_handshake_timeout, met)
                    : Error(make_error_code(ProxyErrc::tls_failed), secured.error().message());
            if (error.code() == ProxyErrc::connect_timeout)
                Shard::Counters::bump(shard_.counters.late_handshakes);
            lease_.close();
            co_return fail(error);
        }
    }
    Shard::Counters::bump(shard_.counters.connects);
    lease_.connection = std::make_unique<Connection>(
        std::move(*stream), shard_.blocks, config_.max_response_header_size.count
    );
    co_return Result<void>();
}

Result<void> Attempt::write_head() {
    std::string& out = shard_.head;
    out.clear();
    const Outgoing& from = call_.outgoing;
    if (!http::append_request_line(out, from.method, from.target))
        return fail(Errc::invalid_argument, "the method or the target has forbidden characters");
    const std::string& host = from.host.empty() ? call_.upstream.authority() : from.host;
    if (!http::append_field(out, "Host", host))
        return fail(Errc::invalid_argument, "the host has forbidden characters");
    out += from.fields.text();
    if (const auto* const tracer = shard_.shared.telemetry.tracer) tracer->append_lines(span_, out);
    write_framing(out);
    if (from.websocket) out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    http::append_head_end(out);
    return {};
}

void Attempt::write_framing(std::string& out) {
    const auto length = call_.body.length();
    if (!length)
        out += "Transfer-Encoding: chunked\r\n";
    else if (*length > 0 || expects_body(method_) || call_.request.head().content_length)
        http::append_number_field(out, "Content-Length", *length);
}

Result<void> Attempt::begin() {
    Connection& to = connection();
    to.begin();
    parser_ = nullptr;
    call_.body.rewind();
    reusable_ = false;
    head_error_.reset();
    outcome_.reset();
    head_left_ = body_left_ = {};
    whole_ = call_.body.whole();
    if (auto written = write_head(); !written) {
        whole_.reset();
        return written;
    }
    if (!whole_) {
        to.out = shard_.head;
        return {};
    }
    head_left_ = shard_.head;
    body_left_ = *whole_;
    if (to.send_now(head_left_, body_left_)) {
        note_all_sent();
    } else {
        to.out = head_left_;
        head_left_ = to.out;
    }
    return {};
}

void Attempt::note_all_sent() {
    head_left_ = body_left_ = {};
    if (!connection().write_failed) connection().body_bytes_sent = whole_->size();
    sent_ = shard_.loop.now();
}

void Attempt::parse_with(http::ResponseParser& parser) noexcept {
    parser_ = &parser;
    parser.reset(method_);
}

std::optional<Outcome> Attempt::settle_at_once() {
    parse_with(shard_.parser);  // which has served others meanwhile
    const http::ResponseHead& head = parser_->head();
    if (read_head_now() == http::Progress::done && head.status >= 200) {
        status_ = head.status;
        outcome_ = outcome_so_far();
        if (const auto settled = settle_now(*outcome_)) {
            release_connection();
            return settled;
        }
    }
    Connection& from = connection();
    parse_with(from.parser());
    if (!from.in.empty()) parser_->parse(from.in.view());
    return std::nullopt;
}

Task<Result<Outcome>> Attempt::exchange() {
    if (!parser_) parse_with(connection().parser());
    if (!whole_) {
        auto outcome = co_await exchange_with_upload();
        if (outcome) release_connection();
        co_return outcome;
    }
    if (!all_sent()) {
        Connection& to = connection();
        to.body_bytes_sent = whole_->size() - body_left_.size();
        const TimePoint began = shard_.loop.now();
        const auto sent = co_await to.send(head_left_, body_left_, std::string_view(), config_.idle_timeout);
        // Who closes the connection before it has read everything may still have answered.
        if (!sent && sent.error().code() == Errc::timed_out) {
            Shard::Counters::bump(shard_.counters.late_answers);
            const auto limit = config_.idle_timeout;
            co_return fail(late(ProxyErrc::response_timeout, "the request was not taken", limit, began));
        }
        note_all_sent();
    }
    if (!outcome_) {
        FLT_CO_CHECK(co_await read_head());
        outcome_ = outcome_so_far();
        if (const auto settled = settle_now(*outcome_)) {
            release_connection();
            co_return *settled;
        }
    }
    auto relayed = co_await relay(*outcome_);
    if (relayed) release_connection();
    co_return relayed;
}

std::optional<milliseconds> Attempt::answer_limit() const {
    const auto limit = call_.response_timeout ? call_.response_timeout : config_.response_timeout;
    const bool counting =
        upload_ == Upload::none || upload_ == Upload::sent || upload_ == Upload::upstream_failed;
    if (!counting || !limit || limit->count() < 0) return std::nullopt;
    return limit;
}

Deadline Attempt::answer_deadline() const {
    const auto limit = answer_limit();
    return limit ? Deadline::after(sent_, *limit).or_sooner(deadline_) : deadline_;
}

Error Attempt::no_answer_in_time() {
    Shard::Counters::bump(shard_.counters.late_answers);
    return late(ProxyErrc::response_timeout, "no answer", answer_limit(), std::max(sent_, started_));
}

Error Attempt::late(ProxyErrc code, std::string_view what, std::optional<milliseconds> limit, TimePoint since)
    const {
    const auto waited = std::chrono::duration_cast<milliseconds>(shard_.loop.now() - since);
    // The sooner of the two ended it.
    if (limit && waited >= *limit)
        return {make_error_code(code), fmt::format("{} within {} ms", what, limit->count())};
    return {
        make_error_code(code),
        fmt::format("{} within the {} ms that the request had left", what, waited.count())
    };
}

http::Progress Attempt::read_head_now() {
    if (head_error_) return http::Progress::rejected;
    Connection& from = connection();
    bool fresh = !from.in.empty();
    for (;;) {
        if (fresh) {
            const http::Progress progress = parser_->parse(from.in.view());
            if (progress == http::Progress::rejected)
                head_error_ =
                    Error(make_error_code(ProxyErrc::malformed_answer), std::string(parser_->reject().why));
            if (progress != http::Progress::need_more) return progress;
        }
        const auto [room, size] = from.in.room();
        const runtime::Io io = from.stream.try_read(room, size);
        fresh = io.status == IoStatus::done;
        if (fresh) {
            from.in.added(io.bytes);
            continue;
        }
        if (io.status == IoStatus::would_block) return http::Progress::need_more;
        head_error_ = Error(
            make_error_code(ProxyErrc::closed_early), "it closed the connection before it had answered"
        );
        return http::Progress::rejected;
    }
}

Task<Result<void>> Attempt::read_head() {
    Connection& from = connection();
    for (int interim = 0; interim < max_interim_answers;) {
        const http::Progress progress = read_head_now();
        if (progress == http::Progress::rejected) co_return fail(*head_error_);
        if (progress == http::Progress::need_more) {
            if (upload_ == Upload::client_failed) co_return fail(*upload_error_);
            const Wake wake = co_await from.stream.ready(answer_deadline());
            if (wake == Wake::timed_out) co_return fail(nothing_in_time());
            continue;
        }
        const http::ResponseHead& head = from.parser().head();
        if (head.status == 101 && !call_.outgoing.websocket)
            co_return fail(ProxyErrc::malformed_answer, "it switched protocols unasked");
        if (!head.interim()) {
            status_ = head.status;
            co_return Result<void>();
        }
        FLT_CO_CHECK(co_await pass_interim());
        from.in.consume(from.parser().consumed());
        from.parser().reset(method_);
        ++interim;
    }
    co_return fail(ProxyErrc::malformed_answer, "too many interim answers");
}

Error Attempt::nothing_in_time() {
    // Who has not been asked in full owes no answer.
    if (awaits_client_) return {make_error_code(ProxyErrc::unfinished_body), "no whole request in time"};
    return no_answer_in_time();
}

Outcome Attempt::outcome_so_far() const {
    return {.status = status_, .verdict = Verdict::relay, .waited = shard_.loop.now() - started_};
}

Task<Result<void>> Attempt::pass_interim() {
    const http::ResponseHead& head = connection().parser().head();
    // Whether the client's body is wanted has been settled between the client and this server.
    if (head.status == 100) co_return Result<void>();
    http::Response interim;
    copy_response(head, shard_.shared.hop_by_hop, interim);
    client().interim(head.status, interim.headers().text());
    const auto sent = co_await client().flush();
    if (!sent) co_return fail(ProxyErrc::client_gone, "the client went away");
    co_return sent;
}

void Attempt::report(const Result<Outcome>& outcome) {
    if (!span_.recording()) return;
    const std::string address = call_.upstream.endpoint().address();
    const std::string error = outcome ? std::string() : outcome.error().message();
    const tracing::HttpExchange exchange{
        .method = call_.outgoing.method,
        .path = call_.outgoing.target,
        .route = {},
        .status = status_,
        .error = error,
    };
    const tracing::EndpointView remote{
        .service = call_.upstream.host(), .ip = address, .port = call_.upstream.endpoint().port()
    };
    tracing::describe_http_client(span_, exchange, remote);
    span_.finish();
}

}  // namespace flotilla::proxy
