#include "flotilla/service/cron.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <random>

#include "flotilla/base/units.hpp"

namespace flotilla::service {
namespace {

namespace chr = std::chrono;
using namespace std::chrono_literals;
using testing::HasSubstr;

LocalTime at(std::string_view iso) {
    const auto wall = parse_iso_time(std::string(iso) + "Z").value();
    return LocalTime(chr::floor<chr::seconds>(wall.time_since_epoch()));
}

std::string shown(std::optional<LocalTime> time) {
    if (!time) return "never";
    const std::string text = format_iso_time(WallTime(time->time_since_epoch()));
    return text.substr(0, text.size() - 1);
}

CronExpression cron(std::string_view text) {
    auto parsed = CronExpression::parse(text);
    EXPECT_TRUE(parsed) << parsed.error().message();
    return *parsed;
}

std::string next(std::string_view expression, std::string_view after) {
    return shown(cron(expression).next(at(after)));
}

struct Row {
    const char* expression;
    const char* after;
    const char* expected;
};

class CronTable : public testing::TestWithParam<Row> {};

TEST_P(CronTable, GivesTheNextTime) {
    const Row& row = GetParam();
    EXPECT_EQ(next(row.expression, row.after), row.expected) << row.expression << " after " << row.after;
}

INSTANTIATE_TEST_SUITE_P(
    Spring,
    CronTable,
    testing::Values(
        // 9 March 2026 is a Monday.
        Row{"* * * * * *", "2026-03-09T17:45:40", "2026-03-09T17:45:41"},
        Row{"0 * * * * *", "2026-03-09T17:45:40", "2026-03-09T17:46:00"},
        Row{"0 * * * * *", "2026-03-09T17:59:59", "2026-03-09T18:00:00"},
        Row{"*/10 * * * * *", "2026-03-09T17:45:40", "2026-03-09T17:45:50"},
        Row{"*/10 * * * * *", "2026-03-09T17:45:50", "2026-03-09T17:46:00"},
        Row{"5/20 * * * * *", "2026-03-09T17:45:40", "2026-03-09T17:45:45"},
        Row{"0 0 0/3 1/1 * ?", "2026-03-09T15:00:00", "2026-03-09T18:00:00"},
        Row{"0 0 * * * *", "2026-12-31T23:30:00", "2027-01-01T00:00:00"},
        Row{"0 0 8-10 * * *", "2026-03-09T10:00:00", "2026-03-10T08:00:00"},
        Row{"0 0/30 8-10 * * *", "2026-03-09T08:00:00", "2026-03-09T08:30:00"},
        Row{"0 0 6,19 * * *", "2026-03-09T06:00:00", "2026-03-09T19:00:00"},
        Row{"0 0 9-17 * * MON-FRI", "2026-03-13T17:00:00", "2026-03-16T09:00:00"},
        Row{"0 0 0 * * SAT,sun", "2026-03-09T00:00:00", "2026-03-14T00:00:00"},
        Row{"0 0 0 * * FRI-MON", "2026-03-10T00:00:00", "2026-03-13T00:00:00"},
        Row{"0 0 0 * * 7", "2026-03-09T00:00:00", "2026-03-15T00:00:00"},
        Row{"0 0 0 * * 0", "2026-03-09T00:00:00", "2026-03-15T00:00:00"},
        Row{"0 0 0 25 DEC ?", "2026-03-09T00:00:00", "2026-12-25T00:00:00"},
        Row{"0 0 0 29 2 *", "2026-03-09T00:00:00", "2028-02-29T00:00:00"},
        Row{"0 0 0 29 2 MON", "2028-03-01T00:00:00", "2044-02-29T00:00:00"},
        Row{"0 0 0 31 * *", "2026-03-31T00:00:00", "2026-05-31T00:00:00"},
        Row{"0 0 0 30 2 *", "2026-03-09T00:00:00", "never"},
        // A day must fit both fields, as in Spring.
        Row{"0 0 0 13 * FRI", "2026-03-09T00:00:00", "2026-03-13T00:00:00"},
        Row{"0 0 0 13 * FRI", "2026-03-13T00:00:00", "2026-11-13T00:00:00"},
        Row{"0 0 0 L * *", "2026-02-09T00:00:00", "2026-02-28T00:00:00"},
        Row{"0 0 0 L-3 * *", "2026-02-09T00:00:00", "2026-02-25T00:00:00"},
        Row{"0 0 0 1W * *", "2026-07-31T00:00:00", "2026-08-03T00:00:00"},   // 1 August is a Saturday
        Row{"0 0 0 15W * *", "2026-03-01T00:00:00", "2026-03-16T00:00:00"},  // 15 March is a Sunday
        Row{"0 0 0 14W * *", "2026-03-01T00:00:00", "2026-03-13T00:00:00"},
        Row{"0 0 0 LW * *", "2026-05-01T00:00:00", "2026-05-29T00:00:00"},  // 31 May is a Sunday
        Row{"0 0 0 ? * 5L", "2026-03-01T00:00:00", "2026-03-27T00:00:00"},
        Row{"0 0 0 ? * THUL", "2026-03-01T00:00:00", "2026-03-26T00:00:00"},
        Row{"0 0 0 ? * 5#2", "2026-03-01T00:00:00", "2026-03-13T00:00:00"},
        Row{"0 0 0 ? * MON#1", "2026-03-02T00:00:00", "2026-04-06T00:00:00"},
        Row{"0 0 0 ? * MON#5", "2026-03-31T00:00:00", "2026-06-29T00:00:00"},
        Row{"@hourly", "2026-03-09T17:45:40", "2026-03-09T18:00:00"},
        Row{"@daily", "2026-03-09T17:45:40", "2026-03-10T00:00:00"},
        Row{"@midnight", "2026-03-09T17:45:40", "2026-03-10T00:00:00"},
        Row{"@weekly", "2026-03-09T17:45:40", "2026-03-15T00:00:00"},
        Row{"@monthly", "2026-03-09T17:45:40", "2026-04-01T00:00:00"},
        Row{"@yearly", "2026-03-09T17:45:40", "2027-01-01T00:00:00"}
    )
);

TEST(Cron, RefusesWhatIsNoExpressionAndSaysWhichField) {
    for (const char* text :
         {"",
          "* * * * *",
          "* * * * * * *",
          "60 * * * * *",
          "* 60 * * * *",
          "* * 24 * * *",
          "* * * 0 * *",
          "* * * 32 * *",
          "* * * * 0 *",
          "* * * * 13 *",
          "* * * * * 8",
          "* * * * * MON#6",
          "*/0 * * * * *",
          "10-5 * * * * *",
          "a * * * * *",
          "1, * * * * *",
          "* * * L-40 * *",
          "* * * xW * *",
          "@often"}) {
        EXPECT_FALSE(CronExpression::parse(text)) << text;
    }
    EXPECT_THAT(
        CronExpression::parse("* * 24 * * *").error().message(),
        HasSubstr("cron expression '* * 24 * * *': hours '24'")
    );
}

TEST(Cron, EachNextTimeIsLaterAndFitsWhateverTheExpression) {
    std::mt19937 random(20260309);
    const auto field = [&](unsigned least, unsigned most) -> std::string {
        std::uniform_int_distribution<unsigned> value(least, most);
        switch (random() % 4) {
            case 0:
                return "*";
            case 1:
                return std::to_string(value(random));
            case 2:
                return "*/" + std::to_string(1 + random() % 20);
            default: {
                const unsigned a = value(random);
                const unsigned b = value(random);
                return std::to_string(std::min(a, b)) + "-" + std::to_string(std::max(a, b));
            }
        }
    };
    for (int i = 0; i < 300; ++i) {
        const std::string text = field(0, 59) + " " + field(0, 59) + " " + field(0, 23) + " " + field(1, 28) +
                                 " " + field(1, 12) + " *";
        const CronExpression expression = cron(text);
        LocalTime time = at("2026-01-01T00:00:00") + chr::seconds(random() % 300'000'000);
        for (int n = 0; n < 5; ++n) {
            const auto found = expression.next(time);
            ASSERT_TRUE(found) << text;
            ASSERT_GT(*found, time) << text;
            // Nothing lies between: asked a second before, it says the same.
            ASSERT_EQ(expression.next(*found - 1s), found) << text;
            time = *found;
        }
    }
}

/// Another time zone for the length of a test.
class InTimeZone {
public:
    explicit InTimeZone(const char* zone) {
        if (const char* former = std::getenv("TZ")) former_ = former;
        ::setenv("TZ", zone, 1);
        ::tzset();
    }

