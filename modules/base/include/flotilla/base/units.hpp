#pragma once
/// Quantities with a unit as people write them in configuration: `250ms`, `PT5S`, `10MB`.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"

namespace flotilla {

/// A number of bytes. Units are powers of 1024, as Spring's DataSize has them.
struct Bytes {
    std::uint64_t count = 0;

    static constexpr Bytes kilo(std::uint64_t n) noexcept { return {n << 10}; }

    static constexpr Bytes mega(std::uint64_t n) noexcept { return {n << 20}; }

    friend constexpr auto operator<=>(Bytes, Bytes) noexcept = default;
};

/// `4096`, `4096B`, `64KB`, `10MB`, `1GB`, `1TB`.
Result<Bytes> parse_bytes(std::string_view text);
/// The largest unit that divides the size: `64KB`, `1500B`.
std::string format_bytes(Bytes size);

/// In nanoseconds; what does not fit (`milliseconds::max()`, for "no limit") becomes the longest that does.
template <class Rep, class Period>
constexpr Duration saturated(std::chrono::duration<Rep, Period> span) noexcept {
    using Wide = std::chrono::duration<long double, std::nano>;
    if (Wide(span) >= Wide(Duration::max())) return Duration::max();
    if (Wide(span) <= Wide(Duration::min())) return Duration::min();
    return std::chrono::duration_cast<Duration>(span);
}

/// Spring's two spellings: a number with ns, us, ms, s, m, h or d (none means `default_unit`), or ISO-8601
/// `PT1H2M3.5S`.
Result<Duration> parse_duration(std::string_view text, Duration default_unit = std::chrono::milliseconds(1));
/// Short and exact: `250ms`, `90s`, `1h`.
std::string format_duration(Duration span);
/// `PT0.023153253S`, as Java prints it.
std::string format_iso_duration(Duration span);

/// `2026-03-09T15:00:00.020Z`; as many groups of three fraction digits as the value needs (0, 3, 6 or 9).
std::string format_iso_time(WallTime time);
/// Exactly three fraction digits and `suffix`: `2021-11-28T11:32:11.699+00:00`.
std::string format_iso_millis(WallTime time, std::string_view suffix = "Z");
/// RFC 3339 and ISO-8601: `Z` or an offset, up to nine fraction digits.
Result<WallTime> parse_iso_time(std::string_view text);

}  // namespace flotilla
