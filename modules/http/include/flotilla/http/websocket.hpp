#pragma once
/// The server's side of a WebSocket connection (RFC 6455).
///
///     router.websocket("/echo", [](WebSocket& socket) -> Task<> {
///         while (auto message = co_await socket.receive()) co_await socket.send(*message);
///     });

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/http/websocket_frame.hpp"
#include "flotilla/runtime/stream.hpp"

namespace flotilla::http {

struct WebSocketConfig {
    std::uint64_t max_message = 1024 * 1024;  ///< a longer one closes the connection with 1009
    std::chrono::milliseconds idle_timeout{60'000
    };  ///< silence after which a ping asks whether the client is there; twice that ends it
    std::chrono::milliseconds write_timeout{20'000};
    std::chrono::milliseconds close_timeout{2'000};  ///< for the client's answer to our close frame
};

/// A text or binary message. The view is valid until the next `receive`.
struct WebSocketMessage {
    std::string_view data;
    bool text = true;
};

/// Belongs to one connection and its loop. One coroutine receives; any coroutine of the loop may send.
/// Pings are answered, and protocol errors closed with the code that the RFC names, inside `receive`.
class WebSocket {
public:
    /// `already_read` are bytes that came right after the handshake.
    WebSocket(runtime::Stream& stream, std::string already_read, WebSocketConfig config = {});
    ~WebSocket();
    WebSocket(const WebSocket&) = delete;
    WebSocket& operator=(const WebSocket&) = delete;

    /// The next message; nothing once the connection has ended, for whatever reason: see `close_code`.
    Task<std::optional<WebSocketMessage>> receive();

    /// Waits until the client has taken enough of what was sent before.
    Task<Result<void>> send(WebSocketMessage message);
    Task<Result<void>> send_text(std::string_view text);
    Task<Result<void>> send_binary(std::string_view bytes);
    Task<Result<void>> ping(std::string_view payload = {});

    /// Says good-bye and waits for the client to do so; further calls do nothing.
    Task<> close(std::uint16_t code = CloseCode::normal, std::string reason = {});

    /// At the server's shutdown: the connection is closed with 1001 as soon as its coroutine receives.
    void go_away();

    [[nodiscard]] bool is_open() const noexcept { return !close_sent_ && !ended_; }

    /// What the client closed with: 1005 when it gave no code, 1006 when it left without a word.
    [[nodiscard]] std::uint16_t close_code() const noexcept { return close_code_; }

    [[nodiscard]] const std::string& close_reason() const noexcept { return close_reason_; }

    /// The subprotocol that was agreed on; empty for none.
    [[nodiscard]] std::string_view protocol() const noexcept { return protocol_; }

private:
    friend class Session;

    Task<Result<void>> write_frame(Opcode opcode, std::string_view payload);
    Task<Result<void>> write_bytes(std::string frame);
    Task<bool> fill();
    Task<> answer_close(std::uint16_t code);

    runtime::Stream& stream_;
    const WebSocketConfig config_;
    WebSocketMessages messages_;
    std::string input_;
    std::size_t used_ = 0;  // of input_
    std::string protocol_;
    runtime::Signal write_done_;
    bool writing_ = false;
    bool close_sent_ = false;
    bool ended_ = false;
    bool going_away_ = false;
    bool ping_pending_ = false;
    std::uint16_t close_code_ = 1006;
    std::string close_reason_;
};

}  // namespace flotilla::http
