#include "flotilla/base/encoding.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace flotilla {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int16_t, 256> inverse(std::string_view alphabet) {
    std::array<std::int16_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int16_t>(i);
    return table;
}

constexpr auto base64_values = inverse(base64_alphabet);
constexpr auto base64url_values = inverse(base64url_alphabet);

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Eight digits at once, each in a byte of one register: ids are written in every log line and outgoing call.
void write_hex32(std::uint32_t value, char* out) noexcept {
    std::uint64_t nibbles = value;
    nibbles = (nibbles | nibbles << 16) & 0x0000'FFFF'0000'FFFF;
    nibbles = (nibbles | nibbles << 8) & 0x00FF'00FF'00FF'00FF;
    nibbles = (nibbles | nibbles << 4) & 0x0F0F'0F0F'0F0F'0F0F;
    const std::uint64_t is_letter = (nibbles + 0x0606'0606'0606'0606) >> 4 & 0x0101'0101'0101'0101;
    std::uint64_t text = nibbles + 0x3030'3030'3030'3030 + is_letter * ('a' - '0' - 10);
    if constexpr (std::endian::native == std::endian::little) text = std::byteswap(text);
    std::memcpy(out, &text, sizeof text);
}

std::string encode64(std::string_view bytes, std::string_view alphabet, bool padded) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k) {
            if (k <= have)
                out += alphabet[group >> (18 - 6 * k) & 63];
            else if (padded)
                out += '=';
        }
    }
    return out;
}

/// `text` without padding; refuses bits in the last character that no byte owns, so that each value has one
/// spelling.
std::optional<std::string> decode64(std::string_view text, const std::array<std::int16_t, 256>& values) {
    const std::size_t rest = text.size() % 4;
    if (rest == 1) return std::nullopt;
    const auto value = [&](std::size_t at) -> std::int32_t {
        return values[static_cast<unsigned char>(text[at])];
    };
    std::string out(text.size() / 4 * 3 + (rest == 0 ? 0 : rest - 1), '\0');
    char* to = out.data();
    std::size_t at = 0;
    for (; at + 4 <= text.size(); at += 4) {
        // The sign of a character that is none of the alphabet stays.
        const std::int32_t group =
            value(at) * (1 << 18) | value(at + 1) * (1 << 12) | value(at + 2) * (1 << 6) | value(at + 3);
        if (group < 0) return std::nullopt;
        *to++ = static_cast<char>(group >> 16);
        *to++ = static_cast<char>(group >> 8);
        *to++ = static_cast<char>(group);
    }
    if (rest == 0) return out;
    const std::int32_t third = rest == 3 ? value(at + 2) : 0;
    const std::int32_t group = value(at) * (1 << 12) | value(at + 1) * (1 << 6) | third;
    const std::int32_t unused = rest == 3 ? 3 : 0x3ff;
    if (group < 0 || (group & unused) != 0) return std::nullopt;
    *to++ = static_cast<char>(group >> 10);
    if (rest == 3) *to = static_cast<char>(group >> 2);
    return out;
}

/// Length of the UTF-8 character at the start of `text`, 0 when it is none.
std::size_t utf8_character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0) return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first < 0xF0) {
        if (!tail(1) || !tail(2)) return 0;
        if (first == 0xE0 && byte(1) < 0xA0) return 0;   // longer than needed
        if (first == 0xED && byte(1) >= 0xA0) return 0;  // a surrogate
        return 3;
    }
    if (first >= 0xF0 && first < 0xF5) {
        if (!tail(1) || !tail(2) || !tail(3)) return 0;
        if (first == 0xF0 && byte(1) < 0x90) return 0;
        if (first == 0xF4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
        return 4;
    }
    return 0;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        out += hex_digits[static_cast<unsigned char>(c) >> 4];
        out += hex_digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high << 4 | low);
    }
    return out;
}

void write_hex64(std::uint64_t value, char* out) noexcept {
    write_hex32(static_cast<std::uint32_t>(value >> 32), out);
    write_hex32(static_cast<std::uint32_t>(value), out + 8);
}

std::string to_base64(std::string_view bytes) {
    return encode64(bytes, base64_alphabet, true);
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.ends_with("=="))
        text.remove_suffix(2);
    else if (text.ends_with('='))
        text.remove_suffix(1);
    return decode64(text, base64_values);
}

std::string to_base64url(std::string_view bytes) {
    return encode64(bytes, base64url_alphabet, false);
}

std::optional<std::string> from_base64url(std::string_view text) {
    return decode64(text, base64url_values);
}

bool is_valid_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        // Eight bytes of ASCII at once: most texts are little else.
        std::uint64_t word = 0;
        if (text.size() >= sizeof word) {
            std::memcpy(&word, text.data(), sizeof word);
            if ((word & 0x8080808080808080) == 0) {
                text.remove_prefix(sizeof word);
                continue;
            }
        }
        const std::size_t length = utf8_character(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) return text;
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end);
}

}  // namespace flotilla
