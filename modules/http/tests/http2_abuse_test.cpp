// What is refused on HTTP/2 connections: rules S14 and S15 of the security table, clients that are slow or
// idle.

#include <gtest/gtest.h>

#include "http2_client.hpp"
#include "http2_routes.hpp"

namespace flotilla::http {
namespace {

using namespace std::chrono_literals;
using testing::block;
using testing::data;
using testing::eventually;
using testing::frame;
using testing::get;
using testing::headers;
using testing::Http2Client;
using testing::Http2Routes;
using testing::Lines;
using testing::post;
using testing::ServerHarness;
using testing::with_h2c;
namespace flag = testing::frame_flag;
namespace type = testing::frame_type;

constexpr std::uint32_t protocol_error = 1;
constexpr std::uint32_t refused_stream = 7;
constexpr std::uint32_t enhance_your_calm = 11;

class Http2Abuse : public ::testing::Test {
protected:
    void run(std::function<Task<>(ServerHarness&)> body, ServerConfig config = {}) {
        testing::with_server(routes.router, std::move(body), with_h2c(std::move(config)));
    }

    /// What is sent on stream 3 resets it; a request before it and one behind it are answered.
    void expect_stream_error(const std::string& what, const std::string& bytes) {
        SCOPED_TRACE(what);
        run([&](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            const std::string text = headers(1, get("/slow")) + bytes + headers(5, get("/hello"));
            co_await client->send(text);
            EXPECT_EQ((co_await client->answer(3)).reset, protocol_error) << what;
            EXPECT_EQ(client->answers[3].status, 0) << what;
            EXPECT_EQ((co_await client->answer(5)).status, 200) << what;
            EXPECT_EQ((co_await client->answer(1)).body, "at last") << what;
            EXPECT_FALSE(client->goaway) << what;
            EXPECT_EQ(f.server.stats().rejected, 1u) << what;
        });
    }

    void expect_head_refused(const std::string& what, const Lines& fields) {
        expect_stream_error(what, headers(3, fields));
    }

    /// What is sent ends the connection; another one goes on.
    void expect_calm(std::function<Task<>(Http2Client&)> flood, std::uint32_t error = enhance_your_calm) {
        run([&](ServerHarness& f) -> Task<> {
            auto other = co_await Http2Client::open(f);
            auto client = co_await Http2Client::open(f);
            co_await flood(*client);
            co_await client->read_to_end();
            EXPECT_EQ(client->goaway, error);
            EXPECT_TRUE(client->closed);
            client.reset();  // the server lingers until it has gone
            EXPECT_EQ((co_await other->ask(1, get("/hello"))).status, 200);
            EXPECT_TRUE(co_await eventually(f, [&f] { return f.server.stats().connections == 1; }));
        });
    }

