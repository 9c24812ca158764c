#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/http/websocket_frame.hpp"
#include "flotilla/http/websocket_handshake.hpp"

namespace flotilla::http {
namespace {

using namespace std::string_literals;
using Event = WebSocketDecoder::Kind;

TEST(WebSocketHandshake, AnswersTheKeyOfTheStandard) {
    EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(
        websocket_key({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}), "AQIDBAUGBwgJCgsMDQ4PEA=="
    );
}

class Handshake : public ::testing::Test {
protected:
    std::expected<WebSocketOffer, Reject> check(const std::string& lines) {
        text_ =
            "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + lines + "\r\n";
        parser_.reset();
        EXPECT_EQ(parser_.parse(text_), Progress::done);
        return check_websocket_request(parser_.head());
    }

    std::string text_;
    RequestParser parser_;
};

TEST_F(Handshake, GivesKeyAndProtocols) {
    const auto offer = check(
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Protocol: v2\r\n"
    );
    ASSERT_TRUE(offer);
    EXPECT_EQ(offer->key, "dGhlIHNhbXBsZSBub25jZQ==");
    EXPECT_THAT(offer->protocols, ::testing::ElementsAre("chat", "superchat", "v2"));
    const std::vector<std::string_view> supported = {"v2", "superchat"};
    EXPECT_EQ(choose_subprotocol(offer->protocols, supported), "superchat");
    EXPECT_EQ(choose_subprotocol({}, supported), "");
}

TEST_F(Handshake, RefusesWhatIsMalformed) {
    const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const std::string version = "Sec-WebSocket-Version: 13\r\n";
    EXPECT_EQ(check(key).error().status, 426);
    EXPECT_EQ(check(key + "Sec-WebSocket-Version: 8\r\n").error().status, 426);
    EXPECT_EQ(check(version).error().status, 400);
    EXPECT_EQ(check(version + "Sec-WebSocket-Key: c2hvcnQ=\r\n").error().status, 400);
    EXPECT_EQ(check(version + "Sec-WebSocket-Key: !\r\n").error().status, 400);
    EXPECT_EQ(check(version + key + key).error().status, 400);
    EXPECT_EQ(check(version + key + "Sec-WebSocket-Protocol: a/b\r\n").error().status, 400);
    EXPECT_EQ(check(version + key + "Content-Length: 1\r\n").error().status, 400);
}

TEST(WebSocketClientHandshake, ChecksTheAnswer) {
    const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
    const auto check = [&](const std::string& text) {
        ResponseParser parser;
        parser.reset(Method::get);
        EXPECT_EQ(parser.parse(text), Progress::done);
        const std::vector<std::string_view> offered = {"chat"};
        return check_websocket_response(parser.head(), key, offered);
    };
    const std::string good =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    EXPECT_EQ(*check(good + "\r\n"), "");
    EXPECT_EQ(*check(good + "Sec-WebSocket-Protocol: chat\r\n\r\n"), "chat");
    EXPECT_FALSE(check(good + "Sec-WebSocket-Protocol: other\r\n\r\n"));
    EXPECT_FALSE(check(good + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"));
    EXPECT_FALSE(check("HTTP/1.1 403 Forbidden\r\n\r\n"));
    EXPECT_FALSE(check("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"));
    EXPECT_FALSE(check("HTTP/1.1 101 x\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"));
}

// Feeds `wire` in pieces of `step` bytes and writes down what happens.
std::vector<std::string> happenings(std::string wire, WebSocketDecoder::Options options, std::size_t step) {
    WebSocketMessages messages(options);
    std::vector<std::string> all;
    for (std::size_t at = 0; at < wire.size(); at += step) {
        std::string piece = wire.substr(at, step);
        std::span<char> rest(piece);
        while (true) {
            const auto next = messages.next(rest);
            rest = rest.subspan(next.consumed);
            const std::string payload(next.payload);
            if (next.kind == Event::need_more) break;
            if (next.kind == Event::data)
                all.push_back((next.message == Opcode::text ? "text " : "binary ") + payload);
            if (next.kind == Event::ping) all.push_back("ping " + payload);
            if (next.kind == Event::pong) all.push_back("pong " + payload);
            if (next.kind == Event::close)
                all.push_back("close " + std::to_string(next.close_code) + payload);
            if (next.kind == Event::rejected) all.push_back("rejected " + std::to_string(next.close_code));
        }
    }
    return all;
}

std::vector<std::string> happenings(const std::string& wire, WebSocketDecoder::Options options) {
    const auto whole = happenings(wire, options, wire.size() + 1);
    for (const std::size_t step : {1u, 2u, 3u, 5u}) EXPECT_EQ(happenings(wire, options, step), whole) << step;
    return whole;
}

constexpr WebSocketDecoder::Options as_client{.role = WebSocketRole::client};
constexpr WebSocketDecoder::Options as_server{.role = WebSocketRole::server, .max_message = 1000};
using ::testing::ElementsAre;

// RFC 6455, 5.7.
TEST(WebSocketFrames, FollowTheExamplesOfTheStandard) {
    EXPECT_THAT(happenings("\x81\x05Hello", as_client), ElementsAre("text Hello"));
    EXPECT_THAT(
        happenings("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", as_server), ElementsAre("text Hello")
    );
    EXPECT_THAT(happenings("\x01\x03Hel\x80\x02lo", as_client), ElementsAre("text Hello"));
    EXPECT_THAT(happenings("\x89\x05Hello", as_client), ElementsAre("ping Hello"));
    EXPECT_THAT(
        happenings("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", as_server), ElementsAre("pong Hello")
    );
    const std::string medium(256, 'x');
    EXPECT_THAT(happenings("\x82\x7e\x01\x00"s + medium, as_client), ElementsAre("binary " + medium));
    const std::string large(65536, 'y');
    EXPECT_THAT(
        happenings("\x82\x7f\0\0\0\0\0\1\0\0"s + large, as_client, 4096), ElementsAre("binary " + large)
    );
}

TEST(WebSocketFrames, MayHaveControlFramesInBetween) {
    EXPECT_THAT(
        happenings("\x01\x03Hel\x89\x01p\x00\x00\x80\x02lo\x82\x00"s, as_client),
        ElementsAre("ping p", "text Hello", "binary ")
    );
}

TEST(WebSocketFrames, EndWithAClose) {
    EXPECT_THAT(happenings("\x88\x00\x81\x01x"s, as_client), ElementsAre("close 1005"));
    EXPECT_THAT(
        happenings(
            "\x88\x05\x03\xe8"
            "bye",
            as_client
        ),
        ElementsAre("close 1000bye")
    );
    EXPECT_THAT(happenings("\x88\x02\x0f\xa1", as_client), ElementsAre("close 4001"));
}

TEST(WebSocketFrames, AreRefusedWhenTheyBreakTheRules) {
    const auto refused = [](const std::string& wire, const std::string& code = "1002") {
        EXPECT_THAT(happenings(wire, as_client), ElementsAre("rejected " + code)) << to_hex(wire);
    };
    refused("\x81\x81mmmmx");  // a server does not mask
    refused("\xc1\x01x");      // reserved bits
    refused("\x83\x01x");      // unknown opcodes
    refused("\x8b\x01x");
    refused("\x09\x01x");               // control frames are never cut in parts
    refused("\x89\x7e\x00\x7e"s);       // nor long
    refused("\x80\x01x");               // continuation of nothing
    refused("\x81\x7e\x00\x05Hello"s);  // a longer form than needed
    refused("\x81\x7f\0\0\0\0\0\0\1\0"s);
    refused("\x81\x7f\x80\0\0\0\0\0\0\0"s);
    refused("\x88\x01x");         // half a close code
    refused("\x88\x02\x03\xed");  // 1005
    refused("\x88\x02\x03\xe7");  // 999
    refused("\x88\x03\x03\xe8\xff", "1007");
    refused("\x81\x02\xc3\x28", "1007");  // no UTF-8
    refused("\x81\x01\xc3", "1007");      // cut off
    refused("\x82\x7f\0\0\0\0\x10\0\0\0"s, "1009");
    EXPECT_THAT(happenings("\x81\x01x", as_server), ElementsAre("rejected 1002"));
    EXPECT_THAT(happenings("\x01\x01x\x81\x01y", as_client), ElementsAre("rejected 1002"));
    EXPECT_THAT(happenings("\x01\x01\xc3\x80\x01\xa4", as_client), ElementsAre("text \xc3\xa4"));
}

TEST(WebSocketFrames, CannotGrowAMessageOverItsLimit) {
    std::string wire;
    append_frame(wire, Opcode::binary, std::string(600, 'x'), 7, false);
    append_frame(wire, Opcode::continuation, std::string(400, 'x'), 7, false);
    append_frame(wire, Opcode::continuation, "x", 7, true);
    EXPECT_THAT(happenings(wire, as_server), ElementsAre("rejected 1009"));
}

TEST(WebSocketFrames, OfNothingCostNothing) {
    std::string wire = "\x02\x00"s;
    for (int i = 0; i < 100'000; ++i) wire += "\x00\x00"s;
    wire += "\x80\x00"s;
    EXPECT_THAT(happenings(wire, as_client, wire.size()), ElementsAre("binary "));
}

TEST(WebSocketFrames, AreReadAsTheyWereWritten) {
    Random random(23);
    for (const auto role : {WebSocketRole::server, WebSocketRole::client}) {
        std::string wire;
        std::vector<std::string> expected;
        for (int round = 0; round < 200; ++round) {
            std::optional<std::uint32_t> mask;
            if (role == WebSocketRole::server) mask = static_cast<std::uint32_t>(random());
            std::string payload(random.below(random.below(10) == 0 ? 70'000 : 300), '\0');
            for (char& c : payload) c = static_cast<char>(random());
            expected.push_back("binary " + payload);
            const auto cut = random.below(payload.size() + 1);
            append_frame(wire, Opcode::binary, payload.substr(0, cut), mask, false);
            append_frame(wire, Opcode::ping, "p", mask);
            expected.insert(expected.end() - 1, "ping p");
            append_frame(wire, Opcode::continuation, payload.substr(cut), mask, true);
        }
        append_close(
            wire,
            CloseCode::going_away,
            std::string(200, 'r'),
            role == WebSocketRole::server ? std::optional(5u) : std::nullopt
        );
        expected.push_back("close 1001" + std::string(123, 'r'));
        EXPECT_EQ(happenings(wire, {.role = role}, 1 + random.below(5000)), expected);
    }
}

TEST(WebSocketMask, IsItsOwnInverseAtEveryOffset) {
    Random random(29);
    for (std::size_t size = 0; size < 40; ++size) {
        std::string text(size, '\0');
        for (char& c : text) c = static_cast<char>(random());
        const auto mask = static_cast<std::uint32_t>(random());
        std::string slow = text;
        for (std::size_t i = 0; i < size; ++i) {
            slow[i] = static_cast<char>(slow[i] ^ reinterpret_cast<const char*>(&mask)[i % 4]);
        }
        for (std::size_t cut = 0; cut <= size; ++cut) {
            std::string fast = text;
            apply_mask(std::span(fast).first(cut), mask);
            apply_mask(std::span(fast).subspan(cut), mask, cut);
            EXPECT_EQ(fast, slow);
        }
    }
}

TEST(Utf8Validator, AgreesWithTheWholeTextInPieces) {
    Random random(31);
    const std::vector<std::string> parts = {
        "a",
        "\xc3\xa4",
        "\xe2\x82\xac",
        "\xf0\x9f\x9a\xa2",
        "\xed\x9f\xbf",
        "\xf4\x8f\xbf\xbf",
        "\xc0\x80",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xff",
        "\x80",
        "\xc3",
        "plain ascii text of some length"
    };
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto count = random.below(8); count > 0; --count) {
            text += parts[random.below(random.below(4) == 0 ? parts.size() : 6)];
        }
        Utf8Validator validator;
        bool valid = true;
        for (std::size_t at = 0; at < text.size() && valid;) {
            const auto size = std::min<std::size_t>(1 + random.below(12), text.size() - at);
            valid = validator.feed(std::string_view(text).substr(at, size));
            at += size;
        }
        EXPECT_EQ(valid && validator.complete(), is_valid_utf8(text)) << to_hex(text);
    }
}

}  // namespace
}  // namespace flotilla::http
