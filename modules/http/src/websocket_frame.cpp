#include "flotilla/http/websocket_frame.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/encoding.hpp"

namespace flotilla::http {
namespace {

constexpr std::size_t max_control = 125;

std::uint8_t octet(char c) noexcept {
    return static_cast<std::uint8_t>(c);
}

bool is_control(Opcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode) >= 8;
}

std::uint64_t big_endian(const char* from, std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | octet(from[i]);
    return value;
}

}  // namespace

bool Utf8Validator::feed(std::string_view piece) noexcept {
    std::size_t i = 0;
    while (i < piece.size()) {
        if (missing_ == 0) {
            // Runs of ASCII, eight bytes at a time.
            for (std::uint64_t word = 0; piece.size() - i >= sizeof word; i += sizeof word) {
                std::memcpy(&word, piece.data() + i, sizeof word);
                if ((word & 0x8080808080808080) != 0) break;
            }
            if (i == piece.size()) break;
        }
        const std::uint8_t c = octet(piece[i++]);
        if (missing_ > 0) {
            if (c < low_ || c > high_) return false;
            --missing_;
            low_ = 0x80;
            high_ = 0xbf;
        } else if (c >= 0x80) {
            // Overlong forms, surrogates and what lies past U+10FFFF show in the second byte.
            if (c < 0xc2 || c > 0xf4) return false;
            missing_ = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
            low_ = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
            high_ = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
        }
    }
    return true;
}

void apply_mask(std::span<char> data, std::uint32_t mask, std::size_t offset) noexcept {
    std::array<char, 4> bytes;
    std::memcpy(bytes.data(), &mask, sizeof mask);
    std::ranges::rotate(bytes, bytes.begin() + static_cast<std::ptrdiff_t>(offset % 4));
    std::array<char, 8> twice;
    std::memcpy(twice.data(), bytes.data(), 4);
    std::memcpy(twice.data() + 4, bytes.data(), 4);
    std::uint64_t wide = 0;
    std::memcpy(&wide, twice.data(), sizeof wide);
    std::size_t i = 0;
    for (std::uint64_t word = 0; data.size() - i >= sizeof word; i += sizeof word) {
        std::memcpy(&word, data.data() + i, sizeof word);
        word ^= wide;
        std::memcpy(data.data() + i, &word, sizeof word);
    }
    for (; i < data.size(); ++i) data[i] = static_cast<char>(data[i] ^ twice[i % 8]);
}

WebSocketDecoder::Step WebSocketDecoder::next(std::span<char> input) {
    if (phase_ == Phase::closed) return {.consumed = input.size(), .payload = {}};
    std::size_t at = 0;
    while (true) {
        if (phase_ == Phase::header) {
            if (!read_header(input, at)) return {.consumed = at, .payload = {}};
            if (const std::uint16_t code = check_header(); code != 0) return rejected(code, at);
            phase_ = Phase::payload;
            read_ = 0;
            header_size_ = 0;
        }
        const Step step = is_control(opcode_) ? read_control(input, at) : read_data(input, at);
        at = step.consumed;
        // An empty fragment says nothing: go on with what follows.
        if (step.kind != Kind::need_more || phase_ != Phase::header) return step;
    }
}

// True when the header is complete.
bool WebSocketDecoder::read_header(std::span<char> input, std::size_t& at) {
    while (true) {
        std::size_t size = 2;
        if (header_size_ >= 2) {
            const unsigned length = octet(header_[1]) & 0x7fu;
            size += length == 126 ? 2u : length == 127 ? 8u : 0u;
            if ((octet(header_[1]) & 0x80u) != 0) size += 4;
            if (header_size_ == size) break;
        }
        const std::size_t piece = std::min(size - header_size_, input.size() - at);
        if (piece == 0) return false;
        std::memcpy(header_.data() + header_size_, input.data() + at, piece);
        header_size_ += piece;
        at += piece;
    }
    return true;
}

// Zero, or the code to close with.
std::uint16_t WebSocketDecoder::check_header() noexcept {
    const unsigned first = octet(header_[0]);
    const unsigned second = octet(header_[1]);
    const unsigned code = first & 0x0fu;
    const bool masked = (second & 0x80u) != 0;
    fin_ = (first & 0x80u) != 0;
    length_ = second & 0x7fu;
    if ((first & 0x70u) != 0 || (code > 2 && code < 8) || code > 10) return CloseCode::protocol_error;
    if (masked != (options_.role == WebSocketRole::server)) return CloseCode::protocol_error;
    opcode_ = static_cast<Opcode>(code);
    if (is_control(opcode_) && (!fin_ || length_ > max_control)) return CloseCode::protocol_error;

    // The shortest form has to be used.
    if (length_ == 126) {
        length_ = big_endian(header_.data() + 2, 2);
        if (length_ < 126) return CloseCode::protocol_error;
    } else if (length_ == 127) {
        length_ = big_endian(header_.data() + 2, 8);
        if (length_ < 0x10000 || length_ >> 63 != 0) return CloseCode::protocol_error;
    }
    mask_ = 0;
    if (masked) std::memcpy(&mask_, header_.data() + header_size_ - 4, 4);
    if (is_control(opcode_)) return 0;

    if (in_message_ != (opcode_ == Opcode::continuation)) return CloseCode::protocol_error;
    if (!in_message_) {
        in_message_ = true;
        message_ = opcode_;
        message_size_ = 0;
        utf8_.reset();
    }
    if (length_ > options_.max_message - message_size_) return CloseCode::too_big;
    message_size_ += length_;
    return 0;
}

