#include "flotilla/base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::array<std::pair<std::string_view, Duration>, 7> duration_units{
    {{"d", days(1)},
     {"h", hours(1)},
     {"m", minutes(1)},
     {"s", seconds(1)},
     {"ms", milliseconds(1)},
     {"us", microseconds(1)},
     {"ns", nanoseconds(1)}}
};

constexpr std::array<std::pair<std::string_view, int>, 5> byte_units{
    {{"TB", 40}, {"GB", 30}, {"MB", 20}, {"KB", 10}, {"B", 0}}
};

std::unexpected<Error> bad_duration(std::string_view text) {
    return fail(Errc::malformed, fmt::format("'{}' is no duration: write 250ms, 5s, 1h or PT5S", text));
}

/// Number times unit, or nothing when it does not fit 64 bits of nanoseconds.
std::optional<Duration> scaled(double number, Duration unit) {
    const double value = number * static_cast<double>(unit.count());
    if (!(std::abs(value) < 0x1p63)) return std::nullopt;
    return Duration(std::llround(value));
}

Result<Duration> parse_iso_duration(std::string_view text) {
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative) rest.remove_prefix(1);
    if (rest.empty() || ascii_upper(rest.front()) != 'P') return bad_duration(text);
    rest.remove_prefix(1);
    bool in_time = false;
    Duration total{};
    bool any = false;
    while (!rest.empty()) {
        if (ascii_upper(rest.front()) == 'T' && !in_time) {
            in_time = true;
            rest.remove_prefix(1);
            continue;
        }
        const auto end = rest.find_first_not_of("0123456789.-");
        if (end == std::string_view::npos || end == 0) return bad_duration(text);
        const auto number = parse_double(rest.substr(0, end));
        const char unit = ascii_upper(rest[end]);
        Duration size{};
        if (!in_time && unit == 'D')
            size = days(1);
        else if (in_time && unit == 'H')
            size = hours(1);
        else if (in_time && unit == 'M')
            size = minutes(1);
        else if (in_time && unit == 'S')
            size = seconds(1);
        if (!number || size == Duration{}) return bad_duration(text);
        const auto part = scaled(*number, size);
        Duration::rep sum = 0;
        if (!part || __builtin_add_overflow(total.count(), part->count(), &sum)) return bad_duration(text);
        total = Duration(sum);
        any = true;
        rest.remove_prefix(end + 1);
    }
    if (!any) return bad_duration(text);
    return negative ? -total : total;
}

/// Reads exactly `digits` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (!is_ascii_digit(text[i])) return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

struct CivilTime {
    std::chrono::year_month_day date;
    std::chrono::hh_mm_ss<seconds> time;
    long fraction;  // nanoseconds
};

CivilTime civil(WallTime time) {
    const auto day = std::chrono::floor<days>(time);
    const auto second = std::chrono::floor<seconds>(time);
    return {
        std::chrono::year_month_day(day),
        std::chrono::hh_mm_ss<seconds>(second - day),
        (time - second).count()
    };
}

std::string date_and_time(const CivilTime& at) {
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        static_cast<int>(at.date.year()),
        static_cast<unsigned>(at.date.month()),
        static_cast<unsigned>(at.date.day()),
        at.time.hours().count(),
        at.time.minutes().count(),
        at.time.seconds().count()
    );
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text) {
    const auto trimmed = trim(text);
    const auto digits_end = trimmed.find_first_not_of("0123456789");
    const auto number = parse_integer<std::uint64_t>(trimmed.substr(0, digits_end));
    const auto unit =
        digits_end == std::string_view::npos ? std::string_view("B") : trim(trimmed.substr(digits_end));
    for (const auto& [name, shift] : byte_units) {
        if (!number || !iequals(unit, name)) continue;
        if (*number > (~std::uint64_t{0} >> shift)) break;
        return Bytes{*number << shift};
    }
    return fail(Errc::malformed, fmt::format("'{}' is no size: write 4096, 64KB, 10MB or 1GB", text));
}

std::string format_bytes(Bytes size) {
    for (const auto& [name, shift] : byte_units) {
        if (size.count != 0 && size.count % (std::uint64_t{1} << shift) == 0)
            return fmt::format("{}{}", size.count >> shift, name);
    }
    return fmt::format("{}B", size.count);
}

