#include "flotilla/http/http_date.hpp"

#include <algorithm>
#include <cstring>

#include "flotilla/base/text.hpp"

namespace flotilla::http {
namespace {

using namespace std::chrono;

constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
constexpr std::array<std::string_view, 7> long_weekdays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"
};

void put_number(char* at, int value, int digits) noexcept {
    for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

// Reads a date from left to right; the first thing that does not fit makes all that follows fail.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept : text_(text) {}

    void literal(std::string_view expected) noexcept {
        ok_ = ok_ && text_.starts_with(expected);
        if (ok_) text_.remove_prefix(expected.size());
    }

    int number(std::size_t digits) noexcept {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            ok_ = ok_ && !text_.empty() && is_ascii_digit(text_[0]);
            if (!ok_) return 0;
            value = value * 10 + (text_[0] - '0');
            text_.remove_prefix(1);
        }
        return value;
    }

    int day_with_blank() noexcept {  // asctime: ` 6`
        if (!text_.starts_with(' ')) return number(2);
        literal(" ");
        return number(1);
    }

    unsigned month() noexcept {
        const std::size_t at = text_.size() < 3 ? std::string_view::npos : months.find(text_.substr(0, 3));
        ok_ = ok_ && at != std::string_view::npos && at % 3 == 0;
        if (!ok_) return 0;
        text_.remove_prefix(3);
        return static_cast<unsigned>(at / 3 + 1);
    }

    seconds clock() noexcept {
        const int h = number(2);
        literal(":");
        const int m = number(2);
        literal(":");
        const int s = number(2);
        ok_ = ok_ && h < 24 && m < 60 && s <= 60;  // a leap second is the next one
        return hours(h) + minutes(m) + seconds(s);
    }

    [[nodiscard]] bool ok_at_end() const noexcept { return ok_ && text_.empty(); }

private:
    std::string_view text_;
    bool ok_ = true;
};

bool is_weekday(std::string_view text) noexcept {
    const std::size_t at = weekdays.find(text);
    return text.size() == 3 && at != std::string_view::npos && at % 3 == 0;
}

std::optional<WallTime> combine(const Reader& reader, int y, unsigned m, int d, seconds time) noexcept {
    const year_month_day date(year(y), month(m), day(static_cast<unsigned>(d)));
    // Before 1970 and after 2261 the wall clock's nanoseconds come near their end.
    if (!reader.ok_at_end() || !date.ok() || y < 1900 || y > 2261) return std::nullopt;
    return sys_days(date) + time;
}

}  // namespace

HttpDate::HttpDate(WallTime time) noexcept {
    const auto day_point = floor<days>(time);
    const year_month_day date(day_point);
    const hh_mm_ss clock(floor<seconds>(time - day_point));
    const auto number = [](auto count) { return static_cast<int>(count.count()); };
    std::memcpy(text_.data(), "Sun, 00 Jan 0000 00:00:00 GMT", text_.size());
    std::memcpy(text_.data(), weekdays.data() + 3 * weekday(day_point).c_encoding(), 3);
    std::memcpy(text_.data() + 8, months.data() + 3 * (static_cast<unsigned>(date.month()) - 1), 3);
    put_number(text_.data() + 5, static_cast<int>(static_cast<unsigned>(date.day())), 2);
    put_number(text_.data() + 12, std::clamp(static_cast<int>(date.year()), 0, 9999), 4);
    put_number(text_.data() + 17, number(clock.hours()), 2);
    put_number(text_.data() + 20, number(clock.minutes()), 2);
    put_number(text_.data() + 23, number(clock.seconds()), 2);
}

std::optional<WallTime> parse_http_date(std::string_view text, WallTime now) {
    const std::size_t comma = text.find(',');
    if (comma == 3 && is_weekday(text.substr(0, 3))) {  // Sun, 06 Nov 1994 08:49:37 GMT
        Reader in(text.substr(4));
        in.literal(" ");
        const int d = in.number(2);
        in.literal(" ");
        const unsigned m = in.month();
        in.literal(" ");
        const int y = in.number(4);
        in.literal(" ");
        const seconds time = in.clock();
        in.literal(" GMT");
        return combine(in, y, m, d, time);
    }
    if (comma != std::string_view::npos) {  // Sunday, 06-Nov-94 08:49:37 GMT
        if (std::ranges::find(long_weekdays, text.substr(0, comma)) == long_weekdays.end())
            return std::nullopt;
        Reader in(text.substr(comma + 1));
        in.literal(" ");
        const int d = in.number(2);
        in.literal("-");
        const unsigned m = in.month();
        in.literal("-");
        int y = in.number(2);
        in.literal(" ");
        const seconds time = in.clock();
        in.literal(" GMT");
        const int this_year = static_cast<int>(year_month_day(floor<days>(now)).year());
        y += this_year / 100 * 100;
        if (y > this_year + 50) y -= 100;
        if (y < this_year - 49) y += 100;
        return combine(in, y, m, d, time);
    }
    if (text.size() < 4 || !is_weekday(text.substr(0, 3))) return std::nullopt;
    Reader in(text.substr(3));  // Sun Nov  6 08:49:37 1994
    in.literal(" ");
    const unsigned m = in.month();
    in.literal(" ");
    const int d = in.day_with_blank();
    in.literal(" ");
    const seconds time = in.clock();
    in.literal(" ");
    const int y = in.number(4);
    return combine(in, y, m, d, time);
}

}  // namespace flotilla::http
