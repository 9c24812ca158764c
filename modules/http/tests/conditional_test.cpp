#include "flotilla/http/conditional.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"
#include "flotilla/http/http_date.hpp"

namespace flotilla::http {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr WallTime now{std::chrono::seconds{1'773'068'400}};  // 2026-03-09T15:00:00Z
constexpr WallTime example{std::chrono::seconds{784'111'777}};

TEST(HttpDate, IsWrittenAsTheStandardHasIt) {
    EXPECT_EQ(HttpDate(example).text(), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(HttpDate(now + 999ms).text(), "Mon, 09 Mar 2026 15:00:00 GMT");
    EXPECT_EQ(HttpDate(WallTime{}).text(), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(HttpDate(WallTime{-1s}).text(), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(HttpDate, IsReadInAllThreeForms) {
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), example);
    EXPECT_EQ(
        HttpDate(*parse_http_date("Monday, 01-Jun-76 00:00:00 GMT", now)).text(),
        "Mon, 01 Jun 2076 00:00:00 GMT"
    );
    EXPECT_EQ(
        HttpDate(*parse_http_date("Monday, 01-Jun-77 00:00:00 GMT", now)).text(),
        "Wed, 01 Jun 1977 00:00:00 GMT"
    );
}

TEST(HttpDate, IsNotReadFromOtherText) {
    for (const char* bad :
         {"",
          "Sun",
          "Sun, 06 Nov 1994 08:49:37",
          "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 6 Nov 1994 08:49:37 GMT",
          "Sun, 31 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:00:00 GMT",
          "Sun, 06 nov 1994 08:49:37 GMT",
          "Xyz, 06 Nov 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 GMT ",
          "1994-11-06T08:49:37Z",
          "784111777",
          "Someday, 06-Nov-94 08:49:37 GMT",
          "Sun, 06 ovD 1994 08:49:37 GMT",
          "Sun, 06 Nov 9999 08:49:37 GMT"}) {
        EXPECT_EQ(parse_http_date(bad, now), std::nullopt) << bad;
    }
}

TEST(HttpDate, IsReadAsItWasWritten) {
    Random random(5);
    for (int round = 0; round < 2000; ++round) {
        const WallTime time{std::chrono::seconds{static_cast<std::int64_t>(random.below(9'000'000'000))}};
        EXPECT_EQ(parse_http_date(HttpDate(time).text(), now), time);
    }
}

TEST(EntityTag, ComparesAsTheStandardHasIt) {
    const auto tag = [](std::string_view text) { return *EntityTag::parse(text); };
    EXPECT_FALSE(tag("W/\"1\"").strongly_equals(tag("W/\"1\"")));
    EXPECT_TRUE(tag("W/\"1\"").weakly_equals(tag("W/\"1\"")));
    EXPECT_FALSE(tag("W/\"1\"").weakly_equals(tag("W/\"2\"")));
    EXPECT_FALSE(tag("W/\"1\"").strongly_equals(tag("\"1\"")));
    EXPECT_TRUE(tag("W/\"1\"").weakly_equals(tag("\"1\"")));
    EXPECT_TRUE(tag("\"1\"").strongly_equals(tag("\"1\"")));
    for (const char* bad : {"", "\"", "1", "w/\"1\"", "\"a\"b\"", "\"a b\"", "W/1"}) {
        EXPECT_EQ(EntityTag::parse(bad), std::nullopt) << bad;
    }
}

Fields fields_of(std::initializer_list<Field> all) {
    Fields fields;
    for (const Field& field : all) fields.add(field.name, field.value);
    return fields;
}

class Preconditions : public ::testing::Test {
protected:
    Precondition check(std::initializer_list<Field> fields, Method method = Method::get) const {
        return check_preconditions(method, fields_of(fields), validators, now);
    }

    Validators validators{.etag = "\"v1\"", .last_modified = example + 300ms};
};

TEST_F(Preconditions, AreOptional) {
    EXPECT_EQ(check({}), Precondition::proceed);
}

TEST_F(Preconditions, IfNoneMatchSavesTheBody) {
    EXPECT_EQ(check({{"If-None-Match", "\"v1\""}}), Precondition::not_modified);
    EXPECT_EQ(check({{"If-None-Match", "\"v0\", W/\"v1\""}}), Precondition::not_modified);
    EXPECT_EQ(check({{"If-None-Match", "\"a,b\""}, {"If-None-Match", "\"v1\""}}), Precondition::not_modified);
    EXPECT_EQ(check({{"If-None-Match", "*"}}), Precondition::not_modified);
    EXPECT_EQ(check({{"If-None-Match", "\"v2\""}}), Precondition::proceed);
    EXPECT_EQ(check({{"If-None-Match", "v1"}}), Precondition::proceed);
    EXPECT_EQ(check({{"If-None-Match", "\"v1\""}}, Method::put), Precondition::failed);
    validators = {.exists = false};
    EXPECT_EQ(check({{"If-None-Match", "*"}}, Method::put), Precondition::proceed);
}

TEST_F(Preconditions, IfModifiedSinceCountsWithoutIfNoneMatch) {
    EXPECT_EQ(check({{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}), Precondition::not_modified);
    EXPECT_EQ(check({{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}), Precondition::proceed);
    EXPECT_EQ(check({{"If-Modified-Since", "yesterday"}}), Precondition::proceed);
    EXPECT_EQ(
        check({{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}, Method::post), Precondition::proceed
    );
    EXPECT_EQ(
        check({{"If-None-Match", "\"v2\""}, {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}),
        Precondition::proceed
    );
}

TEST_F(Preconditions, IfMatchGuardsAgainstLostUpdates) {
    EXPECT_EQ(check({{"If-Match", "\"v0\", \"v1\""}}, Method::put), Precondition::proceed);
    EXPECT_EQ(check({{"If-Match", "*"}}, Method::put), Precondition::proceed);
    EXPECT_EQ(check({{"If-Match", "W/\"v1\""}}, Method::put), Precondition::failed);
    EXPECT_EQ(check({{"If-Match", "\"v2\""}}, Method::put), Precondition::failed);
    EXPECT_EQ(
        check({{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}, Method::put), Precondition::proceed
    );
    EXPECT_EQ(
        check({{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}, Method::put), Precondition::failed
    );
    validators = {.exists = false};
    EXPECT_EQ(check({{"If-Match", "*"}}, Method::put), Precondition::failed);
}

TEST(Range, ReadsTheFormsOfTheStandard) {
    const auto ranges = [](std::string_view text) { return parse_range(text, 10'000).ranges; };
    EXPECT_THAT(ranges("bytes=0-499"), ElementsAre(ByteRange{0, 499}));
    EXPECT_THAT(ranges("Bytes=500-999"), ElementsAre(ByteRange{500, 999}));
    EXPECT_THAT(ranges("bytes=-500"), ElementsAre(ByteRange{9500, 9999}));
    EXPECT_THAT(ranges("bytes=9500-"), ElementsAre(ByteRange{9500, 9999}));
    EXPECT_THAT(ranges("bytes=9500-20000"), ElementsAre(ByteRange{9500, 9999}));
    EXPECT_THAT(ranges("bytes=-20000"), ElementsAre(ByteRange{0, 9999}));
    EXPECT_THAT(ranges("bytes=0-0, -1"), ElementsAre(ByteRange{0, 0}, ByteRange{9999, 9999}));
    EXPECT_THAT(ranges("bytes=0-0,20000-"), ElementsAre(ByteRange{0, 0}));
}

TEST(Range, KnowsWhenNothingFits) {
    using Kind = RangeChoice::Kind;
    EXPECT_EQ(parse_range("bytes=10000-", 10'000).kind, Kind::unsatisfiable);
    EXPECT_EQ(parse_range("bytes=-0", 10'000).kind, Kind::unsatisfiable);
    EXPECT_EQ(parse_range("bytes=0-", 0).kind, Kind::unsatisfiable);
    EXPECT_EQ(parse_range("bytes=-5", 0).kind, Kind::unsatisfiable);
}

TEST(Range, GivesTheWholeForWhatItDoesNotServe) {
    for (const char* text :
         {"",
          "bytes",
          "bytes=",
          "bytes=,",
          "items=0-1",
          "bytes=5-1",
          "bytes=a-b",
          "bytes=1",
          "bytes=-",
          "bytes=1-2-3",
          "bytes=+1-2",
          "bytes=0-18446744073709551616",
          "bytes=0-10,5-20",
          "bytes=5-20,0-5",
          "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,32-32"
         }) {
        EXPECT_EQ(parse_range(text, 100).kind, RangeChoice::Kind::whole) << text;
    }
}

TEST(Range, CountsForGetOfTheSameContentOnly) {
    using Kind = RangeChoice::Kind;
    const Validators validators{.etag = "\"v1\"", .last_modified = example};
    const auto kind = [&](std::initializer_list<Field> fields, Method method = Method::get) {
        return choose_range(method, fields_of(fields), validators, 100, now).kind;
    };
    EXPECT_EQ(kind({{"Range", "bytes=0-1"}}), Kind::partial);
    EXPECT_EQ(kind({{"Range", "bytes=0-1"}}, Method::head), Kind::whole);
    EXPECT_EQ(kind({{"Range", "bytes=0-1"}, {"If-Range", "\"v1\""}}), Kind::partial);
    EXPECT_EQ(kind({{"Range", "bytes=0-1"}, {"If-Range", "W/\"v1\""}}), Kind::whole);
    EXPECT_EQ(kind({{"Range", "bytes=0-1"}, {"If-Range", "\"v0\""}}), Kind::whole);
    EXPECT_EQ(kind({{"Range", "bytes=0-1"}, {"If-Range", "Sun, 06 Nov 1994 08:49:37 GMT"}}), Kind::partial);
    EXPECT_EQ(kind({{"Range", "bytes=0-1"}, {"If-Range", "Sun, 06 Nov 1994 08:49:38 GMT"}}), Kind::whole);
    EXPECT_EQ(kind({{"Range", "bytes=0-1"}, {"Range", "bytes=5-6"}}), Kind::whole);
}

TEST(Range, IsNamedInTheAnswer) {
    EXPECT_EQ(content_range({0, 499}, 1234), "bytes 0-499/1234");
    EXPECT_EQ(unsatisfied_content_range(1234), "bytes */1234");
}

}  // namespace
}  // namespace flotilla::http
