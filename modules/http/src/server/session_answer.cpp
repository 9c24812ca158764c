// How a session writes answers.

#include <algorithm>
#include <array>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <stdexcept>

#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/websocket_handshake.hpp"
#include "session.hpp"

namespace flotilla::http {

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
        } else if (const bool taken = co_await client_takes(stream_, config_, size, began); !taken) {
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
    if (!has_body()) return;
    out_ += text;
    body_sent_ = text.size();
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
    const bool bodiless = !has_body();
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
    if (!has_body() || file.size == 0) co_return Result<void>();
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
            const bool goes_on = io.status == runtime::IoStatus::would_block &&
                                 co_await client_takes(stream_, config_, 0, began);
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
        answer_no_websocket(offer.error());
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
    FLT_CO_CHECK(count_body(bytes.size()));
    if (bytes.empty()) co_return Result<void>();
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
