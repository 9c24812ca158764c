#pragma once
/// Dates in fields (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`. Whole seconds, always GMT.

#include <array>
#include <optional>
#include <string_view>

#include "flotilla/base/clock.hpp"

namespace flotilla::http {

/// The text of a date, without memory from the heap. Years 0 to 9999; others are brought into that span.
class HttpDate {
public:
    explicit HttpDate(WallTime time) noexcept;

    [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

private:
    std::array<char, 29> text_;
};

/// All three forms that are in use: IMF-fixdate, RFC 850 (a two-digit year is within 50 years of `now`) and
/// asctime. Nothing for anything else.
std::optional<WallTime> parse_http_date(std::string_view text, WallTime now);

}  // namespace flotilla::http
