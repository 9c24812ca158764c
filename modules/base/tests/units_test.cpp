#include "flotilla/base/units.hpp"

#include <gtest/gtest.h>

namespace flotilla {

namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsSpringsTwoSpellings) {
    EXPECT_EQ(parse_duration("250"), Duration(250ms));
    EXPECT_EQ(parse_duration("2s"), Duration(2s));
    EXPECT_EQ(parse_duration(" 5 m "), Duration(5min));
    EXPECT_EQ(parse_duration("1.5s"), Duration(1500ms));
    EXPECT_EQ(parse_duration("PT1H2M3.5S"), Duration(1h + 2min + 3500ms));
    EXPECT_EQ(parse_duration("P1DT1S"), Duration(24h + 1s));
    EXPECT_EQ(parse_duration("-PT1S"), Duration(-1s));
}

TEST(Duration, RefusesWhatIsNone) {
    for (const char* text : {"", "s", "5 parsecs", "PT", "P1H", "1..2s", "99999999999d", "PT99999999999H"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, PrintsTheLargestUnitThatDivides) {
    EXPECT_EQ(format_duration(90s), "90s");
    EXPECT_EQ(format_duration(3600s), "1h");
    EXPECT_EQ(format_duration(250ms), "250ms");
    EXPECT_EQ(format_iso_duration(23153253ns), "PT0.023153253S");
    EXPECT_EQ(format_iso_duration(3661s), "PT1H1M1S");
    EXPECT_EQ(format_iso_duration(0s), "PT0S");
}

TEST(Size, ReadsUnitsOf1024AndRefusesOverflow) {
    EXPECT_EQ(parse_bytes("64KB"), Bytes::kilo(64));
    EXPECT_EQ(parse_bytes("10 mb"), Bytes::mega(10));
    EXPECT_EQ(parse_bytes("17"), Bytes{17});
    EXPECT_FALSE(parse_bytes("99999999999TB"));
    EXPECT_FALSE(parse_bytes("-1"));
    EXPECT_FALSE(parse_bytes("1XB"));
    EXPECT_EQ(format_bytes(Bytes::kilo(64)), "64KB");
    EXPECT_EQ(format_bytes(Bytes{1500}), "1500B");
}

TEST(Time, SurvivesARoundTrip) {
    for (const char* text :
         {"2026-03-09T15:00:00Z",
          "2026-03-09T15:00:00.020Z",
          "1969-12-31T23:59:59.999999Z",
          "2024-02-29T00:00:00.000000001Z"})
        EXPECT_EQ(format_iso_time(parse_iso_time(text).value()), text);
    EXPECT_EQ(parse_iso_time("2026-03-09T17:00:00+02:00"), parse_iso_time("2026-03-09T15:00:00Z"));
    EXPECT_EQ(
        format_iso_millis(parse_iso_time("2021-11-28T11:32:11.699Z").value(), "+00:00"),
        "2021-11-28T11:32:11.699+00:00"
    );
}

TEST(Time, RefusesWhatIsNone) {
    for (const char* text :
         {"",
          "2026-02-30T00:00:00Z",
          "2026-03-09",
          "2026-03-09T25:00:00Z",
          "2026-03-09T15:00:00",
          "2026-03-09T15:00:00.Z",
          "2026-03-09T15:00:00Zx",
          "9999-01-01T00:00:00Z"})
        EXPECT_FALSE(parse_iso_time(text)) << text;
}

}  // namespace

}  // namespace flotilla
