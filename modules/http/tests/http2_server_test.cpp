// HTTP/2 as a server speaks it, frame by frame: requests, bodies both ways, windows, the end of a connection.

#include <gtest/gtest.h>

#include "../../runtime/tests/test_certificates.hpp"
#include "http2_client.hpp"
#include "http2_routes.hpp"
#include "temporary_folder.hpp"

namespace flotilla::http {
namespace {

using namespace std::chrono_literals;
using testing::close_request;
using testing::data;
using testing::eventually;
using testing::get;
using testing::headers;
using testing::Http2Client;
using testing::Http2Routes;
using testing::post;
using testing::ServerHarness;
using testing::window;
using testing::with_h2c;

class Http2Server : public ::testing::Test {
protected:
    void run(std::function<Task<>(ServerHarness&)> body, ServerConfig config = {}) {
        testing::with_server(routes.router, std::move(body), with_h2c(std::move(config)));
    }

    Http2Routes routes;
};

TEST_F(Http2Server, AnswersRequestsOfOneConnection) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const auto hello = co_await client->ask(1, get("/hello"));
        EXPECT_EQ(hello.status, 200);
        EXPECT_EQ(hello.body, "hello a.example");
        EXPECT_EQ(hello.fields.at("content-length"), "15");
        EXPECT_TRUE(hello.fields.contains("date"));
        const auto empty = co_await client->ask(3, get("/empty"));
        EXPECT_EQ(empty.status, 204);
        EXPECT_FALSE(empty.fields.contains("content-length"));
        EXPECT_EQ((co_await client->ask(5, get("/nowhere"))).status, 404);
        EXPECT_EQ((co_await client->ask(7, get("/throws"))).status, 500);
        auto head = get("/hello");
        head[0].second = "HEAD";
        const auto no_body = co_await client->ask(9, head);
        EXPECT_EQ(no_body.status, 200);
        EXPECT_EQ(no_body.fields.at("content-length"), "15");
        EXPECT_EQ(no_body.body, "");
        const auto crumbs = get("/cookie", {{"cookie", "a=1"}, {"cookie", "b=2"}});
        const auto cookie = co_await client->ask(11, crumbs);
        EXPECT_EQ(cookie.body, "a=1; b=2");
        EXPECT_EQ(f.server.stats().connections, 1u);
        EXPECT_EQ(f.server.stats().requests, 6u);
        EXPECT_EQ(client->settings.at(3), 100u);        // streams at once
        EXPECT_EQ(client->settings.at(4), 64u * 1024);  // of each, the window
        EXPECT_EQ(client->settings.at(6), 32u * 1024);  // header list
    });
}

TEST_F(Http2Server, TakesABodyAsAWhole) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const std::string small = headers(1, post("/echo"), false) + data(1, "abc", false) + data(1, "def");
        co_await client->send(small);
        EXPECT_EQ((co_await client->answer(1)).body, "abcdef");
        const std::string in_two = headers(3, post("/echo", {{"content-length", "6"}}), false);
        co_await client->send(in_two);
        const std::string rest = data(3, "abc", false) + data(3, "def");
        co_await client->send(rest);
        EXPECT_EQ((co_await client->answer(3)).body, "abcdef");
    });
}

TEST_F(Http2Server, RefusesABodyOverTheLimit) {
    ServerConfig config;
    config.max_body_size = Bytes{10};
    run(
        [](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            const std::string announced = headers(1, post("/echo", {{"content-length", "11"}}), false);
            co_await client->send(announced);
            const auto refused = co_await client->answer(1);
            EXPECT_EQ(refused.status, 413);
            const std::string counted = headers(3, post("/echo"), false) + data(3, "12345678901", false);
            co_await client->send(counted);
            EXPECT_EQ((co_await client->answer(3)).status, 413);
            EXPECT_EQ((co_await client->ask(5, get("/hello"))).status, 200);
            // The rest of such a body is not wanted, and that is no error.
            EXPECT_EQ(client->answers[1].reset, 0u);
        },
        config
    );
}

