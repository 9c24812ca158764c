#pragma once
/// Cron expressions as Spring has them: second, minute, hour, day of month, month, day of week.

#include <array>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"

namespace flotilla::service {

/// A moment on a calendar and a clock, in some time zone.
using LocalTime = std::chrono::local_seconds;

/// An expression, read once. `*`, lists, ranges, steps, names (`JAN`, `MON`), `?`; days of month as `L`,
/// `L-3`, `15W`, `LW`; days of week as `FRIL` (the last one) and `MON#2` (the second one); `@hourly`,
/// `@daily`, `@midnight`,
/// `@weekly`, `@monthly`, `@yearly`, `@annually`. Sunday is 0 and 7. A time must fit all six fields.
class CronExpression {
public:
    static Result<CronExpression> parse(std::string_view text);

    /// The first time after that one; nothing when there is none (30 February).
    [[nodiscard]] std::optional<LocalTime> next(LocalTime after) const;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    /// Days that depend on the month: `L`, `15W`, `FRIL`, `MON#2`.
    struct SpecialDay {
        enum class Kind : std::uint8_t {
            before_last,
            nearest_weekday,
            last_weekday,
            last_of_weekday,
            nth_weekday
        };
        Kind kind = Kind::before_last;
        unsigned weekday = 0;  ///< 0 is Sunday
        unsigned number = 0;   ///< days before the last, day of month, or which one of the month
    };

    [[nodiscard]] bool fits(std::chrono::year_month_day day) const;
    static bool fits(const SpecialDay& special, std::chrono::year_month_day day);
    Result<void> read_day_of_month(std::string_view field);
    Result<void> read_day_of_week(std::string_view field);

    std::string text_;
    std::bitset<60> seconds_;
    std::bitset<60> minutes_;
    std::bitset<24> hours_;
    std::bitset<32> days_;
    std::bitset<13> months_;
    std::bitset<7> weekdays_;
    std::optional<SpecialDay> special_day_;
    std::optional<SpecialDay> special_weekday_;
};

/// The first moment after `after` at which the clocks of this time zone show a time that fits. A time that
/// the change to summer time leaves out comes an hour later; one that the change back shows twice comes once.
std::optional<WallTime> next_wall_time(const CronExpression& cron, WallTime after);

}  // namespace flotilla::service
