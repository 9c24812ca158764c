#pragma once
// Writes text to where there is room for it: no look at a capacity for each piece.

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "flotilla/base/encoding.hpp"
#include "flotilla/reflect/print.hpp"

namespace flotilla::zipkin {

class Pen {
public:
    /// The longest that one byte of a text can become: `\u0001`.
    static constexpr std::size_t longest_escape = 6;

    explicit Pen(char* at) noexcept : at_(at) {}

    [[nodiscard]] char* at() const noexcept { return at_; }

    void text(std::string_view plain) noexcept {
        std::memcpy(at_, plain.data(), plain.size());
        at_ += plain.size();
    }

    void hex(std::uint64_t id) noexcept {
        write_hex64(id, at_);
        at_ += 16;
    }

    void number(std::int64_t value) noexcept { at_ = std::to_chars(at_, at_ + 20, value).ptr; }

    /// As a JSON string, with its quotes.
    void quoted(std::string_view text);

private:
    char* at_;
};

namespace detail {

/// Whether one of eight bytes is a control character, a quote, a backslash or outside ASCII. It may say yes
/// too often, never no wrongly.
constexpr bool needs_a_look(std::uint64_t word) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    const std::uint64_t control = word - ones * 0x20;
    const std::uint64_t quote = (word ^ (ones * '"')) - ones;
    const std::uint64_t backslash = (word ^ (ones * '\\')) - ones;
    return ((control | quote | backslash | word) & (ones * 0x80)) != 0;
}

}  // namespace detail

inline void Pen::quoted(std::string_view text) {
    const char* from = text.data();
    std::size_t left = text.size();
    *at_++ = '"';
    for (; left >= 8; from += 8, at_ += 8, left -= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, from, 8);
        if (detail::needs_a_look(word)) break;
        std::memcpy(at_, &word, 8);
    }
    const auto plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    while (left > 0 && plain(*from)) {
        *at_++ = *from++;
        --left;
    }
    if (left == 0) {
        *at_++ = '"';
        return;
    }
    std::string rest;
    reflect::print::string(rest, {from, left});
    this->text(std::string_view(rest).substr(1));
}

}  // namespace flotilla::zipkin
