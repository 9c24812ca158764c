// WebSockets: frames pass as they are; what ends one side ends the other.

#include <gtest/gtest.h>

#include "flotilla/http/websocket_handshake.hpp"
#include "frame_boundary.hpp"
#include "proxy_harness.hpp"

namespace flotilla::proxy::testing {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using runtime::Stream;

const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string handshake =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
    key + "\r\nSec-WebSocket-Protocol: v1, v2\r\n\r\n";

std::string accepted() {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           http::websocket_accept(key) + "\r\nSec-WebSocket-Protocol: v2\r\n\r\n";
}

/// A masked frame with the mask 0, as a client may send.
std::string client_frame(char opcode, const std::string& payload) {
    return std::string(1, opcode) + std::string(1, static_cast<char>(0x80 | payload.size())) + "\0\0\0\0"s +
           payload;
}

std::string server_frame(char opcode, const std::string& payload) {
    return std::string(1, opcode) + std::string(1, static_cast<char>(payload.size())) + payload;
}

constexpr char text_frame = '\x81';
constexpr char close_frame = '\x88';

/// Shakes hands, says hello with the same bytes, and gives back what comes until the end; notes that end.
class Echo {
public:
    http::ScriptedServer::Script run() {
        return [this](Peer& peer) { return serve(peer); };
    }

