#pragma once
/// A date as the shop writes it: ISO-8601 with milliseconds and offset, `2021-02-10T05:22:33.000+00:00`.

#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/reflect/types.hpp"

namespace flotilla::shop {

struct Timestamp {
    WallTime at{};

    friend bool operator==(const Timestamp&, const Timestamp&) = default;
};

}  // namespace flotilla::shop

template <>
struct flotilla::reflect::TextForm<flotilla::shop::Timestamp> {
    static Result<shop::Timestamp> parse(std::string_view text) {
        FLT_TRY(const WallTime at, parse_iso_time(text));
        return shop::Timestamp{at};
    }

    static std::string print(const shop::Timestamp& value) { return format_iso_millis(value.at, "+00:00"); }
};