TEST_F(Http2Server, ASlowAnswerHoldsNoOtherUp) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const std::string both = headers(1, get("/slow")) + headers(3, get("/hello"));
        co_await client->send(both);
        EXPECT_EQ((co_await client->answer(3)).status, 200);
        EXPECT_FALSE(client->answers[1].ended);
        EXPECT_EQ((co_await client->answer(1)).body, "at last");
    });
}

TEST_F(Http2Server, StreamsBothWaysAtOnce) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const std::string begin =
            headers(1, post("/mirror"), false) + data(1, std::string(16'000, 'a'), false);
        co_await client->send(begin);
        std::size_t sent = 16'000;
        while (sent < 2'000'000) {
            // What has been mirrored has been read: the window is open again.
            while (client->answers[1].body.size() + 32'000 < sent) {
                const bool more = co_await client->next();
                if (!more) break;
            }
            const std::string piece = data(1, std::string(16'000, 'b'), false);
            co_await client->send(piece);
            sent += 16'000;
        }
        const std::string last = data(1, "");
        co_await client->send(last);
        const auto answer = co_await client->answer(1);
        EXPECT_TRUE(answer.ended);
        EXPECT_EQ(answer.body.size(), sent);
    });
}

TEST_F(Http2Server, GivesNoWindowForABodyThatNobodyReads) {
    run([this](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        std::string text = headers(1, post("/hold"), false);
        for (int i = 0; i < 4; ++i) text += data(1, std::string(16'000, 'a'), false);
        text += headers(3, get("/hello"));
        co_await client->send(text);
        EXPECT_EQ((co_await client->answer(3)).status, 200);
        EXPECT_EQ(client->granted[1], 0u);
        routes.go_on.notify_one();
        while (client->granted[1] == 0) {
            const bool more = co_await client->next();
            if (!more) break;
        }
        EXPECT_EQ(client->granted[1], 64'000u);
        const std::string last = data(1, "end");
        co_await client->send(last);
        EXPECT_EQ((co_await client->answer(1)).body, "64003");
    });
}

TEST_F(Http2Server, AHandlerWaitsForTheClientsWindow) {
    run([this](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        client->grants = false;
        const std::string both = headers(1, get("/endless"));
        co_await client->send(both);
        while (client->answers[1].body.size() < 65'535) {
            const bool more = co_await client->next();
            if (!more) break;
        }
        // The connection's window is used up as well: it takes both to go on.
        EXPECT_EQ(client->answers[1].body.size(), 65'535u);
        EXPECT_LE(routes.written, 65'535u + 80'000u);
        const std::string more_window = window(1, 1000) + window(0, 1000);
        co_await client->send(more_window);
        while (client->answers[1].body.size() < 66'535) {
            const bool more = co_await client->next();
            if (!more) break;
        }
        EXPECT_EQ(client->answers[1].body.size(), 66'535u);
        // A client that is no longer interested says so: the handler ends, the connection lives.
        const std::string cancelled = testing::reset(1) + window(0, 100'000) + headers(3, get("/hello"));
        co_await client->send(cancelled);
        EXPECT_EQ((co_await client->answer(3)).status, 200);
        EXPECT_TRUE(co_await eventually(f, [this] { return routes.ended == 1; }));
    });
}

TEST_F(Http2Server, SendsEachEventAtOnce) {
    run([this](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const std::string ask = headers(1, get("/events"));
        co_await client->send(ask);
        std::string expected;
        for (const char* each : {"0", "1", "2"}) {
            expected += std::string("data: ") + each + "\n\n";
            while (client->answers[1].body.size() < expected.size()) {
                const bool more = co_await client->next();
                if (!more) break;
            }
            EXPECT_EQ(client->answers[1].body, expected);
            EXPECT_TRUE(co_await eventually(f, [this] { return routes.go_on.has_waiters(); }));
            routes.go_on.notify_one();
        }
        EXPECT_TRUE((co_await client->answer(1)).ended);
    });
}

TEST_F(Http2Server, PassesTrailersBothWays) {
    run([this](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const auto answer = co_await client->ask(1, get("/trailers"));
        EXPECT_EQ(answer.body, "body");
        EXPECT_EQ(answer.trailers.at("x-sum"), "7");
        const std::string text =
            headers(3, post("/hold"), false) + data(3, "12", false) + headers(3, {{"x-sum", "!"}});
        co_await client->send(text);
        EXPECT_TRUE(co_await eventually(f, [this] { return routes.go_on.has_waiters(); }));
        routes.go_on.notify_one();
        EXPECT_EQ((co_await client->answer(3)).body, "2!");
    });
}

TEST_F(Http2Server, SaysContinueToWhoWaitsForIt) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const std::string head = headers(1, post("/echo", {{"expect", "100-continue"}}), false);
        co_await client->send(head);
        while (client->answers[1].interim.empty()) {
            const bool more = co_await client->next();
            if (!more) break;
        }
        EXPECT_EQ(client->answers[1].interim, std::vector<int>{100});
        const std::string body = data(1, "now");
        co_await client->send(body);
        EXPECT_EQ((co_await client->answer(1)).body, "now");
    });
}

TEST_F(Http2Server, AnswersBeforeTheEndOfABodyAndDoesNotWantTheRest) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const std::string head = headers(1, post("/ignore"), false) + data(1, "beginning", false);
        co_await client->send(head);
        const auto answer = co_await client->answer(1);
        EXPECT_EQ(answer.body, "ignored");
        EXPECT_EQ((co_await client->ask(3, get("/hello"))).status, 200);
        EXPECT_EQ(client->answers[1].reset, 0u);
    });
}

TEST_F(Http2Server, AStreamThatFailsIsToldApart) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        EXPECT_EQ((co_await client->ask(1, get("/early"))).status, 500);
        const auto cut = co_await client->ask(3, get("/cut"));
        EXPECT_EQ(cut.body, "half");
        EXPECT_FALSE(cut.ended);
        EXPECT_EQ(cut.reset, 2u);
        EXPECT_EQ((co_await client->ask(5, get("/hello"))).status, 200);
    });
}

