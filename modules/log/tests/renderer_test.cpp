#include <gtest/gtest.h>

#include "flotilla/base/units.hpp"
#include "flotilla/log/sink.hpp"

namespace flotilla::log {
namespace {

Record example() {
    Record record;
    record.time = *parse_iso_time("2026-03-09T17:45:40.516Z");
    record.level = Level::warn;
    record.logger = "order.api";
    record.thread = "io-1";
    record.service = "order";
    record.pid = 42;
    record.message = "hello";
    return record;
}

std::string rendered(const Record& record, Style style) {
    style.zone = TimeZone::utc;
    std::string out;
    Renderer(style).render(record, out);
    return out;
}

TEST(Renderer, EscapesLineEndsAndControlCharacters) {
    Record record = example();
    record.message = "a\nb\r\tc\x1b[31m\x7f d\xC2\x9Bk \xC3\xA9";
    EXPECT_EQ(
        rendered(record, {}),
        "2026-03-09 17:45:40.516  WARN [order,,] 42 --- [io-1] order.api : a\\nb\\r\\tc\\x1b[31m\\x7f "
        "d\\x9bk "
        "\xC3\xA9\n"
    );
}

TEST(Renderer, WritesSleuthsFourthFieldWhenAsked) {
    Record record = example();
    record.trace = {.trace_low = 1, .span_id = 2, .sampled = true};
    EXPECT_EQ(
        rendered(record, {.legacy_correlation = true}),
        "2026-03-09 17:45:40.516  WARN [order,0000000000000001,0000000000000002,true] 42 --- [io-1] "
        "order.api : "
        "hello\n"
    );
    EXPECT_NE(rendered(example(), {.legacy_correlation = true}).find("[order,,,]"), std::string::npos);
}

TEST(Renderer, ColoursWhenAsked) {
    const std::string line = rendered(example(), {.colour = Colour::always});
    EXPECT_NE(line.find("\x1b[33m WARN\x1b[0m"), std::string::npos);
    EXPECT_EQ(rendered(example(), {.colour = Colour::automatic}).find('\x1b'), std::string::npos);
}

TEST(Renderer, WritesJsonLines) {
    Record record = example();
    record.trace = {.trace_high = 0xab, .trace_low = 1, .span_id = 2, .parent_id = 3};
    record.message = "say \"hi\"\n\\ \x01";
    const Record::Entry fields[] = {
        {"orderId", "17", Record::Kind::bare},
        {"state", "o\"k", Record::Kind::text},
        {"tenant", "blue", Record::Kind::context}
    };
    record.fields = fields;
    EXPECT_EQ(
        rendered(record, {.format = Format::json}),
        R"({"timestamp":"2026-03-09T17:45:40.516Z","level":"WARN","service":"order",)"
        R"("traceId":"00000000000000ab0000000000000001","spanId":"0000000000000002","parentId":"0000000000000003",)"
        R"("pid":42,"thread":"io-1","logger":"order.api","message":"say \"hi\"\n\\ \u0001",)"
        R"("orderId":17,"state":"o\"k","tenant":"blue"})"
        "\n"
    );
}

TEST(Renderer, LeavesTraceKeysOutOfJsonWithoutATrace) {
    EXPECT_EQ(rendered(example(), {.format = Format::json}).find("traceId"), std::string::npos);
}

TEST(Renderer, KeepsJsonValidForBytesThatAreNotUtf8) {
    Record record = example();
    record.message = "caf\xE9";
    EXPECT_NE(rendered(record, {.format = Format::json}).find("\"caf\xC3\xA9\""), std::string::npos);
}

TEST(Renderer, HandlesTimesBeforeTheEpoch) {
    Record record = example();
    record.time = WallTime{std::chrono::milliseconds{-1}};
    EXPECT_TRUE(rendered(record, {}).starts_with("1969-12-31 23:59:59.999 "));
}

TEST(LoggerName, IsShortenedFromTheLeftWhenLongerThan39) {
    EXPECT_EQ(shorten_logger_name("order.api"), "order.api");
    EXPECT_EQ(
        shorten_logger_name("org.springframework.boot.web.embedded.tomcat.TomcatWebServer"),
        "o.s.b.w.embedded.tomcat.TomcatWebServer"
    );
    EXPECT_EQ(
        shorten_logger_name("com.example.AnEndlessClassNameThatGoesOnAndOnAndOnAndOn"),
        "ndlessClassNameThatGoesOnAndOnAndOnAndOn"
    );
}

}  // namespace
}  // namespace flotilla::log