    std::string request;
    std::string all;
    bool closed = false;
    runtime::Signal hang_up;

private:
    Task<> serve(Peer& peer) {
        request = co_await peer.request_head();
        co_await peer.say(accepted() + server_frame(text_frame, "hello"));
        std::array<char, 4096> block;
        for (;;) {
            const auto got = co_await peer.stream.read_some(block, http::soon());
            if (!got || *got == 0) break;
            const std::string bytes(block.data(), *got);
            all += bytes;
            if (has(bytes, "leave")) co_return;
            co_await peer.say(server_frame(text_frame, std::to_string(bytes.size())));
        }
        closed = true;
    }
};

TEST(ProxyFacts, F26_RelaysFramesAfterAHandshakeThatHolds) {
    Echo echo;
    with_proxy({echo.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Echo& there) -> Task<> {
            Stream client = co_await to.front.connect();
            // A frame may come right behind the request.
            (void)co_await client.write_all(handshake + client_frame(text_frame, "early"));
            const std::string opened = co_await to.read_until(
                client,
                "\x02"
                "11"
            );
            EXPECT_TRUE(opened.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << opened;
            EXPECT_TRUE(has(opened, "Sec-WebSocket-Accept: " + http::websocket_accept(key) + "\r\n"));
            EXPECT_TRUE(
                has(opened, "Sec-WebSocket-Protocol: v2\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            );
            EXPECT_TRUE(has(opened, server_frame(text_frame, "hello")));
            EXPECT_TRUE(has(there.request, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
                << there.request;
            const std::string goodbye = client_frame(close_frame, "\x0f\xa1"s);  // 4001
            (void)co_await client.write_all(goodbye);
            while (!there.all.ends_with(goodbye)) co_await runtime::yield();
            EXPECT_EQ(there.all, client_frame(text_frame, "early") + goodbye);
        };
        return run(h, echo);
    });
}

TEST(ProxyFacts, F26_PassesOnARefusal) {
    Script script({"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all(handshake);
        const std::string answer = co_await h.read_until(client, "\r\n\r\nno");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 Forbidden\r\n")) << answer;
        EXPECT_EQ(h.proxy->stats().idle, 1U);
    });
}

TEST(ProxyWebSocket, RefusesAHandshakeThatDoesNotHold) {
    const std::string wrong_key =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: AAAA\r\n\r\n";
    Script script({wrong_key});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all(handshake);
        const std::string answer = co_await h.read_until(client, "\r\n\r\n");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 502 ")) << answer;
        const std::string old =
            co_await h.get("/", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n");
        EXPECT_TRUE(old.starts_with("HTTP/1.1 426 ") || old.starts_with("HTTP/1.1 400 ")) << old;
        EXPECT_EQ(h.upstream.connections(), 1);
    });
}

TEST(ProxyWebSocket, EndsTheUpstreamWhenTheClientGoes) {
    Echo echo;
    with_proxy({echo.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Echo& there) -> Task<> {
            {
                Stream client = co_await to.front.connect();
                (void)co_await client.write_all(handshake);
                co_await to.read_until(client, "hello");
            }
            const TimePoint began = to.runtime.clock().now();
            while (!there.closed) co_await runtime::yield();
            EXPECT_LT(to.runtime.clock().now() - began, 1s);
            EXPECT_EQ(there.all, client_frame(close_frame, "\x03\xe9"s));
        };
        return run(h, echo);
    });
}

TEST(ProxyWebSocket, EndsTheClientWhenTheUpstreamGoes) {
    Echo echo;
    with_proxy({echo.run()}, [](ProxyHarness& h) -> Task<> {
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all(handshake);
        co_await h.read_until(client, "hello");
        (void)co_await client.write_all(client_frame(text_frame, "leave"));
        const TimePoint began = h.runtime.clock().now();
        EXPECT_EQ(co_await h.front.read_to_end(client), server_frame(close_frame, "\x03\xe9"s));
        EXPECT_LT(h.runtime.clock().now() - began, 1s);
    });
}

TEST(ProxyWebSocket, IsSaidGoodbyeToWhenNothingHappens) {
    Echo echo;
    Scene scene{echo.run()};
    scene.config.websocket_idle_timeout = 30ms;
    with_proxy(std::move(scene), [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Echo& there) -> Task<> {
            Stream client = co_await to.front.connect();
            (void)co_await client.write_all(handshake);
            co_await to.read_until(client, "hello");
            EXPECT_EQ(co_await to.front.read_to_end(client), server_frame(close_frame, "\x03\xe9"s));
            while (!there.closed) co_await runtime::yield();
            EXPECT_EQ(there.all, client_frame(close_frame, "\x03\xe9"s));
        };
        return run(h, echo);
    });
}

TEST(ProxyWebSocket, IsSaidGoodbyeToWhenTheServerDrains) {
    Echo echo;
    with_proxy({echo.run()}, [](ProxyHarness& h) -> Task<> {
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all(handshake);
        co_await h.read_until(client, "hello");
        // A grace longer than any test: it ends because the relay does.
        runtime::TaskScope scope(h.runtime.loop(0));
        static constexpr auto stop = [](ProxyHarness& to) -> Task<> {
            (void)co_await to.front.server.stop(http::soon(60s));
        };
        scope.spawn("stop", stop(h));
        EXPECT_EQ(co_await h.front.read_to_end(client), server_frame(close_frame, "\x03\xe9"s));
        {
            const Stream gone = std::move(client);
        }
        co_await scope.drain(http::soon());
    });
}

TEST(FrameBoundary, IsFoundHoweverTheBytesCome) {
    const std::string frames = server_frame(text_frame, "abc") + client_frame(text_frame, "") +
                               "\x82\x7e\x01\x00"s + std::string(256, 'x') +
                               "\x82\xff\0\0\0\0\0\0\0\x02mask12"s + server_frame(close_frame, "\x03\xe8"s);
    for (std::size_t step = 1; step <= frames.size(); ++step) {
        FrameBoundary boundary;
        EXPECT_TRUE(boundary.between_frames());
        for (std::size_t at = 0; at < frames.size(); at += step) {
            if (at + 4 < frames.size()) EXPECT_FALSE(boundary.close_passed());
            boundary.pass(std::string_view(frames).substr(at, step));
        }
        EXPECT_TRUE(boundary.between_frames()) << step;
        EXPECT_TRUE(boundary.close_passed()) << step;
    }
    FrameBoundary within;
    within.pass(
        "\x81\x05"
        "ab"
    );
    EXPECT_FALSE(within.between_frames());
    within.pass("cde");
    EXPECT_TRUE(within.between_frames());
}

}  // namespace
}  // namespace flotilla::proxy::testing