    Http2Routes routes;
};

TEST_F(Http2Abuse, F45_UpperCaseNameIsAStreamError) {
    expect_head_refused("upper case", get("/hello", {{"X-Upper", "1"}}));
}

TEST_F(Http2Abuse, F45_ConnectionSpecificHeadersAreStreamErrors) {
    expect_head_refused("connection", get("/hello", {{"connection", "close"}}));
    expect_head_refused("keep-alive", get("/hello", {{"keep-alive", "1"}}));
    expect_head_refused("proxy-connection", get("/hello", {{"proxy-connection", "x"}}));
    expect_head_refused("transfer-encoding", post("/echo", {{"transfer-encoding", "chunked"}}));
    expect_head_refused("upgrade", get("/hello", {{"upgrade", "h2c"}}));
    expect_head_refused("te", get("/hello", {{"te", "gzip"}}));
}

TEST_F(Http2Abuse, F45_MissingDuplicateAndLatePseudoHeadersAreStreamErrors) {
    for (const char* missing : {":method", ":scheme", ":path"}) {
        Lines fields = get("/hello");
        std::erase_if(fields, [&](const auto& field) { return field.first == missing; });
        expect_head_refused(missing, fields);
    }
    expect_head_refused("duplicate", get("/hello", {{":path", "/hello"}}));
    Lines late = get("/hello");
    late.insert(late.begin() + 2, {"x-early", "1"});
    expect_head_refused("late", late);
    expect_head_refused("unknown", get("/hello", {{":wrong", "1"}}));
}

TEST_F(Http2Abuse, F45_AuthorityThatDiffersFromHostIsAStreamError) {
    expect_head_refused("host", get("/hello", {{"host", "b.example"}}));
}

TEST_F(Http2Abuse, F45_LineEndsAndNulInAValueAreStreamErrors) {
    expect_head_refused("CR", get("/hello", {{"x", "a\rb"}}));
    expect_head_refused("LF", get("/hello", {{"x", "a\nb"}}));
    expect_head_refused("CRLF", get("/hello", {{"x", "a\r\nhost: b"}}));
    expect_head_refused("NUL", get("/hello", {{"x", std::string("a\0b", 3)}}));
    expect_head_refused("path", get("/hello HTTP/1.1\r\nx: y"));
}

TEST_F(Http2Abuse, F45_DataThatDiffersFromContentLengthIsAStreamError) {
    const Lines five = post("/echo", {{"content-length", "5"}});
    expect_stream_error("longer", headers(3, five, false) + data(3, "123456"));
    expect_stream_error("longer, not ended", headers(3, five, false) + data(3, "123456", false));
    expect_stream_error("shorter", headers(3, five, false) + data(3, "1234"));
    expect_stream_error("none", headers(3, five, true));
    expect_stream_error("two lengths", headers(3, post("/echo", {{"content-length", "5, 5"}}), false));
}

TEST_F(Http2Abuse, F45_TrailersThatChangeTheRequestAreStreamErrors) {
    const std::string begun = headers(3, post("/echo"), false) + data(3, "1", false);
    expect_stream_error("pseudo field", begun + headers(3, {{":path", "/other"}}));
    expect_stream_error("rights", begun + headers(3, {{"authorization", "x"}}));
    expect_stream_error("host", begun + headers(3, {{"host", "b"}}));
}

TEST_F(Http2Abuse, F45_AHandlerThatStreamsIsCancelledByTooMuchData) {
    run([this](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const std::string begun =
            headers(1, post("/hold", {{"content-length", "2"}}), false) + data(1, "1", false);
        co_await client->send(begun);
        EXPECT_TRUE(co_await eventually(f, [this] { return routes.go_on.has_waiters(); }));
        const std::string more = data(1, "234");
        co_await client->send(more);
        EXPECT_EQ((co_await client->answer(1)).reset, protocol_error);
        EXPECT_TRUE(co_await eventually(f, [this] { return !routes.go_on.has_waiters(); }));
    });
}

TEST_F(Http2Abuse, F43_PathsAreRefusedAsOverHttp1) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        EXPECT_EQ((co_await client->ask(1, get("/a/%2e%2e/hello"))).status, 400);
        EXPECT_EQ((co_await client->ask(3, get("/%00"))).status, 400);
        EXPECT_EQ((co_await client->ask(5, get("/" + std::string(9000, 'a')))).status, 414);
        EXPECT_EQ((co_await client->ask(7, get("/hello"))).status, 200);
    });
}

TEST_F(Http2Abuse, F46_RapidResetEndsTheConnection) {
    expect_calm([this](Http2Client& client) -> Task<> {
        std::string flood;
        for (std::uint32_t i = 0; i < 1000; ++i)
            flood += headers(2 * i + 1, get("/never")) + testing::reset(2 * i + 1);
        co_await client.send(flood);
        co_await client.read_to_end();
        // Those that came together with their reset were never begun.
        EXPECT_LE(routes.begun, 100);
        EXPECT_EQ(routes.begun, routes.ended);
    });
}

TEST_F(Http2Abuse, F46_StreamsThatWeHaveToResetCountAsWell) {
    expect_calm([](Http2Client& client) -> Task<> {
        std::string flood;
        for (std::uint32_t i = 0; i < 300; ++i) flood += headers(2 * i + 1, get("/hello", {{"X", "1"}}));
        co_await client.send(flood);
        for (int i = 0; i < 200 && !client.goaway; ++i) {
            const bool more = co_await client.next();
            if (!more) break;
        }
        co_await client.send(headers(1001, get("/hello")));
    });
}

TEST_F(Http2Abuse, F46_ContinuationFloodEndsTheConnection) {
    expect_calm([](Http2Client& client) -> Task<> {
        std::string flood = frame(type::headers, flag::end_stream, 1, block(get("/hello")));
        for (int i = 0; i < 40; ++i) flood += frame(type::continuation, flag::none, 1, block({{"x", "1"}}));
        co_await client.send(flood);
    });
}

