#include "flotilla/sql/value.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::sql::detail {

namespace {

/// `42.00` is a whole number too: what a database says of `sum(price)`.
std::string_view without_empty_fraction(std::string_view text) noexcept {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || text.find_first_not_of('0', dot + 1) != std::string_view::npos)
        return text;
    return text.substr(0, dot);
}

bool whole(double value, std::int64_t& out) noexcept {
    // 2^63 is the first double beyond the range.
    if (!(value >= -0x1p63 && value < 0x1p63) || std::trunc(value) != value) return false;
    out = static_cast<std::int64_t>(value);
    return true;
}

}  // namespace

std::string_view kind_of(const Value& value) noexcept {
    constexpr std::array<std::string_view, 6> kinds{"NULL", "integer", "number", "text", "bytes", "time"};
    return kinds[value.index()];
}

bool read_integer(const Value& value, std::int64_t& out) noexcept {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        out = *integer;
        return true;
    }
    if (const auto* number = std::get_if<double>(&value)) return whole(*number, out);
    if (const auto* text = std::get_if<std::string>(&value)) {
        const auto parsed = parse_integer<std::int64_t>(without_empty_fraction(*text));
        if (parsed) out = *parsed;
        return parsed.has_value();
    }
    return false;
}

bool read_double(const Value& value, double& out) noexcept {
    if (const auto* number = std::get_if<double>(&value)) {
        out = *number;
        return true;
    }
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        out = static_cast<double>(*integer);
        return true;
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        const auto parsed = parse_double(*text);
        if (parsed) out = *parsed;
        return parsed.has_value();
    }
    return false;
}

bool read_bool(const Value& value, bool& out) noexcept {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        out = *integer != 0;
        return *integer == 0 || *integer == 1;
    }
    if (const auto* bit = std::get_if<Blob>(&value)) {  // MariaDB's bit(1)
        out = bit->bytes == "\x01";
        return out || bit->bytes == std::string_view("\0", 1);
    }
    return false;
}

bool take_text(Value& value, std::string& out) {
    if (auto* text = std::get_if<std::string>(&value)) {
        out = std::move(*text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        out = std::to_string(*integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
        out = fmt::to_string(*number);
    } else {
        return false;
    }
    return true;
}

bool take_blob(Value& value, Blob& out) {
    if (auto* blob = std::get_if<Blob>(&value)) {
        out = std::move(*blob);
    } else if (auto* text = std::get_if<std::string>(&value)) {
        out.bytes = std::move(*text);
    } else {
        return false;
    }
    return true;
}

bool read_time(const Value& value, WallTime& out) {
    if (const auto* time = std::get_if<WallTime>(&value)) {
        out = *time;
        return true;
    }
    const auto* text = std::get_if<std::string>(&value);
    constexpr std::size_t date_length = 10;
    if (!text || text->size() < date_length) return false;
    std::string iso = *text;
    if (iso.size() == date_length) iso += "T00:00:00";
    iso[date_length] = 'T';
    if (iso.find_first_of("Z+", date_length) == std::string::npos &&
        iso.find('-', date_length) == std::string::npos)
        iso += 'Z';
    const auto parsed = parse_iso_time(iso);
    if (parsed) out = *parsed;
    return parsed.has_value();
}

}  // namespace flotilla::sql::detail