WebSocketDecoder::Step WebSocketDecoder::read_data(std::span<char> input, std::size_t at) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(length_ - read_, input.size() - at));
    const std::span<char> piece = input.subspan(at, size);
    apply_mask(piece, mask_, static_cast<std::size_t>(read_ % 4));
    read_ += size;
    const bool frame_ends = read_ == length_;
    const bool message_ends = frame_ends && fin_;
    const std::string_view payload(piece.data(), piece.size());
    if (message_ == Opcode::text && (!utf8_.feed(payload) || (message_ends && !utf8_.complete()))) {
        return rejected(CloseCode::invalid_payload, at + size);
    }
    if (frame_ends) phase_ = Phase::header;
    if (message_ends) in_message_ = false;
    if (size == 0 && !message_ends) return {.consumed = at, .payload = {}};
    return {
        .kind = Kind::data,
        .consumed = at + size,
        .payload = payload,
        .message = message_,
        .message_ends = message_ends
    };
}

WebSocketDecoder::Step WebSocketDecoder::read_control(std::span<char> input, std::size_t at) {
    const auto before = static_cast<std::size_t>(read_);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(length_ - read_, input.size() - at));
    std::copy_n(
        input.begin() + static_cast<std::ptrdiff_t>(at),
        size,
        control_.begin() + static_cast<std::ptrdiff_t>(before)
    );
    apply_mask(std::span(control_).subspan(before, size), mask_, before);
    read_ += size;
    if (read_ < length_) return {.consumed = at + size, .payload = {}};
    phase_ = Phase::header;
    return end_control(at + size);
}

WebSocketDecoder::Step WebSocketDecoder::end_control(std::size_t at) {
    std::string_view payload(control_.data(), static_cast<std::size_t>(length_));
    if (opcode_ != Opcode::close) {
        return {
            .kind = opcode_ == Opcode::ping ? Kind::ping : Kind::pong, .consumed = at, .payload = payload
        };
    }
    std::uint16_t code = CloseCode::none;
    if (!payload.empty()) {
        if (payload.size() < 2) return rejected(CloseCode::protocol_error, at);
        code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
        payload.remove_prefix(2);
        if (!is_sendable_close_code(code)) return rejected(CloseCode::protocol_error, at);
        if (!is_valid_utf8(payload)) return rejected(CloseCode::invalid_payload, at);
    }
    phase_ = Phase::closed;
    return {.kind = Kind::close, .consumed = at, .payload = payload, .close_code = code};
}

WebSocketDecoder::Step WebSocketDecoder::rejected(std::uint16_t code, std::size_t at) noexcept {
    phase_ = Phase::closed;
    return {.kind = Kind::rejected, .consumed = at, .payload = {}, .close_code = code};
}

WebSocketDecoder::Step WebSocketMessages::next(std::span<char> input) {
    using Kind = WebSocketDecoder::Kind;
    if (handed_out_) {
        message_.clear();
        handed_out_ = false;
    }
    std::size_t at = 0;
    while (true) {
        WebSocketDecoder::Step step = decoder_.next(input.subspan(at));
        at += step.consumed;
        step.consumed = at;
        if (step.kind != Kind::data) return step;
        if (step.message_ends && message_.empty()) return step;
        message_.append(step.payload);
        if (!step.message_ends) continue;
        step.payload = message_;
        handed_out_ = true;
        return step;
    }
}

void append_frame_header(
    std::string& out, Opcode opcode, std::uint64_t size, std::optional<std::uint32_t> mask, bool fin
) {
    FLT_ASSERT(!is_control(opcode) || (fin && size <= max_control));
    const unsigned mask_bit = mask ? 0x80 : 0;
    const auto push = [&](std::uint64_t value) { out.push_back(static_cast<char>(value & 0xff)); };
    push((fin ? 0x80u : 0u) | static_cast<unsigned>(opcode));
    if (size < 126) {
        push(mask_bit | size);
    } else {
        const int bytes = size < 0x10000 ? 2 : 8;
        push(mask_bit | (bytes == 2 ? 126u : 127u));
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) push(size >> shift);
    }
    if (mask) {
        std::array<char, 4> bytes;
        std::memcpy(bytes.data(), &*mask, bytes.size());
        out.append(bytes.data(), bytes.size());
    }
}

void append_frame(
    std::string& out, Opcode opcode, std::string_view payload, std::optional<std::uint32_t> mask, bool fin
) {
    append_frame_header(out, opcode, payload.size(), mask, fin);
    const std::size_t begin = out.size();
    out.append(payload);
    if (mask) apply_mask(std::span(out).subspan(begin), *mask);
}

void append_close(
    std::string& out, std::uint16_t code, std::string_view reason, std::optional<std::uint32_t> mask
) {
    std::string payload;
    if (is_sendable_close_code(code)) {
        payload.push_back(static_cast<char>(code >> 8));
        payload.push_back(static_cast<char>(code & 0xff));
        payload.append(utf8_prefix(reason, max_control - 2));
    }
    append_frame(out, Opcode::close, payload, mask);
}

}  // namespace flotilla::http
