// Heads of HTTP/2 as text of HTTP/1.1, and the budget of cheap frames: without a connection.

#include "server/http2_head.hpp"

#include <gtest/gtest.h>

#include "flotilla/http/chunked.hpp"
#include "flotilla/http/request_parser.hpp"
#include "http2_client.hpp"
#include "server/http2_budget.hpp"

namespace flotilla::http {
namespace {

using testing::get;
using testing::Lines;
using testing::post;
using Verdict = Http2Head::Verdict;

constexpr std::size_t limit = 32 * 1024;

/// The text; empty when the head is refused.
std::string text_of(
    const Lines& fields, bool ended = true, Http2Head::Block block = Http2Head::Block::request
) {
    Http2Head head(limit);
    head.start(block);
    for (const auto& [name, value] : fields) (void)head.add(name, value);
    return head.finish(ended) == Verdict::fine ? head.take() : std::string();
}

TEST(Http2HeadText, SaysTheSameInHttp1) {
    EXPECT_EQ(
        text_of(get("/a?b=c", {{"accept", "*/*"}, {"x-empty", ""}})),
        "GET /a?b=c HTTP/1.1\r\nHost: a.example\r\naccept: */*\r\nx-empty: \r\n\r\n"
    );
}

TEST(Http2HeadText, FramesABodyOfUnknownLengthAsChunks) {
    EXPECT_TRUE(text_of(post("/a"), false).ends_with("transfer-encoding: chunked\r\n\r\n"));
    const std::string known = text_of(post("/a", {{"content-length", "5"}}), false);
    EXPECT_TRUE(known.ends_with("content-length: 5\r\n\r\n")) << known;
}

TEST(Http2HeadText, JoinsTheCrumbsOfACookie) {
    const std::string text = text_of(get("/", {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}}));
    EXPECT_NE(text.find("cookie: a=1; b=2\r\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("cookie"), text.rfind("cookie"));
}

TEST(Http2HeadText, TakesTheHostFromWhereItIs) {
    const Lines host{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "h"}};
    EXPECT_EQ(text_of(host), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(text_of(get("/", {{"host", "A.example"}})), "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
}

TEST(Http2HeadText, LeavesToTheParserWhatItJudgesForHttp1) {
    RequestParser parser;
    const auto status = [&parser](const Lines& fields) {
        parser.reset();
        const std::string text = text_of(fields);
        return parser.parse(text) == Progress::rejected ? parser.reject().status : 0;
    };
    EXPECT_EQ(status(get("/a/%2e%2e/b")), 400);
    EXPECT_EQ(status(get("/" + std::string(9000, 'a'))), 414);
    EXPECT_EQ(status(get("/", {{"expect", "wonders"}})), 417);
    EXPECT_EQ(status({{":method", "CONNECT"}, {":authority", "a:1"}}), 405);
    EXPECT_EQ(status({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}), 400);  // no host at all
    EXPECT_EQ(status({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a@b"}}), 400);
    Lines many = get("/");
    for (int i = 0; i < 101; ++i) many.emplace_back("x-" + std::to_string(i), "");
    EXPECT_EQ(status(many), 431);
    EXPECT_EQ(status(get("/plain")), 0);
}

TEST(Http2HeadText, F45_RefusesWhatWouldMeanSomethingElse) {
    const std::vector<std::pair<std::string, Lines>> bad{
        {"upper-case name", get("/", {{"X-Upper", "1"}})},
        {"connection", get("/", {{"connection", "x"}})},
        {"keep-alive", get("/", {{"keep-alive", "1"}})},
        {"proxy-connection", get("/", {{"proxy-connection", "x"}})},
        {"transfer-encoding", post("/", {{"transfer-encoding", "chunked"}})},
        {"upgrade", get("/", {{"upgrade", "h2c"}})},
        {"te", get("/", {{"te", "gzip"}})},
        {"no method", {{":scheme", "http"}, {":path", "/"}, {":authority", "a"}}},
        {"no scheme", {{":method", "GET"}, {":path", "/"}, {":authority", "a"}}},
        {"no path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}},
        {"empty path", get("")},
        {"method twice", get("/", {{":method", "GET"}})},
        {"path twice", get("/", {{":path", "/"}})},
        {"late", {{":method", "GET"}, {":scheme", "http"}, {"x", "y"}, {":path", "/"}, {":authority", "a"}}},
        {"unknown pseudo field", get("/", {{":protocol", "websocket"}})},
        {"status of a request", get("/", {{":status", "200"}})},
        {"other host", get("/", {{"host", "b.example"}})},
        {"host twice", get("/", {{"host", "a.example"}, {"host", "a.example"}})},
        {"CR in a value", get("/", {{"x", "a\rb"}})},
        {"LF in a value", get("/", {{"x", "a\nb"}})},
        {"CRLF in a value", get("/", {{"x", "a\r\nevil: 1"}})},
        {"NUL in a value", get("/", {{"x", std::string("a\0b", 3)}})},
        {"CRLF in a cookie", get("/", {{"cookie", "a\r\nevil: 1"}})},
        {"CRLF in a name", get("/", {{"x\r\nevil", "1"}})},
        {"CRLF in the path", get("/ HTTP/1.1\r\nevil: 1\r\n")},
        {"blank in the path", get("/a b")},
        {"blank in the method", {{":method", "GET /x"}, {":scheme", "http"}, {":path", "/"}}},
        {"CRLF in the authority",
         {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a\r\nevil: 1"}}},
        {"other scheme", {{":method", "GET"}, {":scheme", "ftp"}, {":path", "/"}, {":authority", "a"}}},
    };
    for (const auto& [what, fields] : bad) EXPECT_EQ(text_of(fields), "") << what;
    EXPECT_NE(text_of(get("/", {{"te", "trailers"}})), "");
}

TEST(Http2HeadText, F46_EndsAtItsLimit) {
    Http2Head head(1000);
    head.start(Http2Head::Block::request);
    EXPECT_EQ(head.add("x", std::string(900, 'a')), Verdict::fine);
    EXPECT_EQ(head.add("y", std::string(100, 'a')), Verdict::too_large);
    head.start(Http2Head::Block::request);
    int fields = 0;
    while (head.add("x", "") == Verdict::fine) ++fields;
    EXPECT_EQ(fields, 1000 / 33);
}

TEST(Http2HeadText, WritesTrailersAsTheyEndChunks) {
    const auto trailers = Http2Head::Block::trailers;
    const std::string text = text_of({{"x-sum", "7"}}, true, trailers);
    EXPECT_EQ(text, "0\r\nx-sum: 7\r\n\r\n");
    ChunkedDecoder decoder;
    EXPECT_EQ(decoder.next(text).state, ChunkedDecoder::State::done);
    EXPECT_EQ(decoder.trailers().get("x-sum"), "7");
    EXPECT_EQ(text_of({{":path", "/"}}, true, trailers), "");
    EXPECT_EQ(text_of({{"x", "a\r\nb: c"}}, true, trailers), "");
}

TEST(Http2Budget, F46_AllowsAHundredInTenSeconds) {
    using namespace std::chrono_literals;
    using Kind = Http2Budget::Kind;
    Http2Budget budget;
    const TimePoint start{100s};
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(budget.spend(Kind::reset, start + i * 50ms));
    EXPECT_TRUE(budget.spend(Kind::ping, start + 5s));
    EXPECT_FALSE(budget.spend(Kind::reset, start + 9s));
    EXPECT_TRUE(budget.spend(Kind::reset, start + 10s));
}

}  // namespace
}  // namespace flotilla::http