Result<Duration> parse_duration(std::string_view text, Duration default_unit) {
    const auto trimmed = trim(text);
    if (trimmed.empty()) return bad_duration(text);
    const auto first = trimmed.front() == '-' ? trimmed.substr(1) : trimmed;
    if (!first.empty() && ascii_upper(first.front()) == 'P') return parse_iso_duration(trimmed);
    const auto digits_end = trimmed.find_first_not_of("0123456789.-");
    const auto number = parse_double(trimmed.substr(0, digits_end));
    if (!number) return bad_duration(text);
    auto unit = std::optional<Duration>(default_unit);
    if (digits_end != std::string_view::npos) {
        unit.reset();
        for (const auto& [name, size] : duration_units)
            if (iequals(trim(trimmed.substr(digits_end)), name)) unit = size;
    }
    const auto value = unit ? scaled(*number, *unit) : std::nullopt;
    if (!value) return bad_duration(text);
    return *value;
}

std::string format_duration(Duration span) {
    if (span == Duration{}) return "0ms";
    for (const auto& [name, size] : duration_units)
        if (span % size == Duration{}) return fmt::format("{}{}", span / size, name);
    return fmt::format("{}ns", span.count());
}

std::string format_iso_duration(Duration span) {
    if (span == Duration{}) return "PT0S";
    const bool negative = span < Duration{};
    const std::uint64_t total =
        negative ? 0 - static_cast<std::uint64_t>(span.count()) : static_cast<std::uint64_t>(span.count());
    const std::uint64_t whole = total / 1'000'000'000;
    std::string fraction = fmt::format("{:09}", total % 1'000'000'000);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    const char* sign = negative ? "-" : "";
    std::string out = "PT";
    if (whole >= 3600) out += fmt::format("{}{}H", sign, whole / 3600);
    if (whole / 60 % 60 != 0) out += fmt::format("{}{}M", sign, whole / 60 % 60);
    if (whole % 60 != 0 || !fraction.empty())
        out += fmt::format("{}{}{}{}S", sign, whole % 60, fraction.empty() ? "" : ".", fraction);
    return out;
}

std::string format_iso_time(WallTime time) {
    const auto at = civil(time);
    if (at.fraction == 0) return date_and_time(at) + "Z";
    if (at.fraction % 1'000'000 == 0)
        return fmt::format("{}.{:03}Z", date_and_time(at), at.fraction / 1'000'000);
    if (at.fraction % 1'000 == 0) return fmt::format("{}.{:06}Z", date_and_time(at), at.fraction / 1'000);
    return fmt::format("{}.{:09}Z", date_and_time(at), at.fraction);
}

std::string format_iso_millis(WallTime time, std::string_view suffix) {
    const auto at = civil(time);
    return fmt::format("{}.{:03}{}", date_and_time(at), at.fraction / 1'000'000, suffix);
}

Result<WallTime> parse_iso_time(std::string_view text) {
    const auto bad = [&] {
        return fail(Errc::malformed, fmt::format("'{}' is no time: write 2026-03-09T15:00:00Z", text));
    };
    std::string_view rest = text;
    const auto year = take_digits(rest, 4);
    if (!year || !take(rest, "-")) return bad();
    const auto month = take_digits(rest, 2);
    if (!month || !take(rest, "-")) return bad();
    const auto day = take_digits(rest, 2);
    if (!day || !take(rest, "Tt ")) return bad();
    const auto hour = take_digits(rest, 2);
    if (!hour || !take(rest, ":")) return bad();
    const auto minute = take_digits(rest, 2);
    if (!minute) return bad();
    std::optional<int> second = 0;
    if (take(rest, ":")) second = take_digits(rest, 2);
    if (!second || *hour > 23 || *minute > 59 || *second > 59) return bad();

    long fraction = 0;
    if (take(rest, ".,")) {
        long scale = 100'000'000;
        if (rest.empty() || !is_ascii_digit(rest.front())) return bad();
        for (; !rest.empty() && is_ascii_digit(rest.front()); rest.remove_prefix(1), scale /= 10) {
            if (scale == 0) return bad();
            fraction += (rest.front() - '0') * scale;
        }
    }

    minutes offset{};
    if (!take(rest, "Zz")) {
        if (rest.empty() || (rest.front() != '+' && rest.front() != '-')) return bad();
        const int sign = rest.front() == '-' ? -1 : 1;
        rest.remove_prefix(1);
        const auto offset_hours = take_digits(rest, 2);
        take(rest, ":");
        const auto offset_minutes = take_digits(rest, 2);
        if (!offset_hours || !offset_minutes || *offset_hours > 18 || *offset_minutes > 59) return bad();
        offset = sign * (hours(*offset_hours) + minutes(*offset_minutes));
    }
    const std::chrono::year_month_day date{
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(*month)),
        std::chrono::day(static_cast<unsigned>(*day))
    };
    // 64 bits of nanoseconds reach from 1678 to 2261.
    if (!rest.empty() || !date.ok() || *year < 1678 || *year > 2261) return bad();
    return WallTime(std::chrono::sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) -
           offset + nanoseconds(fraction);
}

}  // namespace flotilla
