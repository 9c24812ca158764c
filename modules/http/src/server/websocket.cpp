#include "flotilla/http/websocket.hpp"

#include "flotilla/base/assert.hpp"

namespace flotilla::http {

namespace {

constexpr std::size_t read_size = 16 * 1024;

}  // namespace

WebSocket::WebSocket(runtime::Stream& stream, std::string already_read, WebSocketConfig config)
    : stream_(stream),
      config_(config),
      messages_({.role = WebSocketRole::server, .max_message = config.max_message}),
      input_(std::move(already_read)) {}

WebSocket::~WebSocket() = default;

Task<std::optional<WebSocketMessage>> WebSocket::receive() {
    while (!ended_) {
        if (going_away_ && !close_sent_) co_await close(CloseCode::going_away, "the server is shutting down");
        const auto step = messages_.next(std::span(input_).subspan(used_));
        used_ += step.consumed;
        switch (step.kind) {
            case WebSocketDecoder::Kind::data:
                co_return WebSocketMessage{step.payload, step.message == Opcode::text};
            case WebSocketDecoder::Kind::need_more:
                if (const auto got = co_await fill(); !got) ended_ = true;
                break;
            case WebSocketDecoder::Kind::ping:
                if (!close_sent_) (void)co_await write_frame(Opcode::pong, step.payload);
                break;
            case WebSocketDecoder::Kind::pong:
                break;
            case WebSocketDecoder::Kind::close:
                close_code_ = step.close_code ? step.close_code : CloseCode::none;
                close_reason_ = step.payload;
                co_await answer_close(close_code_);
                break;
            case WebSocketDecoder::Kind::rejected:
                close_code_ = step.close_code;
                co_await answer_close(step.close_code);
                break;
        }
    }
    co_return std::nullopt;
}

Task<> WebSocket::answer_close(std::uint16_t code) {
    ended_ = true;
    if (std::exchange(close_sent_, true)) co_return;
    std::string frame;
    append_close(frame, code);
    (void)co_await write_bytes(std::move(frame));
}

Task<bool> WebSocket::fill() {
    input_.clear();
    used_ = 0;
    for (;;) {
        input_.resize(read_size);
        const auto patience = close_sent_ ? config_.close_timeout : config_.idle_timeout;
        const auto deadline = Deadline::after(stream_.loop().clock().now(), patience);
        const auto got = co_await stream_.read_some(input_, deadline);
        input_.resize(got ? *got : 0);
        if (got) {
            ping_pending_ = false;
            co_return *got > 0;
        }
        if (going_away_ && !close_sent_) co_return true;  // woken for that; the caller closes
        if (got.error().code() != Errc::timed_out || close_sent_ || ping_pending_) co_return false;
        ping_pending_ = true;
        if (const auto sent = co_await write_frame(Opcode::ping, {}); !sent) co_return false;
    }
}

Task<Result<void>> WebSocket::write_frame(Opcode opcode, std::string_view payload) {
    std::string frame;
    append_frame(frame, opcode, payload);
    return write_bytes(std::move(frame));
}

Task<Result<void>> WebSocket::write_bytes(std::string frame) {
    // Frames of different coroutines must not mix.
    while (writing_) co_await write_done_.wait();
    writing_ = true;
    const auto deadline = Deadline::after(stream_.loop().clock().now(), config_.write_timeout);
    auto written = co_await stream_.write_all(frame, deadline);
    writing_ = false;
    if (!written) ended_ = true;
    write_done_.notify_one();
    co_return written;
}

Task<Result<void>> WebSocket::send(WebSocketMessage message) {
    if (!is_open()) co_return fail(Errc::closed, "the WebSocket is closed");
    co_return co_await write_frame(message.text ? Opcode::text : Opcode::binary, message.data);
}

Task<Result<void>> WebSocket::send_text(std::string_view text) {
    const WebSocketMessage message{text, true};
    return send(message);
}

Task<Result<void>> WebSocket::send_binary(std::string_view bytes) {
    const WebSocketMessage message{bytes, false};
    return send(message);
}

Task<Result<void>> WebSocket::ping(std::string_view payload) {
    if (!is_open()) co_return fail(Errc::closed, "the WebSocket is closed");
    co_return co_await write_frame(Opcode::ping, payload.substr(0, 125));
}

Task<> WebSocket::close(std::uint16_t code, std::string reason) {
    if (ended_ || std::exchange(close_sent_, true)) co_return;
    std::string frame;
    append_close(frame, code, reason);
    (void)co_await write_bytes(std::move(frame));
    // What the client still says before its own close frame is of no more interest.
    while (!ended_) {
        const auto message = co_await receive();
        if (!message) co_return;
    }
}

void WebSocket::go_away() {
    going_away_ = true;
    stream_.cancel();
}

}  // namespace flotilla::http