TEST_F(Http2Abuse, F46_HeaderListOverItsLimitEndsTheConnection) {
    expect_calm([](Http2Client& client) -> Task<> {
        std::string flood = frame(type::headers, flag::end_stream, 1, block(get("/hello")));
        for (int i = 0; i < 3; ++i)
            flood += frame(type::continuation, flag::none, 1, block({{"x", std::string(12'000, 'a')}}));
        co_await client.send(flood);
    });
}

TEST_F(Http2Abuse, F46_HeaderListWithinItsLimitMayBeContinued) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        std::string text = frame(type::headers, flag::end_stream, 1, block(get("/hello")));
        for (int i = 0; i < 20; ++i)
            text += frame(type::continuation, flag::none, 1, block({{"x", std::string(1000, 'a')}}));
        text += frame(type::continuation, flag::end_headers, 1, block({{"y", "1"}}));
        co_await client->send(text);
        EXPECT_EQ((co_await client->answer(1)).status, 200);
    });
}

TEST_F(Http2Abuse, F46_PingFloodEndsTheConnection) {
    expect_calm([](Http2Client& client) -> Task<> {
        std::string flood;
        for (int i = 0; i < 101; ++i) flood += frame(type::ping, flag::none, 0, "12345678");
        co_await client.send(flood);
    });
}

TEST_F(Http2Abuse, F46_SettingsFloodEndsTheConnection) {
    expect_calm([](Http2Client& client) -> Task<> {
        std::string flood;
        for (int i = 0; i < 101; ++i) flood += frame(type::settings, flag::none, 0, "");
        co_await client.send(flood);
    });
}

TEST_F(Http2Abuse, F46_FloodOfEmptyFramesEndsTheConnection) {
    expect_calm([](Http2Client& client) -> Task<> {
        std::string flood = headers(1, post("/echo"), false);
        for (int i = 0; i < 1001; ++i) flood += data(1, "", false);
        co_await client.send(flood);
    });
}

TEST_F(Http2Abuse, F46_OrdinaryPingsAreAnswered) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        std::string pings;
        for (int i = 0; i < 50; ++i) pings += frame(type::ping, flag::none, 0, "12345678");
        co_await client->send(pings);
        EXPECT_EQ((co_await client->ask(1, get("/hello"))).status, 200);
        EXPECT_EQ(client->frames[type::ping], 50);
    });
}

TEST_F(Http2Abuse, WhatIsNoHttp2EndsTheConnection) {
    expect_calm(
        [](Http2Client& client) -> Task<> { co_await client.send(data(0, "no stream has the number 0")); },
        protocol_error
    );
}

TEST_F(Http2Abuse, MoreStreamsThanAClientKnewOfAreRefusedAndTheOthersLive) {
    ServerConfig config;
    config.http2.max_concurrent_streams = 3;
    run(
        [this](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            std::string text;
            for (std::uint32_t id = 1; id <= 7; id += 2) text += headers(id, get("/never"));
            co_await client->send(text);
            const auto refused = co_await client->answer(7);
            EXPECT_EQ(refused.reset, refused_stream);
            EXPECT_EQ(routes.begun, 3);
            const std::string again = testing::reset(1) + headers(9, get("/hello"));
            co_await client->send(again);
            EXPECT_EQ((co_await client->answer(9)).status, 200);
        },
        config
    );
}

TEST_F(Http2Abuse, MoreStreamsThanConfirmedEndTheConnection) {
    expect_calm(
        [](Http2Client& client) -> Task<> {
            std::string text = frame(type::settings, flag::ack, 0, "");
            for (std::uint32_t i = 0; i <= 100; ++i) text += headers(2 * i + 1, get("/never"));
            co_await client.send(text);
        },
        protocol_error
    );
}

