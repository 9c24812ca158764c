#include "xml_names.hpp"

#include <cstdint>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::eureka::detail {

namespace {

constexpr char32_t no_character = 0xFFFD;

/// Takes the first character off; U+FFFD for a byte that begins none.
char32_t take_character(std::string_view& text) noexcept {
    const auto lead = static_cast<std::uint8_t>(text.front());
    const std::size_t length = lead < 0x80 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
    if (length > text.size() || !is_valid_utf8(text.substr(0, length))) {
        text.remove_prefix(1);
        return no_character;
    }
    char32_t value = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i)
        value = (value << 6) | (static_cast<std::uint8_t>(text[i]) & 0x3FU);
    text.remove_prefix(length);
    return value;
}

void append_character(std::string& out, char32_t c) {
    const auto tail = [&](int shift) { out.push_back(static_cast<char>(0x80 | ((c >> shift) & 0x3F))); };
    if (c < 0x80) {
        out.push_back(static_cast<char>(c));
    } else if (c < 0x800) {
        out.push_back(static_cast<char>(0xC0 | (c >> 6)));
        tail(0);
    } else if (c < 0x10000) {
        out.push_back(static_cast<char>(0xE0 | (c >> 12)));
        tail(6);
        tail(0);
    } else {
        out.push_back(static_cast<char>(0xF0 | (c >> 18)));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// ASCII only: what else may stand in a name differs between the editions of XML 1.0, and so between parsers.
/// A colon would be taken for a namespace.
bool starts_name(char32_t c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool continues_name(char32_t c) noexcept {
    return starts_name(c) || c == '-' || c == '.' || (c >= '0' && c <= '9');
}

void append_escape(std::string& out, char32_t unit) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += "_.";
    for (int shift = 12; shift >= 0; shift -= 4) out.push_back(hex[(unit >> shift) & 15]);
}

/// Four hex digits at the front, or -1.
int hex_unit(std::string_view text) noexcept {
    if (text.size() < 4) return -1;
    int value = 0;
    for (const char c : text.substr(0, 4)) {
        const char lower = ascii_lower(c);
        if (is_ascii_digit(lower)) {
            value = value * 16 + (lower - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value * 16 + (lower - 'a' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

/// Adds a UTF-16 unit; a low surrogate joins the high one that waits.
void append_unit(std::string& out, char32_t& high, char32_t unit) {
    if (unit >= 0xDC00 && unit <= 0xDFFF && high != 0) {
        append_character(out, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
        high = 0;
        return;
    }
    if (high != 0) append_character(out, no_character);
    high = 0;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        high = unit;
    } else {
        append_character(out, unit >= 0xDC00 && unit <= 0xDFFF ? no_character : unit);
    }
}

}  // namespace

void append_xml_name(std::string& out, std::string_view key) {
    const std::size_t start = out.size();
    while (!key.empty()) {
        const std::string_view before = key;
        const char32_t c = take_character(key);
        if (c == '_') {
            out += "__";
        } else if (c == '$') {
            out += "_-";
        } else if (out.size() == start ? starts_name(c) : continues_name(c)) {
            out.append(before.substr(0, before.size() - key.size()));
        } else if (c < 0x10000) {
            append_escape(out, c);
        } else {
            append_escape(out, 0xD800 + ((c - 0x10000) >> 10));
            append_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
        }
    }
}

std::string read_xml_name(std::string_view name) {
    std::string key;
    char32_t high = 0;
    while (!name.empty()) {
        if (name.front() == '_' && name.size() > 1) {
            const int unit = name[1] == '.' ? hex_unit(name.substr(2)) : -1;
            if (unit >= 0) {
                append_unit(key, high, static_cast<char32_t>(unit));
                name.remove_prefix(6);
                continue;
            }
            if (name[1] == '_' || name[1] == '-') {
                append_unit(key, high, name[1] == '_' ? U'_' : U'$');
                name.remove_prefix(2);
                continue;
            }
        }
        append_unit(key, high, take_character(name));
    }
    if (high != 0) append_character(key, no_character);
    return key;
}

void append_xml_text(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::string_view before = text;
        const char32_t c = take_character(text);
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&apos;";
                break;
            case '\r':
                out += "&#xd;";
                break;
            case no_character:
                out += "\xEF\xBF\xBD";
                break;
            default:
                if (c < 0x20 && c != '\t' && c != '\n') {
                    constexpr std::string_view hex = "0123456789abcdef";
                    out += "&#x";
                    if (c >= 0x10) out.push_back('1');
                    out.push_back(hex[c & 15]);
                    out.push_back(';');
                } else {
                    out.append(before.substr(0, before.size() - text.size()));
                }
        }
    }
}

}  // namespace flotilla::eureka::detail
