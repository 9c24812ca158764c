#include "flotilla/proxy/outgoing.hpp"

#include <gtest/gtest.h>

#include "flotilla/http/request_parser.hpp"

namespace flotilla::proxy {
namespace {

class CopyRequest : public ::testing::Test {
protected:
    std::string_view copy(
        const std::string& line, const std::string& fields, bool forwarded = false, bool trace = false
    ) {
        text_ = line + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
        parser_.reset();
        EXPECT_EQ(parser_.parse(text_), http::Progress::done) << text_;
        copy_request(
            parser_.head(), {.hop_by_hop = hops, .drop_trace = trace, .drop_forwarded = forwarded}, out
        );
        return out.fields.text();
    }

    HopByHop hops;
    Outgoing out;

private:
    std::string text_;
    http::RequestParser parser_;
};

TEST_F(CopyRequest, KeepsTheTargetOctetByOctet) {
    copy("GET /a//b;m=1/%C3%a4?x=%2F&&y=+&=v?", "");
    EXPECT_EQ(out.target, "/a//b;m=1/%C3%a4?x=%2F&&y=+&=v?");
    copy("GET /a?", "");
    EXPECT_EQ(out.target, "/a?");
    copy("GET http://a/b?c", "");
    EXPECT_EQ(out.target, "/b?c");
    EXPECT_EQ(out.method, "GET");
}

TEST_F(CopyRequest, LeavesBehindWhatMeansTheConnection) {
    EXPECT_EQ(
        copy(
            "GET /",
            "Connection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nTE: trailers\r\nTrailer: "
            "X\r\n"
            "Proxy-Authorization: x\r\nProxy-Connection: close\r\nX-Application-Context: c\r\nAccept: */*\r\n"
        ),
        "Accept: */*\r\n"
    );
}

TEST_F(CopyRequest, LeavesTheFramingToTheEngine) {
    EXPECT_EQ(
        copy("POST /", "Content-Length: 3\r\nExpect: 100-continue\r\nContent-Type: a/b\r\n"),
        "Content-Type: a/b\r\n"
    );
    EXPECT_EQ(copy("POST /", "Transfer-Encoding: chunked\r\n"), "");
}

TEST_F(CopyRequest, KeepsTrailersForGrpc) {
    EXPECT_EQ(
        copy("POST /", "TE: trailers\r\nContent-Type: application/grpc+proto\r\n"),
        "Content-Type: application/grpc+proto\r\nTE: trailers\r\n"
    );
}

TEST_F(CopyRequest, HasSpringsListReplacedButNeverTheFraming) {
    const std::vector<std::string> names{"X-Inner"};
    hops = HopByHop(names);
    EXPECT_EQ(
        copy("GET /", "X-Inner: 1\r\nKeep-Alive: 5\r\nUpgrade: x\r\nConnection: keep-alive\r\n"),
        "Keep-Alive: 5\r\n"
    );
}

TEST_F(CopyRequest, DropsForwardedAndTraceFieldsWhenTheyAreWrittenAnew) {
    const std::string fields =
        "X-Forwarded-For: 9.9.9.9\r\nx-forwarded-anything: 1\r\nForwarded: for=1\r\nb3: 0\r\n"
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nA: 1\r\n";
    EXPECT_EQ(copy("GET /", fields, true, true), "A: 1\r\n");
    EXPECT_EQ(copy("GET /", fields), fields);
}

TEST_F(CopyRequest, ForgetsTheRequestBefore) {
    copy("GET /a", "A: 1\r\n");
    out.host = "x";
    copy("GET /b", "B: 2\r\n");
    EXPECT_EQ(out.target, "/b");
    EXPECT_EQ(out.host, "");
    EXPECT_EQ(out.fields.text(), "B: 2\r\n");
}

TEST_F(CopyRequest, F47_DoesNotPassOnAnUpgradeToHttp2) {
    EXPECT_EQ(
        copy("GET /", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
        ""
    );
    EXPECT_FALSE(out.websocket);
}

TEST_F(CopyRequest, F48_DoesNotLetConnectionTakeAwayWhatSecurityHangsOn) {
    const std::string kept =
        "X-User-Id: 7\r\nAuthorization: Bearer x\r\nCookie: a=b\r\nContent-Type: a/b\r\nX-Forwarded-For: "
        "1.2.3.4\r\n"
        "Forwarded: for=1.2.3.4\r\n";
    EXPECT_EQ(
        copy(
            "GET /",
            "Connection: X-User-Id, Authorization, host, COOKIE, Content-Type, X-Forwarded-For, Forwarded, "
            "X-Gone\r\n" +
                kept + "X-Gone: 1\r\n"
        ),
        kept
    );
}

TEST(CopyResponse, F22_LeavesTheUpstreamsFramingBehindAndKeepsItsDate) {
    const std::string text =
        "HTTP/1.1 404 Nope\r\nServer: s\r\nDate: Sat, 21 Nov 2026 17:38:14 GMT\r\nConnection: "
        "X-Hop\r\nX-Hop: 1\r\n"
        "Keep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\nUpgrade: h2c\r\nSet-Cookie: a\r\nSet-Cookie: "
        "b\r\n\r\n";
    http::ResponseParser parser;
    parser.reset(http::Method::get);
    ASSERT_EQ(parser.parse(text), http::Progress::done);
    http::Response response;
    response.set("X-Early", "1");
    copy_response(parser.head(), HopByHop(), response);
    EXPECT_EQ(response.status(), http::Status::not_found);
    EXPECT_EQ(
        response.headers().text(),
        "X-Early: 1\r\nServer: s\r\nDate: Sat, 21 Nov 2026 17:38:14 GMT\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
    );
    EXPECT_TRUE(response.brings_date());
    http::HeaderBlock kept;
    copy_end_to_end(parser.head().fields, HopByHop(), kept);
    EXPECT_EQ("X-Early: 1\r\n" + std::string(kept.text()), response.headers().text()) << "the same list";
}

}  // namespace
}  // namespace flotilla::proxy