    ~InTimeZone() {
        if (former_)
            ::setenv("TZ", former_->c_str(), 1);
        else
            ::unsetenv("TZ");
        ::tzset();
    }

    InTimeZone(const InTimeZone&) = delete;
    InTimeZone& operator=(const InTimeZone&) = delete;

private:
    std::optional<std::string> former_;
};

/// Central European time, written out so that no zone files are needed.
constexpr const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

std::string next_wall(std::string_view expression, std::string_view after) {
    const auto found = next_wall_time(cron(expression), parse_iso_time(after).value());
    return found ? format_iso_time(*found) : "never";
}

TEST(Cron, FollowsTheLocalClock) {
    const InTimeZone zone(berlin);
    EXPECT_EQ(next_wall("0 30 3 * * *", "2026-01-10T00:00:00Z"), "2026-01-10T02:30:00Z");
    EXPECT_EQ(next_wall("0 30 3 * * *", "2026-07-10T00:00:00Z"), "2026-07-10T01:30:00Z");
}

TEST(Cron, ATimeThatSummerTimeLeavesOutComesAnHourLater) {
    const InTimeZone zone(berlin);
    // On 29 March 2026 the clocks go from 2:00 to 3:00, at 1:00 UTC.
    EXPECT_EQ(next_wall("0 30 2 * * *", "2026-03-28T12:00:00Z"), "2026-03-29T01:30:00Z");
    EXPECT_EQ(next_wall("0 30 2 * * *", "2026-03-29T01:30:00Z"), "2026-03-30T00:30:00Z");
}

TEST(Cron, ATimeThatIsShownTwiceComesOnce) {
    const InTimeZone zone(berlin);
    // On 25 October 2026 the clocks go from 3:00 back to 2:00, at 1:00 UTC.
    const std::string first = next_wall("0 30 2 * * *", "2026-10-24T12:00:00Z");
    EXPECT_TRUE(first == "2026-10-25T00:30:00Z" || first == "2026-10-25T01:30:00Z") << first;
    EXPECT_EQ(next_wall("0 30 2 * * *", first), "2026-10-26T01:30:00Z");
}

TEST(Cron, GoesOnThroughTheHourThatIsShownTwice) {
    const InTimeZone zone(berlin);
    std::string time = "2026-10-24T23:50:00Z";
    for (int i = 0; i < 30; ++i) {
        const std::string later = next_wall("0 */10 * * * *", time);
        ASSERT_GT(later, time);
        time = later;
    }
    EXPECT_GT(time, "2026-10-25T02:00:00Z");
}

}  // namespace
}  // namespace flotilla::service