TEST_F(Http2Abuse, TooManyHeldBodiesOfOneConnectionAreSentAgainLater) {
    ServerConfig config;
    config.max_body_size = Bytes::mega(2);
    run(
        [](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            constexpr std::uint32_t streams = 12;
            const std::string piece(16'000, 'a');
            const auto id = [](std::uint32_t i) { return 2 * i + 1; };
            std::string heads;
            for (std::uint32_t i = 0; i < streams; ++i) heads += headers(id(i), post("/echo"), false);
            co_await client->send(heads);
            const auto any_refused = [&] {
                return std::ranges::any_of(client->answers, [](const auto& each) {
                    return each.second.reset == refused_stream;
                });
            };
            // 12 x 1.9 MB are more than 16 MiB.
            for (int round = 0; round < 120 && !any_refused(); ++round) {
                std::string text;
                for (std::uint32_t i = 0; i < streams; ++i) {
                    if (!client->answers[id(i)].reset) text += data(id(i), piece, false);
                }
                text += frame(type::ping, flag::none, 0, "12345678");
                co_await client->send(text);
                // Windows are granted by then.
                const int pings = client->frames[type::ping];
                while (client->frames[type::ping] == pings) {
                    const bool more = co_await client->next();
                    if (!more) break;
                }
            }
            EXPECT_TRUE(any_refused());
            EXPECT_EQ((co_await client->ask(101, get("/hello"))).status, 200);
        },
        config
    );
}

ServerConfig impatient() {
    ServerConfig config;
    config.keep_alive_timeout = 40ms;
    config.header_timeout = 40ms;
    config.body_timeout = 40ms;
    config.write_timeout = 40ms;
    return config;
}

TEST_F(Http2Abuse, AnIdleConnectionEnds) {
    run(
        [](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            EXPECT_EQ((co_await client->ask(1, get("/hello"))).status, 200);
            co_await client->read_to_end();
            EXPECT_EQ(client->goaway, 0u);
        },
        impatient()
    );
}

TEST_F(Http2Abuse, AConnectionWithARequestIsNotIdle) {
    ServerConfig config = impatient();
    config.keep_alive_timeout = 10ms;
    run(
        [](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            EXPECT_EQ((co_await client->ask(1, get("/slow"))).body, "at last");
        },
        config
    );
}

TEST_F(Http2Abuse, F44_AHeadThatDoesNotEndEndsTheConnection) {
    run(
        [](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            const std::string whole = headers(1, get("/hello"));
            co_await client->send(whole.substr(0, whole.size() - 3));
            co_await client->read_to_end();
            EXPECT_EQ(client->goaway, enhance_your_calm);
            auto silent = co_await f.connect();
            const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
            (void)co_await silent.write_all(preface);
            (void)co_await f.read_to_end(silent);  // it ends
        },
        impatient()
    );
}

TEST_F(Http2Abuse, ABodyThatStopsIsToldSo) {
    ServerConfig config = impatient();
    config.keep_alive_timeout = 5s;
    run(
        [](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            const std::string begun = headers(1, post("/echo"), false) + data(1, "abc", false);
            co_await client->send(begun);
            EXPECT_EQ((co_await client->answer(1)).status, 408);
            EXPECT_EQ((co_await client->ask(3, get("/hello"))).status, 200);
        },
        config
    );
}

TEST_F(Http2Abuse, AClientThatOpensNoWindowLosesItsStream) {
    ServerConfig config = impatient();
    config.keep_alive_timeout = 5s;
    run(
        [this](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f, 10);
            client->grants = false;
            const std::string both = headers(1, get("/endless")) + headers(3, get("/hello"));
            co_await client->send(both);
            EXPECT_TRUE((co_await client->answer(1)).reset.has_value());
            EXPECT_TRUE((co_await client->answer(3)).reset.has_value());  // 10 of its 15 bytes
            EXPECT_EQ(client->answers[3].body, "hello a.ex");
            EXPECT_EQ(routes.ended, 1);
        },
        config
    );
}

TEST_F(Http2Abuse, AClientThatDoesNotReadLosesItsConnection) {
    // Its stream may lose patience first: then nothing is left to be read, and the connection is idle.
    ServerConfig config = impatient();
    run(
        [this](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f, 0x7fffffff);
            const std::string ask = testing::window(0, 0x7fff0000 - 65'535) + headers(1, get("/endless"));
            co_await client->send(ask);
            EXPECT_TRUE(co_await eventually(f, [&f] { return f.server.stats().connections == 1; }));
            EXPECT_TRUE(co_await eventually(f, [&f] { return f.server.stats().connections == 0; }));
            EXPECT_EQ(routes.ended, 1);
        },
        config
    );
}

}  // namespace
}  // namespace flotilla::http
