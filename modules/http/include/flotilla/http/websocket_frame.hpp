#pragma once
/// WebSocket frames (RFC 6455, 5): an incremental decoder that unmasks in place and copies no message byte, a
/// collector of whole messages, and an encoder. No extensions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace flotilla::http {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Close codes of RFC 6455, 7.4.1. Applications have 4000 to 4999.
struct CloseCode {
    static constexpr std::uint16_t normal = 1000;
    static constexpr std::uint16_t going_away = 1001;
    static constexpr std::uint16_t protocol_error = 1002;
    static constexpr std::uint16_t unsupported_data = 1003;
    static constexpr std::uint16_t none = 1005;  ///< a close frame without code; never sent
    static constexpr std::uint16_t invalid_payload = 1007;
    static constexpr std::uint16_t policy_violation = 1008;
    static constexpr std::uint16_t too_big = 1009;
    static constexpr std::uint16_t internal_error = 1011;
};

/// Whether a close frame may carry this code.
constexpr bool is_sendable_close_code(std::uint16_t code) noexcept {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/// Tells whether text that comes in pieces is UTF-8, at its first wrong byte.
class Utf8Validator {
public:
    /// False once something is wrong.
    bool feed(std::string_view piece) noexcept;

    /// No character is cut off.
    [[nodiscard]] bool complete() const noexcept { return missing_ == 0; }

    void reset() noexcept { *this = {}; }

private:
    std::uint8_t missing_ = 0;  // bytes of the present character
    std::uint8_t low_ = 0x80;   // what the next of them may be
    std::uint8_t high_ = 0xbf;
};

/// Xors `data` with the mask whose bytes lie in memory as they are sent; `offset` is how many bytes of the
/// frame came before.
void apply_mask(std::span<char> data, std::uint32_t mask, std::size_t offset = 0) noexcept;

enum class WebSocketRole : std::uint8_t {
    server,  ///< gets masked frames, sends unmasked ones
    client,
};

/// Decodes the frames of one connection. Like ChunkedDecoder: hand in bytes, take off what was consumed,
/// repeat.
class WebSocketDecoder {
public:
    enum class Kind : std::uint8_t {
        need_more,  ///< all input is consumed
        data,       ///< a piece of a message
        ping,       ///< answer with a pong of the same payload
        pong,
        close,     ///< answer in kind, then close; all that follows is ignored
        rejected,  ///< answer with a close frame of `close_code`, then close
    };

    struct Step {
        Kind kind = Kind::need_more;
        std::size_t consumed = 0;
        std::string_view payload;  ///< of data: in the input, unmasked; of the others: until the next call
        Opcode message = Opcode::binary;  ///< of data: text or binary
        bool message_ends = false;        ///< of data: with this piece, which may be empty
        std::uint16_t close_code = 0;     ///< of close and rejected
    };

    struct Options {
        WebSocketRole role = WebSocketRole::server;
        std::uint64_t max_message = 1024 * 1024;
    };

    explicit WebSocketDecoder(Options options) : options_(options) {}

    /// Text is checked to be UTF-8 as it comes. Unmasks in `input`.
    Step next(std::span<char> input);

private:
    enum class Phase : std::uint8_t { header, payload, closed };

    bool read_header(std::span<char> input, std::size_t& at);
    std::uint16_t check_header() noexcept;
    Step read_data(std::span<char> input, std::size_t at);
    Step read_control(std::span<char> input, std::size_t at);
    Step end_control(std::size_t at);
    Step rejected(std::uint16_t code, std::size_t at) noexcept;

    Options options_;
    Phase phase_ = Phase::header;
    std::array<char, 14> header_{};
    std::size_t header_size_ = 0;
    bool fin_ = false;
    Opcode opcode_ = Opcode::continuation;
    std::uint64_t length_ = 0;
    std::uint64_t read_ = 0;  // of the frame's payload
    std::uint32_t mask_ = 0;
    bool in_message_ = false;
    Opcode message_ = Opcode::binary;
    std::uint64_t message_size_ = 0;
    std::array<char, 125> control_{};
    Utf8Validator utf8_;
};

/// Collects whole messages. One that comes in one piece is handed out where it lies in the input.
class WebSocketMessages {
public:
    explicit WebSocketMessages(WebSocketDecoder::Options options) : decoder_(options) {}

    /// As WebSocketDecoder::next, but data always is a whole message, valid until the next call.
    WebSocketDecoder::Step next(std::span<char> input);

private:
    WebSocketDecoder decoder_;
    std::string message_;
    bool handed_out_ = false;
};

/// The header of a frame, masked when there is a mask.
void append_frame_header(
    std::string& out,
    Opcode opcode,
    std::uint64_t size,
    std::optional<std::uint32_t> mask = {},
    bool fin = true
);
/// A whole frame. Control frames have at most 125 bytes.
void append_frame(
    std::string& out,
    Opcode opcode,
    std::string_view payload,
    std::optional<std::uint32_t> mask = {},
    bool fin = true
);
/// A close frame; the reason is cut to what fits. A code that may not be sent gives a frame without one.
void append_close(
    std::string& out, std::uint16_t code, std::string_view reason = {}, std::optional<std::uint32_t> mask = {}
);

}  // namespace flotilla::http
