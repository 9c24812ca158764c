#include "yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "flotilla/base/text.hpp"

namespace flotilla::reflect::detail {

namespace {

/// `word` as it is, Capitalised or in UPPER case, which is all that YAML takes.
bool is_word(std::string_view text, std::string_view word) {
    if (text.size() != word.size() || !iequals(text, word)) return false;
    const bool rest_lower = std::ranges::none_of(text.substr(1), [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool rest_upper = std::ranges::none_of(text.substr(1), [](char c) { return c >= 'a' && c <= 'z'; });
    const bool first_lower = ascii_lower(text.front()) == text.front();
    return rest_lower || (rest_upper && !first_lower);
}

std::optional<bool> boolean(std::string_view text) {
    if (text.size() > 5) return std::nullopt;
    for (const char* yes : {"true", "yes", "on"}) {
        if (is_word(text, yes)) return true;
    }
    for (const char* no : {"false", "no", "off"}) {
        if (is_word(text, no)) return false;
    }
    return std::nullopt;
}

std::optional<Json> integer(std::string_view digits, bool negative) {
    int base = 10;
    if (istarts_with(digits, "0x")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (istarts_with(digits, "0b")) {
        base = 2;
        digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits.front() == '0') {
        base = 8;
        digits.remove_prefix(1);
    }
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
    if (digits.empty() || stop != end || error != std::errc{}) return std::nullopt;
    if (!negative) return Json(value);
    constexpr std::uint64_t lowest = std::uint64_t{1} << 63;
    if (value > lowest) return std::nullopt;
    return Json(
        value == lowest ? std::numeric_limits<std::int64_t>::min() : -static_cast<std::int64_t>(value)
    );
}

}  // namespace

Json yaml_scalar(std::string_view text) {
    if (text.empty() || text == "~" || is_word(text, "null")) return Json();
    if (const auto value = boolean(text)) return Json(*value);

    const bool negative = text.front() == '-';
    std::string_view rest = text;
    if (negative || text.front() == '+') rest.remove_prefix(1);
    if (rest.empty()) return Json(text);
    if (is_ascii_digit(rest.front())) {
        std::string digits(rest);
        std::erase(digits, '_');
        if (auto value = integer(digits, negative)) return *std::move(value);
        if (digits.size() <= 64 && digits.find_first_not_of("0123456789.eE+-") == std::string::npos) {
            if (const auto value = parse_double(digits)) return Json(negative ? -*value : *value);
        }
        return Json(text);
    }
    if (rest.front() == '.') {
        if (is_word(rest.substr(1), "inf")) {
            constexpr double infinity = std::numeric_limits<double>::infinity();
            return Json(negative ? -infinity : infinity);
        }
        if (text == ".nan" || text == ".NaN" || text == ".NAN")
            return Json(std::numeric_limits<double>::quiet_NaN());
        if (rest.size() > 1 && is_ascii_digit(rest[1])) {
            if (const auto value = parse_double("0" + std::string(rest)))
                return Json(negative ? -*value : *value);
        }
    }
    return Json(text);
}

}  // namespace flotilla::reflect::detail
