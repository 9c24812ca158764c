#include "flotilla/http/sse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flotilla::http {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::vector<std::string> read(SseParser& parser, std::string_view text, std::size_t step) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < text.size(); at += step) {
        EXPECT_TRUE(parser.feed(text.substr(at, step), [&](const SseMessage& m) {
            all.push_back(m.event + '|' + m.data + '|' + m.last_event_id);
        }));
    }
    return all;
}

std::vector<std::string> read(std::string_view text) {
    SseParser parser;
    const auto whole = read(parser, text, text.size() + 1);
    for (const std::size_t step : {1u, 2u, 3u, 7u}) {
        SseParser slow;
        EXPECT_EQ(read(slow, text, step), whole) << step;
    }
    return whole;
}

TEST(Sse, WritesEvents) {
    std::string out;
    append_event(out, {.data = "hello"});
    EXPECT_EQ(out, "data: hello\n\n");
    out.clear();
    append_event(out, {.data = "a\r\nb\n\nc", .event = "up\r\ndate", .id = "7\ndata: x", .retry = 3s});
    EXPECT_EQ(out, "event: update\nid: 7data: x\nretry: 3000\ndata: a\ndata: b\ndata: \ndata: c\n\n");
    out.clear();
    append_comment(out, "still here");
    EXPECT_EQ(out, ": still here\n\n");
}

// The examples of the HTML standard.
TEST(Sse, ReadsTheExamplesOfTheStandard) {
    EXPECT_THAT(read("data: YHOO\ndata: +2\ndata: 10\n\n"), ElementsAre("message|YHOO\n+2\n10|"));
    EXPECT_THAT(
        read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
        ElementsAre("message|first event|1", "message|second event|", "message| third event|")
    );
    EXPECT_THAT(read("data\n\ndata\ndata\n\ndata:"), ElementsAre("message||", "message|\n|"));
    EXPECT_THAT(read("data:test\n\ndata: test\n\n"), ElementsAre("message|test|", "message|test|"));
}

TEST(Sse, ReadsAllLineEndsAndSkipsTheByteOrderMark) {
    EXPECT_THAT(
        read("\xef\xbb\xbf"
             "data: a\r\n\r\ndata: b\r\rdata: c\n\n"),
        ElementsAre("message|a|", "message|b|", "message|c|")
    );
    EXPECT_THAT(
        read("event: x\ndata: \xef\xbb\xbf\n\nevent: y\n\ndata: z\n\n"),
        ElementsAre("x|\xef\xbb\xbf|", "message|z|")
    );
}

TEST(Sse, RemembersIdAndRetry) {
    SseParser parser;
    read(
        parser, std::string_view("id: 1\nretry: 250\ndata: x\n\nid: a\0b\nretry: -5\nretry: 1x\n\n", 52), 100
    );
    EXPECT_EQ(parser.last_event_id(), "1");
    EXPECT_EQ(parser.retry(), 250ms);
}

TEST(Sse, ReadsWhatItWrote) {
    std::string out;
    append_event(out, {.data = "a\nb\n", .event = "e", .id = "i"});
    append_comment(out);
    append_event(out, {.data = ""});
    EXPECT_THAT(read(out), ElementsAre("e|a\nb\n|i", "message||i"));
}

TEST(Sse, StopsAtEventsOverTheLimit) {
    SseParser parser(100);
    const auto ignore = [](const SseMessage&) {};
    EXPECT_TRUE(parser.feed("data: " + std::string(80, 'x'), ignore));
    EXPECT_FALSE(parser.feed(std::string(40, 'x'), ignore));
    SseParser lines(100);
    Result<void> result;
    for (int i = 0; i < 30 && result; ++i) result = lines.feed("data: 12345\n", ignore);
    EXPECT_FALSE(result);
}

}  // namespace
}  // namespace flotilla::http
