#include "client_call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>

#include "client_connector.hpp"
#include "client_report.hpp"
#include "client_upload.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/http/message_writer.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;
using runtime::Wake;

/// Longer bodies are written beside the wait for the answer, which may come early.
constexpr std::size_t inline_body = 64 * 1024;
constexpr int max_interim_answers = 16;
constexpr std::size_t unpack_block = 64 * 1024;

ClientTimeouts limits_of(
    const ClientTimeouts& common,
    std::optional<std::chrono::milliseconds> connect,
    std::optional<std::chrono::milliseconds> response,
    std::optional<std::chrono::milliseconds> idle
) {
    ClientTimeouts limits = common;
    if (connect) limits.connect = *connect;
    if (response) limits.response = *response;
    if (idle) limits.idle = *idle;
    return limits;
}

}  // namespace

ClientCall::ClientCall(
    std::shared_ptr<ClientShard> shard, ClientRequest request, Deadline deadline, ClientBody body
)
    : shard_(std::move(shard)),
      request_(std::move(request)),
      method_(request_.method()),
      limits_(limits_of(
          config().timeouts, request_.connect_timeout_, request_.response_timeout_, request_.idle_timeout_
      )),
      deadline_(deadline),
      body_(body),
      host_(shard_->host_of(request_.url_)),
      started_(shard_->core().now()) {
    if (tracing::Tracer* tracer = shard_->core().telemetry.tracer)
        span_ =
            tracer->start_client({.now = started_, .method = request_.method_, .path = request_.url_.path});
}

ClientCall::~ClientCall() {
    if (finished_) return;
    if (head_ || status_ != 0) {
        finish(nullptr);
    } else {
        const Error cancelled(Errc::cancelled, "cancelled");
        finish(&cancelled);
    }
}

void ClientCall::enter(ClientPhase phase, Duration limit) noexcept {
    phase_ = phase;
    phase_limit_ = limit;
    phase_began_ = shard_->core().now();
}

Deadline ClientCall::phase_deadline() const noexcept {
    return deadline_.or_sooner(Deadline::after(phase_began_, phase_limit_));
}

Task<Result<void>> ClientCall::start() {
    auto outcome = co_await attempt(ClientShard::Want::any);
    if (!outcome && send_again_) {
        // The kept connection had been closed on the other side: as if it had not been there.
        lease_.close();
        outcome = co_await attempt(ClientShard::Want::fresh);
    }
    if (!outcome) {
        const Error error = explain(outcome.error());
        finish(&error);
        lease_.close();
        co_return fail(error);
    }
    co_return Result<void>();
}

Task<Result<void>> ClientCall::attempt(ClientShard::Want want) {
    send_again_ = false;
    keep_connection_ = true;
    enter(ClientPhase::pool, limits_.pool);
    auto lease = co_await shard_->acquire(host_, want, phase_deadline());
    if (!lease) co_return fail(lease.error());
    lease_ = std::move(*lease);
    if (!lease_.connection) FLT_CO_CHECK(co_await connect());
    peer_ = connection().peer();
    auto outcome = co_await exchange();
    if (!outcome) send_again_ = may_send_again(outcome.error());
    co_return outcome;
}

Task<Result<void>> ClientCall::connect() {
    ClientCore& core = shard_->core();
    enter(ClientPhase::connect, limits_.connect);
    auto addresses = co_await core.resolver.resolve(host_->host, host_->port, phase_deadline());
    if (!addresses) co_return fail(addresses.error());
    auto stream = co_await connect_to_any(
        shard_->loop(), std::move(*addresses), config().happy_eyeballs_delay, phase_deadline()
    );
    if (!stream) co_return fail(stream.error());
    if (host_->secure) {
        enter(ClientPhase::tls, limits_.tls);
        const auto& tls = core.tls();
        if (!tls) co_return fail(tls.error());
        FLT_CO_CHECK(co_await stream->handshake_client(*tls, host_->host, phase_deadline()));
    }
    lease_.connection = std::make_unique<ClientConnection>(
        std::move(*stream),
        shard_->blocks(),
        config().max_response_header_size.count,
        core.clock,
        shard_->end_of_life()
    );
    co_return Result<void>();
}

