// What the codec knows of a connection, without one.

#include "server/http2_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "http2_client.hpp"

namespace flotilla::http {
namespace {

using namespace std::chrono_literals;
using testing::frame;
using testing::get;
using testing::headers;
using testing::post;
using testing::window;
namespace flag = testing::frame_flag;
namespace type = testing::frame_type;

constexpr TimePoint start{1h};

/// A server that answers when it is told to.
class Server final : public Http2Events {
public:
    Server() {
        EXPECT_TRUE(receive(std::string(http2_preface) + frame(type::settings, flag::none, 0, "")));
        (void)sent();
    }

    bool receive(const std::string& bytes, TimePoint now = start) { return codec.receive(bytes, now); }

    /// What has gone out since.
    std::string sent() {
        std::string out;
        codec.produce(out, 1'000'000);
        return out;
    }

    void on_request(std::int32_t stream, std::string, bool) override { requests.push_back(stream); }

    void on_body(std::int32_t, std::string_view) override {}

    void on_end(std::int32_t, std::string) override {}

    void on_closed(std::int32_t) override {}

    void on_rejected(const Reject& reject) override { rejected = reject.rule; }

    Http2Piece pull(std::int32_t, std::span<char> into) override {
        const std::size_t size = std::min(into.size(), left);
        std::fill_n(into.begin(), size, 'x');
        left -= size;
        return {.size = size, .last = left == 0};
    }

    Http2Codec codec{{}, *this};
    std::vector<std::int32_t> requests;
    std::string rejected;
    std::size_t left = 0;
};

TEST(Http2Codec, WaitsForTheRestOfABlock) {
    Server server;
    const std::string whole = headers(1, get("/"));
    server.receive(whole.substr(0, whole.size() - 3));
    EXPECT_EQ(server.codec.header_since(), start);
    server.receive(whole.substr(whole.size() - 3), start + 1s);
    EXPECT_EQ(server.codec.header_since(), std::nullopt);
    server.receive(frame(type::headers, flag::end_stream, 3, testing::block(get("/"))), start + 2s);
    EXPECT_EQ(server.codec.header_since(), start + 2s) << "a continuation is owed";
    server.receive(frame(type::continuation, flag::end_headers, 3, ""), start + 3s);
    EXPECT_EQ(server.codec.header_since(), std::nullopt);
    EXPECT_EQ(server.requests, (std::vector<std::int32_t>{1, 3}));
}

TEST(Http2Codec, DoesNotWaitForABlockThatCrossesItsGoaway) {
    Server server;
    server.receive(headers(1, get("/")));
    server.codec.go_away();
    EXPECT_FALSE(server.sent().empty());
    EXPECT_TRUE(server.receive(headers(3, get("/"))));
    EXPECT_EQ(server.codec.header_since(), std::nullopt);
    EXPECT_EQ(server.requests, std::vector<std::int32_t>{1});
    EXPECT_TRUE(server.codec.alive());
}

TEST(Http2Codec, DoesNotWaitForTrailersThatCrossItsReset) {
    Server server;
    server.receive(headers(1, post("/"), false));
    server.codec.reset(1, Http2Error::cancel);
    EXPECT_FALSE(server.sent().empty());
    EXPECT_TRUE(server.receive(headers(1, {{"x-sum", "7"}})));
    EXPECT_EQ(server.codec.header_since(), std::nullopt);
}

TEST(Http2Codec, F46_AFloodOfWindowUpdatesIsAbuse) {
    Server server;
    server.receive(headers(1, get("/")));
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(server.receive(window(i % 2 == 0 ? 0 : 1, 1)));
    EXPECT_FALSE(server.receive(window(0, 1)));
    EXPECT_EQ(server.rejected, "S15");
}

TEST(Http2Codec, F46_AFloodOfUnknownFramesIsAbuse) {
    Server server;
    for (int i = 0; i < 1000; ++i)
        ASSERT_TRUE(server.receive(frame(static_cast<std::uint8_t>(10 + i % 246), flag::none, 0, "abc")));
    EXPECT_FALSE(server.receive(frame(0x42, flag::none, 0, "")));
    EXPECT_EQ(server.rejected, "S15");
}

TEST(Http2Codec, UnknownFramesArePassedOver) {
    Server server;
    EXPECT_TRUE(server.receive(frame(0x10, flag::none, 0, std::string(20, 'p')) + headers(1, get("/"))));
    EXPECT_TRUE(server.receive(frame(0xff, 0xff, 1, "") + headers(3, get("/"))));
    EXPECT_EQ(server.requests, (std::vector<std::int32_t>{1, 3}));
}

TEST(Http2Codec, WhoReadsALongAnswerInSmallPiecesIsNoAbuser) {
    Server server;
    server.receive(headers(1, get("/")));
    server.left = std::size_t{64} << 20;
    server.codec.respond(1, 200, "", true);
    std::size_t read = 0;
    while (server.left > 0) {
        const std::string out = server.sent();
        ASSERT_FALSE(out.empty());
        read += out.size();
        for (std::size_t piece = 0; piece < out.size(); piece += 4096)
            ASSERT_TRUE(server.receive(window(0, 4096) + window(1, 4096))) << "after " << read;
    }
}

}  // namespace
}  // namespace flotilla::http
