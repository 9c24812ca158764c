// How a session writes answers.

#include <algorithm>
#include <array>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <stdexcept>

#include "flotilla/base/text.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/http/websocket_handshake.hpp"
#include "session.hpp"

namespace flotilla::http {

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

Task<Result<void>> Session::send(std::string_view first, std::string_view second, std::string_view third) {
    const TimePoint began = now();
    const std::size_t size = first.size() + second.size() + third.size();
    while (!first.empty() || !second.empty() || !third.empty()) {
        const std::array<iovec, 3> parts{
            iovec{const_cast<char*>(first.data()), first.size()},
            iovec{const_cast<char*>(second.data()), second.size()},
            iovec{const_cast<char*>(third.data()), third.size()}
        };
        const runtime::Io io = stream_.try_write(parts);
        if (io.status == runtime::IoStatus::done) {
            flushed_ += io.bytes;
            const std::size_t of_first = std::min(io.bytes, first.size());
            first.remove_prefix(of_first);
            const std::size_t of_second = std::min(io.bytes - of_first, second.size());
            second.remove_prefix(of_second);
            third.remove_prefix(io.bytes - of_first - of_second);
        } else if (io.status != runtime::IoStatus::would_block) {
            client_gone_ = true;
            co_return fail(Errc::closed, "the client went away");
        } else if (const bool taken = co_await client_takes(size, began); !taken) {
            client_gone_ = true;
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
    if (!response_.brings_date()) out_ += shard_.date_field();
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
    if (is_head() || never_has_body(code_of(response_.status()))) return;
    out_ += text;
    body_sent_ = text.size();
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
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) std::rethrow_exception(failure);
    if (flushed_ > answer_from_) co_return cut_answer_off(failure);
    // Nothing of it has left: the client can still be told.
    out_.resize(answer_from_ - flushed_);
    answer_exception(failure);
    append_answer();
}

Task<Result<void>> Session::produce_body() {
    const bool bodiless = is_head() || never_has_body(code_of(response_.status()));
    if (const auto text = response_.text()) {
        compress_if_worthwhile();
        const std::string_view whole = *response_.text();
        append_head(whole.size());
        body_sent_ = bodiless ? 0 : whole.size();
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
    if (const auto sent = co_await write_out(); !sent) co_return fail(Errc::closed);
    TimePoint began = now();
    for (std::size_t sent = 0; sent < file.size;) {
        const auto offset = file.offset + static_cast<off_t>(sent);
        const runtime::Io io = stream_.try_send_file(*file.descriptor, offset, file.size - sent);
        if (io.status == runtime::IoStatus::done) {
            sent += io.bytes;
            flushed_ += io.bytes;
            body_sent_ += io.bytes;
            began = now();
        } else if (io.status == runtime::IoStatus::end) {
            co_return fail(Errc::io, "the file ended before its announced length");
        } else {
            const bool goes_on =
                io.status == runtime::IoStatus::would_block && co_await client_takes(0, began);
            if (goes_on) continue;
            write_failed_ = client_gone_ = true;
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
    head_begun_ = true;
    keep_alive_ = false;
    if (const auto sent = co_await write_out(); !sent) co_return fail(Errc::closed);

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
    body_sent_ += bytes.size();
    if (chunked_answer_)
        append_chunk(out_, bytes);
    else
        out_ += bytes;
    if (out_.size() < output_limit) co_return Result<void>();
    co_return co_await flush();
}

Task<Result<void>> Session::flush() {
    if (out_.empty()) co_return Result<void>();
    if (const auto sent = co_await write_out(); !sent) co_return fail(Errc::closed, "the client went away");
    co_return Result<void>();
}

void Session::trailer(std::string_view name, std::string_view value) {
    (void)append_field(trailers_, name, value);
}

bool Session::closed() const noexcept {
    return write_failed_ || stream_.peer_closed();
}

}  // namespace flotilla::http