bool ClientCall::may_send_again(const Error& error) const noexcept {
    if (error.code() != Errc::closed || !connection().used || connection().answered()) return false;
    return request_.replayable() || (connection().sent() == 0 && !request_.producer_);
}

Result<void> ClientCall::write_head() {
    const ClientConfig& settings = config();
    std::string& out = head_text_;
    out.clear();
    if (!append_request_line(out, request_.method_, request_.url_.target()))
        return fail(Errc::invalid_argument, "the target has forbidden characters");
    if (!request_.has_header("Host") && !append_field(out, "Host", request_.url_.authority()))
        return fail(Errc::invalid_argument, "the host has forbidden characters");
    out += request_.headers_;
    if (!settings.user_agent.empty() && !request_.has_header("User-Agent") &&
        !append_field(out, "User-Agent", settings.user_agent))
        return fail(Errc::invalid_argument, "the user agent has forbidden characters");
    if (request_.decompress_.value_or(settings.decompress) && !request_.has_header("Accept-Encoding"))
        out += "Accept-Encoding: gzip\r\n";
    if (const tracing::Tracer* tracer = shard_->core().telemetry.tracer) {
        tracing::OutgoingHeaders trace;
        tracer->inject(span_, trace);
        for (const auto& header : trace) {
            if (!request_.has_header(header.name)) (void)append_field(out, header.name, header.value);
        }
    }
    if (settings.send_deadline && !deadline_.never() && !request_.has_header("X-Request-Deadline-Ms"))
        append_number_field(
            out,
            "X-Request-Deadline-Ms",
            static_cast<std::uint64_t>(deadline_.left(shard_->core().now()) / 1ms)
        );
    const bool expects_body = method_ == Method::post || method_ == Method::put || method_ == Method::patch;
    if (request_.producer_ && !request_.producer_length_)
        out += "Transfer-Encoding: chunked\r\n";
    else if (request_.has_body_ || expects_body)
        append_number_field(
            out,
            "Content-Length",
            request_.producer_ ? request_.producer_length_.value_or(0) : request_.body_.size()
        );
    if (request_.expect_continue_ && request_.has_body_) out += "Expect: 100-continue\r\n";
    append_head_end(out);
    return {};
}

Task<Result<void>> ClientCall::exchange() {
    connection().begin(method_);
    FLT_CO_CHECK(write_head());
    head_sent_ = false;
    if (request_.expect_continue_ && request_.has_body_) {
        FLT_CO_CHECK(co_await ask_for_consent());
        if (head_) co_return Result<void>();
    }
    if (request_.producer_ || request_.body_.size() > inline_body) co_return co_await exchange_with_upload();

    enter(ClientPhase::request, limits_.idle);
    const std::string_view head = head_sent_ ? std::string_view() : std::string_view(head_text_);
    const auto written = co_await connection().write(head, request_.body_, limits_.idle, deadline_);
    if (!written && written.error().code() != Errc::closed) co_return written;
    if (!written) keep_connection_ = false;
    enter(ClientPhase::response, limits_.response);
    // Who closes the connection before it has read everything may still have answered.
    auto answered = co_await read_final_head(phase_deadline());
    if (!answered && !written && !connection().answered()) co_return written;
    co_return answered;
}

Task<Result<void>> ClientCall::ask_for_consent() {
    enter(ClientPhase::request, limits_.idle);
    FLT_CO_CHECK(co_await connection().write(head_text_, std::string_view(), limits_.idle, deadline_));
    head_sent_ = true;
    const Deadline patience =
        deadline_.or_sooner(Deadline::after(shard_->core().now(), config().expect_continue_timeout));
    for (int interim = 0; interim < max_interim_answers; ++interim) {
        const auto got = co_await connection().read_head(patience);
        // An old server does not know the question.
        if (!got && got.error().code() == Errc::timed_out && !deadline_.passed(shard_->core().now()))
            co_return Result<void>();
        if (!got) co_return got;
        if (!connection().head().interim()) {
            keep_connection_ = false;  // it may still expect the body
            take_head();
            co_return Result<void>();
        }
        const bool consent = connection().head().status == 100;
        connection().skip_head();
        if (consent) break;
    }
    co_return Result<void>();
}

