#pragma once
/// Small things about text that the standard library leaves out. ASCII rules throughout: no locale is ever
/// read.

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla {

constexpr char ascii_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

constexpr char ascii_upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

constexpr bool is_ascii_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

constexpr bool is_ascii_alpha(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool iequals(std::string_view a, std::string_view b) noexcept;
bool istarts_with(std::string_view text, std::string_view prefix) noexcept;
bool icontains(std::string_view text, std::string_view part) noexcept;

/// Without blanks, tabs and line ends at both sides.
std::string_view trim(std::string_view text) noexcept;
/// Every part, empty ones too: "a,,b" gives three. The parts are views: the text must outlive them.
std::vector<std::string_view> split(std::string_view text, char separator);
/// The parts of a list as people write it: trimmed, empty ones left out.
std::vector<std::string_view> split_list(std::string_view text, char separator = ',');
template <std::same_as<std::string> Temporary>
std::vector<std::string_view> split(Temporary&& text, char separator) = delete;
template <std::same_as<std::string> Temporary>
std::vector<std::string_view> split_list(Temporary&& text, char separator = ',') = delete;
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view what, std::string_view with);

/// `*` stands for any text, `?` for one character; the whole text must match.
bool glob_match(std::string_view pattern, std::string_view text) noexcept;

/// The whole text as a number in base ten, or nothing: no blanks, no plus sign, no overflow.
template <std::integral T>
std::optional<T> parse_integer(std::string_view text) noexcept {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The whole text as a decimal or scientific number, or nothing.
std::optional<double> parse_double(std::string_view text) noexcept;

/// How many edits (insert, delete, replace, swap of neighbours) apart: for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The candidate nearest to `word` when it is near enough to be a slip of the finger.
std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& candidates);

/// `user_id` to `userId`.
std::string snake_to_camel(std::string_view text);
/// `user_id` or `userId` to `user-id`: Spring's canonical form of a property name.
std::string to_kebab(std::string_view text);

}  // namespace flotilla
