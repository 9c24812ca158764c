#include "flotilla/service/cron.hpp"

#include <fmt/format.h>

#include <ctime>
#include <span>
#include <utility>
#include <vector>

#include "flotilla/base/text.hpp"

namespace flotilla::service {

namespace chr = std::chrono;

namespace {

/// Far enough for any 29 February on any day of the week.
constexpr chr::days search_span(28 * 366);

constexpr std::array<std::string_view, 12> month_names{
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"
};
constexpr std::array<std::string_view, 7> weekday_names{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> macros{{
    {"@yearly", "0 0 0 1 1 *"},
    {"@annually", "0 0 0 1 1 *"},
    {"@monthly", "0 0 0 1 * *"},
    {"@weekly", "0 0 0 * * 0"},
    {"@daily", "0 0 0 * * *"},
    {"@midnight", "0 0 0 * * *"},
    {"@hourly", "0 0 * * * *"},
}};

struct FieldKind {
    std::string_view name;
    unsigned least;
    unsigned most;
    std::span<const std::string_view> names{
    };  ///< the first stands for `least`, or for 0 of days of the week
};

constexpr FieldKind second_field{"seconds", 0, 59};
constexpr FieldKind minute_field{"minutes", 0, 59};
constexpr FieldKind hour_field{"hours", 0, 23};
constexpr FieldKind day_field{"day of month", 1, 31};
constexpr FieldKind month_field{"month", 1, 12, month_names};
constexpr FieldKind weekday_field{"day of week", 0, 7, weekday_names};

std::unexpected<Error> refuse(const FieldKind& kind, std::string_view what) {
    return fail(Errc::invalid_argument, fmt::format("{} '{}' is none", kind.name, what));
}

Result<unsigned> number_of(const FieldKind& kind, std::string_view text) {
    for (unsigned i = 0; i < kind.names.size(); ++i) {
        if (iequals(text, kind.names[i])) return kind.least + i;
    }
    const auto number = parse_integer<unsigned>(text);
    if (!number || *number < kind.least || *number > kind.most) return refuse(kind, text);
    return *number;
}

/// `*`, `5`, `5-10`, `*/2`, `5/15`, `MON-FRI`, and lists of them.
template <std::size_t N>
Result<std::bitset<N>> bits_of(const FieldKind& kind, std::string_view field) {
    std::bitset<N> bits;
    for (const std::string_view part : split(field, ',')) {
        const auto slash = part.find('/');
        const std::string_view range = part.substr(0, slash);
        unsigned step = 1;
        if (slash != std::string_view::npos) {
            const auto given = parse_integer<unsigned>(part.substr(slash + 1));
            if (!given || *given == 0) return refuse(kind, part);
            step = *given;
        }
        unsigned first = kind.least;
        unsigned last = kind.most;
        if (range != "*") {
            const auto dash = range.find('-');
            FLT_TRY(first, number_of(kind, range.substr(0, dash)));
            if (dash != std::string_view::npos) {
                FLT_TRY(last, number_of(kind, range.substr(dash + 1)));
            } else if (slash == std::string_view::npos) {
                last = first;
            }
        }
        // From Friday to Monday goes around the end of the week, as in Spring.
        if (first > last && kind.name == weekday_field.name) last += 7;
        if (first > last) return refuse(kind, part);
        for (unsigned value = first; value <= last; value += step) bits.set(value % N);
    }
    return bits;
}

chr::year_month_day last_day(chr::year_month_day day) {
    return day.year() / day.month() / chr::last;
}

unsigned weekday_of(chr::year_month_day day) {
    return chr::weekday(chr::local_days(day)).c_encoding();
}

/// Monday to Friday, within the month.
chr::year_month_day nearest_workday(chr::year_month_day day) {
    const unsigned weekday = weekday_of(day);
    const chr::local_days at(day);
    if (weekday == 6) return chr::year_month_day(at + chr::days(day.day() == chr::day(1) ? 2 : -1));
    if (weekday == 0) return chr::year_month_day(at + chr::days(day == last_day(day) ? -2 : 1));
    return day;
}

std::tm calendar_of(LocalTime time) {
    const auto midnight = chr::floor<chr::days>(time);
    const chr::year_month_day day(midnight);
    const chr::hh_mm_ss clock(time - midnight);
    std::tm tm{};
    tm.tm_year = static_cast<int>(day.year()) - 1900;
    tm.tm_mon = static_cast<int>(static_cast<unsigned>(day.month())) - 1;
    tm.tm_mday = static_cast<int>(static_cast<unsigned>(day.day()));
    tm.tm_hour = static_cast<int>(clock.hours().count());
    tm.tm_min = static_cast<int>(clock.minutes().count());
    tm.tm_sec = static_cast<int>(clock.seconds().count());
    tm.tm_isdst = -1;
    return tm;
}

LocalTime local_time_of(WallTime wall) {
    const std::time_t seconds = chr::system_clock::to_time_t(chr::floor<chr::seconds>(wall));
    std::tm tm{};
    ::localtime_r(&seconds, &tm);
    return LocalTime(chr::seconds(seconds + tm.tm_gmtoff));
}

}  // namespace

Result<CronExpression> CronExpression::parse(std::string_view text) {
    CronExpression cron;
    cron.text_ = std::string(trim(text));
    std::string_view expression = cron.text_;
    for (const auto& [name, meaning] : macros) {
        if (iequals(expression, name)) expression = meaning;
    }
    std::vector<std::string_view> fields;
    for (const std::string_view field : split(expression, ' ')) {
        if (!field.empty()) fields.push_back(field);
    }
    const auto within = [&](const Error& error) {
        return fail(error.within(fmt::format("cron expression '{}'", cron.text_)));
    };
    if (fields.size() != 6) {
        return within(Error(Errc::invalid_argument, fmt::format("expected 6 fields, got {}", fields.size())));
    }
    const auto read = [&]() -> Result<void> {
        FLT_TRY(cron.seconds_, bits_of<60>(second_field, fields[0]));
        FLT_TRY(cron.minutes_, bits_of<60>(minute_field, fields[1]));
        FLT_TRY(cron.hours_, bits_of<24>(hour_field, fields[2]));
        FLT_CHECK(cron.read_day_of_month(fields[3]));
        FLT_TRY(cron.months_, bits_of<13>(month_field, fields[4]));
        return cron.read_day_of_week(fields[5]);
    };
    if (const auto done = read(); !done) return within(done.error());
    return cron;
}

Result<void> CronExpression::read_day_of_month(std::string_view field) {
    using Kind = SpecialDay::Kind;
    const std::string upper = to_upper(field);
    if (upper == "LW") {
        special_day_ = SpecialDay{Kind::last_weekday};
    } else if (upper == "L") {
        special_day_ = SpecialDay{Kind::before_last};
    } else if (upper.starts_with("L-")) {
        const auto before = parse_integer<unsigned>(upper.substr(2));
        if (!before || *before > 30) return refuse(day_field, field);
        special_day_ = SpecialDay{Kind::before_last, 0, *before};
    } else if (upper.ends_with('W')) {
        FLT_TRY(
            const unsigned day, number_of(day_field, std::string_view(upper).substr(0, upper.size() - 1))
        );
        special_day_ = SpecialDay{Kind::nearest_weekday, 0, day};
    } else {
        FLT_TRY(days_, bits_of<32>(day_field, field == "?" ? "*" : field));
    }
    return {};
}

Result<void> CronExpression::read_day_of_week(std::string_view field) {
    using Kind = SpecialDay::Kind;
    const auto hash = field.find('#');
    if (hash != std::string_view::npos) {
        FLT_TRY(const unsigned weekday, number_of(weekday_field, field.substr(0, hash)));
        const auto which = parse_integer<unsigned>(field.substr(hash + 1));
        if (!which || *which < 1 || *which > 5) return refuse(weekday_field, field);
        special_weekday_ = SpecialDay{Kind::nth_weekday, weekday % 7, *which};
    } else if (field.size() > 1 && ascii_upper(field.back()) == 'L') {
        FLT_TRY(const unsigned weekday, number_of(weekday_field, field.substr(0, field.size() - 1)));
        special_weekday_ = SpecialDay{Kind::last_of_weekday, weekday % 7};
    } else {
        FLT_TRY(weekdays_, bits_of<7>(weekday_field, field == "?" ? "*" : field));
    }
    return {};
}

bool CronExpression::fits(const SpecialDay& special, chr::year_month_day day) {
    const auto number = static_cast<unsigned>(day.day());
    switch (special.kind) {
        case SpecialDay::Kind::before_last:
            return number + special.number == static_cast<unsigned>(last_day(day).day());
        case SpecialDay::Kind::nearest_weekday: {
            const chr::year_month_day wanted = day.year() / day.month() / chr::day(special.number);
            return wanted.ok() && nearest_workday(wanted) == day;
        }
        case SpecialDay::Kind::last_weekday:
            return nearest_workday(last_day(day)) == day;
        case SpecialDay::Kind::last_of_weekday:
            return weekday_of(day) == special.weekday &&
                   number + 7 > static_cast<unsigned>(last_day(day).day());
        case SpecialDay::Kind::nth_weekday:
            return weekday_of(day) == special.weekday && (number - 1) / 7 + 1 == special.number;
    }
    return false;
}

bool CronExpression::fits(chr::year_month_day day) const {
    if (!months_.test(static_cast<unsigned>(day.month()))) return false;
    const bool day_fits =
        special_day_ ? fits(*special_day_, day) : days_.test(static_cast<unsigned>(day.day()));
    return day_fits && (special_weekday_ ? fits(*special_weekday_, day) : weekdays_.test(weekday_of(day)));
}

std::optional<LocalTime> CronExpression::next(LocalTime after) const {
    const LocalTime begin = after + chr::seconds(1);
    const chr::local_days first_day = chr::floor<chr::days>(begin);
    const chr::local_days end = first_day + search_span;
    for (chr::local_days day = first_day; day <= end; day += chr::days(1)) {
        const chr::year_month_day date(day);
        if (!fits(date)) continue;
        const chr::hh_mm_ss<chr::seconds> from(day == first_day ? begin - day : chr::seconds(0));
        const auto h0 = static_cast<unsigned>(from.hours().count());
        const auto m0 = static_cast<unsigned>(from.minutes().count());
        const auto s0 = static_cast<unsigned>(from.seconds().count());
        for (unsigned h = h0; h < 24; ++h) {
            if (!hours_.test(h)) continue;
            for (unsigned m = h == h0 ? m0 : 0; m < 60; ++m) {
                if (!minutes_.test(m)) continue;
                for (unsigned s = h == h0 && m == m0 ? s0 : 0; s < 60; ++s) {
                    if (seconds_.test(s))
                        return LocalTime(day) + chr::hours(h) + chr::minutes(m) + chr::seconds(s);
                }
            }
        }
    }
    return std::nullopt;
}

std::optional<WallTime> next_wall_time(const CronExpression& cron, WallTime after) {
    LocalTime local = local_time_of(after);
    for (;;) {
        const auto found = cron.next(local);
        if (!found) return std::nullopt;
        std::tm tm = calendar_of(*found);
        const std::time_t seconds = std::mktime(&tm);
        const WallTime wall = chr::system_clock::from_time_t(seconds);
        // In the hour that is shown twice the first reading may be past already.
        if (wall > after) return wall;
        local = *found;
    }
}

}  // namespace flotilla::service