Task<Result<void>> ClientCall::read_final_head(Deadline deadline) {
    for (int interim = 0; interim < max_interim_answers; ++interim) {
        FLT_CO_CHECK(co_await connection().read_head(deadline));
        if (connection().head().status == 101)
            co_return fail(Errc::malformed, fmt::format("{} switched protocols unasked", host_->name));
        if (!connection().head().interim()) {
            take_head();
            co_return Result<void>();
        }
        connection().skip_head();
    }
    co_return fail(
        Errc::malformed, fmt::format("{} sent more than {} interim answers", host_->name, max_interim_answers)
    );
}

Task<Result<void>> ClientCall::exchange_with_upload() {
    enter(ClientPhase::request, limits_.idle);
    uploaded_.reset();
    const std::function<Task<Result<void>>(runtime::TaskScope&)> body = [this](runtime::TaskScope& scope) {
        return upload_and_wait(scope);
    };
    co_return co_await runtime::in_scope(shard_->loop(), body);
}

Task<Result<void>> ClientCall::upload_and_wait(runtime::TaskScope& scope) {
    scope.spawn("upload", upload());
    const auto answered = co_await wait_for_head();
    if (!answered) co_return answered;
    // A refusal ends the upload; an answer that goes with it lets it end.
    while (!uploaded_ && status_ < 300) {
        if (const auto wake = co_await upload_ended_.wait(deadline_); wake == Wake::timed_out)
            co_return fail(Errc::timed_out);
    }
    if (!uploaded_ || !*uploaded_) keep_connection_ = false;
    co_return Result<void>();
}

Task<> ClientCall::upload() {
    uploaded_ = co_await write_body();
    // Who closes the connection before it has read everything may still have answered.
    if (*uploaded_ || uploaded_->error().code() == Errc::closed)
        enter(ClientPhase::response, limits_.response);
    upload_ended_.notify_all();
    connection().wake_reader();
}

Task<Result<void>> ClientCall::write_body() {
    ClientUpload writer(*this);
    if (request_.producer_) {
        FLT_CO_CHECK(co_await request_.producer_(writer));
    } else {
        FLT_CO_CHECK(co_await writer.write(request_.body_));
    }
    co_return co_await writer.finish();
}

Task<Result<void>> ClientCall::wait_for_head() {
    for (;;) {
        // While the body is on its way, only the whole call's deadline counts, and the upload keeps its own.
        const bool waited_for_upload = !uploaded_;
        if (uploaded_ && !*uploaded_ && uploaded_->error().code() != Errc::closed) co_return *uploaded_;
        const Deadline patience = waited_for_upload ? deadline_ : phase_deadline();
        const auto answered = co_await read_final_head(patience);
        if (answered) co_return answered;
        if (waited_for_upload && uploaded_ && answered.error().code() == Errc::cancelled) continue;
        if (uploaded_ && !*uploaded_ && !connection().answered()) co_return *uploaded_;
        co_return answered;
    }
}

void ClientCall::take_head() {
    auto head = connection().take_head();
    status_ = head->status;
    if (request_.decompress_.value_or(config().decompress) && connection().has_body() &&
        iequals(head->fields.get(KnownField::content_encoding), "gzip"))
        gunzip_.emplace(GzipDecompressor::Options{
            // A stream is bounded by its ratio alone.
            .max_output =
                body_ == ClientBody::whole ? max_response_size() : std::numeric_limits<std::uint64_t>::max()
        });
    head_ = std::move(head);
    enter(ClientPhase::body, limits_.idle);
}

std::size_t ClientCall::max_response_size() const noexcept {
    return request_.max_response_size_.value_or(config().max_response_size).count;
}

const Fields& ClientCall::trailers() const noexcept {
    return trailers_;
}

