#pragma once
/// How single values look in JSON text. All functions append to `out`.

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace flotilla::reflect::print {

/// In quotes, with escapes. Bytes that are no UTF-8 become U+FFFD, so that what is written can be read.
void string(std::string& out, std::string_view text);
/// The shortest text that reads back as the same double, always with a point or an exponent (`12.0`,
/// `1e+22`); NaN and infinities are null, as JSON has none.
void number(std::string& out, double value);
void number(std::string& out, float value);

/// The same to where there is room for `longest_number` characters; gives the place behind it.
char* number(char* to, double value);
char* number(char* to, float value);
inline constexpr std::size_t longest_number = 40;

template <std::integral I>
void integer(std::string& out, I value) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace flotilla::reflect::print