TEST_F(Http2Server, AClientThatGoesCancelsItsHandlers) {
    run([this](ServerHarness& f) -> Task<> {
        {
            auto client = co_await Http2Client::open(f);
            const std::string both = headers(1, get("/never")) + headers(3, get("/never"));
            co_await client->send(both);
            EXPECT_TRUE(co_await eventually(f, [this] { return routes.begun == 2; }));
            const std::string cancel = testing::reset(1);
            co_await client->send(cancel);
            EXPECT_TRUE(co_await eventually(f, [this] { return routes.ended == 1; }));
        }
        EXPECT_TRUE(co_await eventually(f, [this] { return routes.ended == 2; }));
        EXPECT_TRUE(co_await eventually(f, [&f] { return f.server.stats().active_requests == 0; }));
    });
}

TEST_F(Http2Server, SpeaksHttp1OnTheSamePort) {
    run([](ServerHarness& f) -> Task<> {
        EXPECT_TRUE((co_await f.exchange(close_request("GET /hello"))).starts_with("HTTP/1.1 200"));
        // A request that begins like the preface, byte by byte.
        auto stream = co_await f.connect();
        for (const char c : close_request("PUT /hello")) {
            const std::string_view one(&c, 1);
            (void)co_await stream.write_all(one);
            co_await runtime::yield();
        }
        EXPECT_TRUE((co_await f.read_to_end(stream)).starts_with("HTTP/1.1 405"));
    });
}

TEST_F(Http2Server, IsNotSpokenWithoutTlsUnlessItIsAskedFor) {
    testing::with_server(routes.router, [](ServerHarness& f) -> Task<> {
        auto client = co_await f.connect();
        const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        (void)co_await client.write_all(preface);
        EXPECT_TRUE((co_await f.read_to_end(client)).starts_with("HTTP/1.1 505"));
    });
}

