#include "flotilla/tracing/span_data.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "flotilla/base/encoding.hpp"

namespace flotilla::tracing {

namespace {

using namespace std::chrono_literals;

TEST(SpanData, KeepsTheLastValueOfATag) {
    SpanData span;
    span.tag("a", "first");
    span.tag("b", "x");
    span.tag("a", "2");
    span.tag("b", "a longer one");
    span.tag_if_absent("a", "no");
    EXPECT_EQ(span.find_tag("a"), "2");
    EXPECT_EQ(span.find_tag("b"), "a longer one");
    EXPECT_EQ(span.tag_count(), 2U);
    EXPECT_EQ(span.tag_at(0), (SpanData::Tag{"a", "2"}));
    EXPECT_FALSE(span.find_tag("c"));
}

TEST(SpanData, LowersItsName) {
    SpanData span;
    span.set_name("GET /users/{userId}");
    EXPECT_EQ(span.name(), "get /users/{userid}");
}

TEST(SpanData, CutsLongTextAtACharacterAndSaysSo) {
    SpanData span;
    std::string korean;
    for (int i = 0; i < 200; ++i) korean += "한";
    span.tag("k", korean);
    const std::string_view value = *span.find_tag("k");
    EXPECT_LE(value.size(), 256U);
    EXPECT_TRUE(value.ends_with("…"));
    EXPECT_TRUE(is_valid_utf8(value));

    span.tag(std::string(80, 'x'), "v");
    EXPECT_EQ(span.tag_at(1).key, std::string(61, 'x') + "…");
    span.tag(std::string(80, 'x'), "w");
    EXPECT_EQ(span.tag_count(), 2U) << "a cut key is found again";

    span.tag("sql.query", std::string(5000, 's'));
    EXPECT_EQ(span.find_tag("sql.query")->size(), 4096U);
    span.tag("e", std::string(256, 'e'));
    EXPECT_EQ(span.find_tag("e"), std::string(256, 'e'));
}

TEST(SpanData, HoldsSoManyEntriesAndCountsTheRest) {
    SpanData span;
    for (int i = 0; i < 100; ++i) {
        span.tag("k" + std::to_string(i), "v");
        span.annotate(WallTime{1s}, "a");
    }
    EXPECT_EQ(span.tag_count(), 64U);
    EXPECT_EQ(span.annotation_count(), 64U);
    EXPECT_EQ(span.dropped(), 72U);
}

TEST(SpanData, DoesNotGrowHoweverOftenATagIsRewritten) {
    SpanData span;
    for (int i = 0; i < 100'000; ++i) {
        span.tag("sql.a", std::string(static_cast<std::size_t>(i % 4000), 'x'));
        span.set_name("name");
    }
    EXPECT_LT(span.footprint(), 600U * 1024);
}

TEST(SpanData, IsAValue) {
    SpanData span;
    span.set_name("n");
    span.tag("k", "v");
    span.annotate(WallTime{2s}, "cache.miss");
    span.set_remote({.service = "mysql", .ip = "10.0.0.1", .port = 3306});
    const SpanData copy = span;
    span.clear();
    EXPECT_EQ(span.name(), "");
    EXPECT_EQ(span.tag_count(), 0U);
    EXPECT_TRUE(span.remote().empty());
    EXPECT_EQ(copy.name(), "n");
    EXPECT_EQ(copy.find_tag("k"), "v");
    EXPECT_EQ(copy.annotation_at(0), (SpanData::Annotation{WallTime{2s}, "cache.miss"}));
    EXPECT_EQ(copy.remote(), (EndpointView{"mysql", "10.0.0.1", 3306}));
}

TEST(SpanData, CountsMicrosecondsAsZipkinDoes) {
    SpanData span;
    span.start = WallTime{1'556'604'172'355'737'999ns};
    span.duration = 1999ns;
    EXPECT_EQ(span.timestamp().count(), 1'556'604'172'355'737);
    EXPECT_EQ(span.duration_us().count(), 1);
    span.duration = 0ns;
    EXPECT_EQ(span.duration_us().count(), 1);
    span.duration = 2000ns;
    EXPECT_EQ(span.duration_us().count(), 2);
}

TEST(SpanPool, ARecordComesBackClean) {
    for (int i = 0; i < 100; ++i) {
        const SpanPtr span = make_span();
        EXPECT_EQ(span->tag_count(), 0U);
        EXPECT_FALSE(span->context.valid());
        span->tag("k", "v");
        span->context.span_id = 1;
    }
}

TEST(SpanPool, RecordsMayEndOnAnotherThread) {
    for (int round = 0; round < 4; ++round) {
        std::vector<SpanPtr> spans;
        std::thread([&] {
            for (int i = 0; i < 3000; ++i) spans.push_back(make_span());
        }).join();
        std::thread([&] { spans.clear(); }).join();
    }
    EXPECT_EQ(make_span()->tag_count(), 0U);
}

TEST(SpanKind, HasZipkinsNames) {
    EXPECT_EQ(to_string(SpanKind::none), "");
    EXPECT_EQ(to_string(SpanKind::client), "CLIENT");
    EXPECT_EQ(to_string(SpanKind::server), "SERVER");
    EXPECT_EQ(to_string(SpanKind::producer), "PRODUCER");
    EXPECT_EQ(to_string(SpanKind::consumer), "CONSUMER");
}

}  // namespace

}  // namespace flotilla::tracing
