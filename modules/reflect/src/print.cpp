#include "flotilla/reflect/print.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "flotilla/base/encoding.hpp"
#include "special_bytes.hpp"

namespace flotilla::reflect::print {

namespace {

/// What a byte needs: 0 nothing, 1 an escape, 2 a look at its UTF-8.
constexpr auto byte_needs = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t c = 0; c < 256; ++c)
        table[c] = c < 0x20 || c == '"' || c == '\\' ? 1 : (c >= 0x80 ? 2 : 0);
    return table;
}();

/// How many bytes at the front go out as they are, UTF-8 not looked at.
std::size_t plain_prefix(const char* text, std::size_t size) noexcept {
    std::size_t at = 0;
    while (at + 8 <= size && !detail::any_special(detail::word_at(text + at))) at += 8;
    while (at < size && byte_needs[static_cast<std::uint8_t>(text[at])] == 0) ++at;
    return at;
}

void escape(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        default: {
            constexpr std::string_view hex = "0123456789abcdef";
            out += "\\u00";
            out += hex[static_cast<std::uint8_t>(c) >> 4];
            out += hex[static_cast<std::uint8_t>(c) & 15];
        }
    }
}

/// Length of the UTF-8 character at the front, 0 when there is none.
std::size_t character_length(std::string_view text) noexcept {
    const auto lead = static_cast<std::uint8_t>(text.front());
    const std::size_t length = lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4);
    return length <= text.size() && is_valid_utf8(text.substr(0, length)) ? length : 0;
}

template <class F>
char* floating(char* to, F value) {
    const auto put = [](char* at, std::string_view text) { return std::ranges::copy(text, at).out; };
    if (!std::isfinite(value)) return put(to, "null");
    char* const end = fmt::format_to(to, FMT_COMPILE("{}"), value);
    const bool told = std::any_of(to, end, [](char c) { return c == '.' || c == 'e'; });
    return told ? end : put(end, ".0");
}

template <class F>
void append_floating(std::string& out, F value) {
    std::array<char, longest_number> text;
    out.append(text.data(), floating(text.data(), value));
}

}  // namespace

void string(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        const std::size_t plain = plain_prefix(text.data(), text.size());
        out.append(text.data(), plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        if (byte_needs[static_cast<std::uint8_t>(text.front())] == 1) {
            escape(out, text.front());
            text.remove_prefix(1);
        } else if (const std::size_t length = character_length(text)) {
            out.append(text.data(), length);
            text.remove_prefix(length);
        } else {
            out += "\xEF\xBF\xBD";
            text.remove_prefix(1);
        }
    }
    out.push_back('"');
}

void number(std::string& out, double value) {
    append_floating(out, value);
}

void number(std::string& out, float value) {
    append_floating(out, value);
}

char* number(char* to, double value) {
    return floating(to, value);
}

char* number(char* to, float value) {
    return floating(to, value);
}

}  // namespace flotilla::reflect::print