TEST_F(Http2Server, IsAgreedOnWithinTls) {
    const test_support::TemporaryFolder folder;
    const auto certificate = runtime::TestCertificate::self_signed("127.0.0.1", true);
    certificate.write_certificate(folder.file("server.pem"));
    certificate.write_key(folder.file("server.key"));
    ServerConfig config;
    config.ssl.emplace();
    config.ssl->certificate = folder.file("server.pem");
    config.ssl->certificate_private_key = folder.file("server.key");
    const auto asks = [&folder](std::vector<std::string> alpn) {
        runtime::TlsConfig trust;
        trust.trust_certificate = folder.file("server.pem");
        trust.alpn = std::move(alpn);
        return runtime::TlsContext::client(trust).value();
    };
    const auto both = asks({"http/1.1", "h2"});
    const auto old = asks({"http/1.1"});
    const auto body = [&](ServerHarness& f, bool enabled) -> Task<> {
        auto stream = co_await f.connect();
        EXPECT_TRUE(co_await stream.handshake_client(both, "127.0.0.1", f.in(5s)));
        EXPECT_EQ(stream.alpn(), enabled ? "h2" : "http/1.1");
        if (enabled) {
            Http2Client client(f, std::move(stream));
            co_await client.greet();
            EXPECT_EQ((co_await client.ask(1, get("/hello"))).status, 200);
        }
        auto other = co_await f.connect();
        EXPECT_TRUE(co_await other.handshake_client(old, "127.0.0.1", f.in(5s)));
        EXPECT_EQ(other.alpn(), "http/1.1");
        const std::string request = close_request("GET /hello");
        (void)co_await other.write_all(request);
        EXPECT_TRUE((co_await f.read_to_end(other)).starts_with("HTTP/1.1 200"));
    };
    testing::with_server(routes.router, [&](ServerHarness& f) { return body(f, true); }, config);
    config.http2.enabled = false;
    testing::with_server(routes.router, [&](ServerHarness& f) { return body(f, false); }, config);
}

TEST_F(Http2Server, FinishesItsRequestsAtAShutdown) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        auto idle = co_await Http2Client::open(f);
        EXPECT_EQ((co_await idle->ask(1, get("/hello"))).status, 200);
        const std::string ask = headers(1, get("/slow"));
        co_await client->send(ask);
        EXPECT_TRUE(co_await eventually(f, [&f] { return f.server.stats().active_requests == 1; }));
        EXPECT_EQ(co_await f.stop(5s), 0u);
        EXPECT_EQ((co_await client->answer(1)).body, "at last");
        co_await client->read_to_end();
        EXPECT_EQ(client->goaway, 0u);
        EXPECT_EQ(client->goaway_last, std::vector<std::uint32_t>{1});
        co_await idle->read_to_end();
        EXPECT_EQ(idle->goaway, 0u);
    });
}

TEST_F(Http2Server, CutsOffWhatDoesNotEndAtAShutdown) {
    run([this](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        const std::string ask = headers(1, get("/never")) + headers(3, get("/never"));
        co_await client->send(ask);
        EXPECT_TRUE(co_await eventually(f, [this] { return routes.begun == 2; }));
        EXPECT_EQ(co_await f.stop(10ms), 2u);
        EXPECT_EQ(routes.ended, 2);
    });
}

TEST_F(Http2Server, TellsItsClientsThatItWillLeave) {
    run([](ServerHarness& f) -> Task<> {
        auto client = co_await Http2Client::open(f);
        f.server.announce_shutdown();
        EXPECT_EQ((co_await client->ask(1, get("/hello"))).status, 200);
        EXPECT_EQ(client->goaway_last, std::vector<std::uint32_t>{0x7fffffff});
        EXPECT_EQ((co_await client->ask(3, get("/hello"))).status, 200);  // who has not heard it is served
    });
}

TEST_F(Http2Server, EndsAConnectionAfterItsNumberOfRequests) {
    ServerConfig config;
    config.max_keep_alive_requests = 2;
    run(
        [](ServerHarness& f) -> Task<> {
            auto client = co_await Http2Client::open(f);
            EXPECT_EQ((co_await client->ask(1, get("/hello"))).status, 200);
            EXPECT_EQ((co_await client->ask(3, get("/hello"))).status, 200);
            co_await client->read_to_end();
            EXPECT_EQ(client->goaway, 0u);
        },
        config
    );
}

}  // namespace
}  // namespace flotilla::http