Task<Result<std::string_view>> ClientCall::read_piece() {
    if (finished_) co_return std::string_view();
    enter(ClientPhase::body, limits_.idle);
    auto piece = co_await connection().read_body(phase_deadline());
    if (!piece) {
        const Error error = explain(piece.error());
        finish(&error);
        lease_.close();
        co_return fail(error);
    }
    if (!piece->empty()) co_return piece;

    for (const Field& field : connection().trailers()) {
        trailers_text_.reserve(8 * 1024);  // the parser's limit: the views stay valid
        const std::size_t at = trailers_text_.size();
        trailers_text_.append(field.name).append(field.value);
        const std::string_view kept = std::string_view(trailers_text_).substr(at);
        trailers_.add(kept.substr(0, field.name.size()), kept.substr(field.name.size()));
    }
    finish(nullptr);
    if (keep_connection_ && connection().reusable())
        lease_.give_back();
    else
        lease_.close();
    co_return std::string_view();
}

Task<Result<std::string_view>> ClientCall::read() {
    if (!gunzip_) co_return co_await read_piece();
    for (;;) {
        unpacked_.clear();
        if (!packed_.empty() || more_unpacked_) {
            const auto outcome = gunzip_->read(packed_, unpacked_, unpack_block);
            if (!outcome) {
                const Error error = explain(outcome.error());
                finish(&error);
                lease_.close();
                co_return fail(error);
            }
            more_unpacked_ = unpacked_.size() == unpack_block;
            if (!unpacked_.empty()) co_return unpacked_;
            continue;
        }
        auto piece = co_await read_piece();
        if (!piece) co_return piece;
        if (piece->empty()) {
            if (const auto whole = gunzip_->finish(); !whole) co_return fail(explain(whole.error()));
            co_return std::string_view();
        }
        packed_ = *piece;
    }
}

Task<Result<std::string>> ClientCall::read_all(std::size_t limit) {
    std::string all;
    const auto too_large = [&] {
        const Error error = explain(Error(
            Errc::limit_exceeded, fmt::format("the answer of {} is longer than {} bytes", host_->name, limit)
        ));
        finish(&error);
        lease_.close();
        return fail(error);
    };
    if (!finished_ && lease_.connection) {
        const auto announced = connection().announced();
        if (announced && !gunzip_ && *announced > limit) co_return too_large();
        if (announced) all.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*announced, limit)));
    }
    for (;;) {
        const auto piece = co_await read();
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) co_return all;
        if (piece->size() > limit - all.size()) co_return too_large();
        all += *piece;
    }
}

Error ClientCall::explain(const Error& error) const {
    const std::string call = request_.description();
    if (error.code() != Errc::timed_out) return error.within(call);
    static constexpr std::array<std::string_view, client_phases> doing = {
        "waiting for a free connection to",
        "connecting to",
        "in the TLS handshake with",
        "sending the request to",
        "waiting for the answer of",
        "reading the answer of",
    };
    const std::string_view what = doing[static_cast<std::size_t>(phase_)];
    const bool whole = deadline_.passed(shard_->core().now());
    const Duration span = whole ? deadline_.at() - started_ : phase_limit_;
    return {
        Errc::timed_out,
        fmt::format(
            "{}: {} after {} {} {}",
            call,
            whole ? "deadline reached" : "timed out",
            format_duration(std::chrono::round<std::chrono::milliseconds>(span)),
            what,
            host_->name
        )
    };
}

void ClientCall::finish(const Error* error) {
    if (std::exchange(finished_, true)) return;
    if (error && error->code() == Errc::timed_out) shard_->core().timed_out(phase_, *error);
    report(error);
}

void ClientCall::report(const Error* error) {
    const TimePoint now = shard_->core().now();
    const std::string_view peer =
        request_.service_.empty() ? std::string_view(host_->host) : std::string_view(request_.service_);
    const ClientReport report{
        .method = request_.method_text(),
        .path = request_.url().path,
        .uri_template = request_.uri_template_,
        .peer = peer,
        .status = status_,
        .error = error,
    };
    record_timer(shard_->core(), *host_, report, now - started_);
    if (!span_.recording()) return;
    describe_span(span_, report, peer_);
    span_.finish(now);
}

}  // namespace flotilla::http
