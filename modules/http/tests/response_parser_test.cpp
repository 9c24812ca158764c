#include "flotilla/http/response_parser.hpp"

#include <gtest/gtest.h>

namespace flotilla::http {
namespace {

using namespace std::string_literals;

struct Parsed {
    Progress progress;
    ResponseHead head;
    Reject reject;
    std::size_t consumed;
};

Parsed parse(std::string_view text, Method method = Method::get) {
    ResponseParser parser;
    parser.reset(method);
    const Progress progress = parser.parse(text);
    return {progress, parser.head(), parser.reject(), parser.consumed()};
}

TEST(ResponseParser, GivesTheParts) {
    const std::string text =
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX_Y: z\r\nContent-Length: 4\r\n\r\nnope";
    const Parsed parsed = parse(text);
    ASSERT_EQ(parsed.progress, Progress::done) << parsed.reject.why;
    EXPECT_EQ(parsed.head.status, 404);
    EXPECT_EQ(parsed.head.reason, "Not Found");
    EXPECT_EQ(parsed.head.fields.size(), 3u);
    EXPECT_EQ(parsed.head.fields.get("x_y"), "z");
    EXPECT_EQ(parsed.head.framing, BodyFraming::length);
    EXPECT_EQ(parsed.head.content_length, 4u);
    EXPECT_TRUE(parsed.head.keep_alive);
    EXPECT_EQ(parsed.consumed, text.size() - 4);
}

TEST(ResponseParser, AcceptsAStatusLineWithoutReason) {
    EXPECT_EQ(parse("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").head.reason, "");
    EXPECT_EQ(parse("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").progress, Progress::done);
    EXPECT_EQ(parse("HTTP/1.1 200 \xc3\xa4 b\r\nContent-Length: 0\r\n\r\n").head.reason, "\xc3\xa4 b");
}

TEST(ResponseParser, KnowsHowTheBodyEnds) {
    const auto framing = [](std::string_view text, Method method = Method::get) {
        return parse(text, method).head.framing;
    };
    const std::string_view sized = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
    EXPECT_EQ(framing(sized), BodyFraming::length);
    EXPECT_EQ(framing(sized, Method::head), BodyFraming::none);
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), BodyFraming::chunked);
    EXPECT_EQ(
        framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::head), BodyFraming::none
    );
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\n\r\n"), BodyFraming::until_close);
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), BodyFraming::none);
    EXPECT_EQ(framing("HTTP/1.1 204 No Content\r\n\r\n"), BodyFraming::none);
    EXPECT_EQ(framing("HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n"), BodyFraming::none);
    EXPECT_EQ(
        framing("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"), BodyFraming::until_close
    );
    EXPECT_EQ(
        framing("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n"), BodyFraming::length
    );
}

TEST(ResponseParser, KnowsWhetherTheConnectionStays) {
    EXPECT_TRUE(parse("HTTP/1.1 204 x\r\n\r\n").head.keep_alive);
    EXPECT_FALSE(parse("HTTP/1.1 204 x\r\nConnection: close\r\n\r\n").head.keep_alive);
    EXPECT_FALSE(parse("HTTP/1.0 204 x\r\n\r\n").head.keep_alive);
    EXPECT_TRUE(parse("HTTP/1.0 204 x\r\nConnection: keep-alive\r\n\r\n").head.keep_alive);
    EXPECT_FALSE(parse("HTTP/1.1 200 x\r\n\r\n").head.keep_alive);
}

TEST(ResponseParser, TellsWhetherOtherFieldsMeanTheConnection) {
    const auto names = [](const std::string& value) {
        return parse("HTTP/1.1 204 x\r\nConnection: " + value + "\r\n\r\n").head.connection_names;
    };
    EXPECT_FALSE(names("Keep-Alive"));
    EXPECT_FALSE(names("close, keep-alive"));
    EXPECT_TRUE(names("close, X-Other"));
    EXPECT_TRUE(names("upgrade"));
    EXPECT_FALSE(parse("HTTP/1.1 204 x\r\n\r\n").head.connection_names);
}

TEST(ResponseParser, TellsInterimResponses) {
    EXPECT_TRUE(parse("HTTP/1.1 100 Continue\r\n\r\n").head.interim());
    EXPECT_TRUE(parse("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").head.interim());
    EXPECT_FALSE(parse("HTTP/1.1 101 Switching Protocols\r\n\r\n").head.interim());
    EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\n\r\n").head.interim());
}

const std::vector<std::string>& malformed() {
    static const std::vector<std::string> rows = {
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        "HTTP/1.1 200 OK\nX: a\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 600 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 O\x01K\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "<html>",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 " + std::string(9000, 'a') + "\r\n\r\n",
    };
    return rows;
}

TEST(ResponseParser, RefusesWhatIsMalformed) {
    for (const std::string& row : malformed()) {
        const Parsed parsed = parse(row);
        EXPECT_EQ(parsed.progress, Progress::rejected) << row;
        EXPECT_EQ(parsed.reject.rule, "S18") << row;
        EXPECT_EQ(parsed.reject.status, 502) << row;
        EXPECT_FALSE(parsed.reject.why.empty()) << row;
    }
}

TEST(ResponseParser, HasTheSameOutcomeByteByByte) {
    auto rows = malformed();
    rows.push_back("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 4\r\n\r\n");
    rows.push_back("HTTP/1.1 200\r\n\r\n");
    for (const std::string& row : rows) {
        const Parsed whole = parse(row);
        ResponseParser parser;
        parser.reset(Method::get);
        Progress progress = Progress::need_more;
        std::unique_ptr<std::string> buffer;
        for (std::size_t size = 1; size <= row.size() && progress == Progress::need_more; ++size) {
            buffer = std::make_unique<std::string>(row.substr(0, size));
            progress = parser.parse(*buffer);
        }
        EXPECT_EQ(progress, whole.progress) << row;
        EXPECT_EQ(parser.reject(), whole.reject) << row;
        if (progress == Progress::done) {
            EXPECT_EQ(parser.consumed(), row.size());
        }
    }
}

}  // namespace
}  // namespace flotilla::http
