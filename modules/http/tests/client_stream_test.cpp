// Bodies that are streamed, either way, and the failures that can come in the middle of them.

#include <gtest/gtest.h>

#include "flotilla/http/client.hpp"
#include "scripted_server.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;
using runtime::TaskScope;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Sends what comes back as it was sent, after the end of the request.
Task<> mirror(Peer& peer) {
    for (;;) {
        const std::string request = co_await peer.request();
        if (request.empty()) co_return;
        co_await peer.answer(request);
    }
}

TEST(ClientStream, GivesTheHeadFirstAndThenTheBodyPieceByPiece) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        runtime::Signal go;
        ScriptedServer server(runtime.loop(0), [&go](Peer& peer) -> Task<> {
            static constexpr auto run = [](Peer& to, runtime::Signal& signal) -> Task<> {
                co_await to.request();
                co_await to.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
                co_await signal.wait();
                co_await to.say("6\r\nsecond\r\n0\r\nX-Sum: 11\r\n\r\n");
                co_await to.request();
            };
            return run(peer, go);
        });
        Client client(runtime);
        auto stream = co_await client.open(ClientRequest::get(server.url()));
        EXPECT_EQ(stream->status(), 200);
        EXPECT_EQ(co_await stream->read(), "first");
        go.notify_all();
        std::array<char, 4> little;
        std::string rest;
        for (;;) {
            const auto got = co_await stream->read_some(little);
            if (!got || *got == 0) break;
            rest.append(little.data(), *got);
        }
        EXPECT_EQ(rest, "second");
        EXPECT_EQ(stream->trailers().get("x-sum"), "11");
        EXPECT_EQ(client.stats().idle, 1U);
        EXPECT_EQ(co_await stream->read(), "");
        co_await server.stop();
    });
}

TEST(ClientStream, ReadsNoFasterThanItIsAsked) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        constexpr std::size_t size = 32 << 20;
        std::size_t sent = 0;
        ScriptedServer server(runtime.loop(0), [&sent](Peer& peer) -> Task<> {
            static constexpr auto run = [](Peer& to, std::size_t& count) -> Task<> {
                co_await to.request();
                co_await to.say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
                const std::string block(64 << 10, 'x');
                for (; count < size; count += block.size())
                    if (const auto sent = co_await to.stream.write_all(block, soon()); !sent) co_return;
            };
            return run(peer, sent);
        });
        Client client(runtime);
        auto stream = co_await client.open(ClientRequest::get(server.url()));
        EXPECT_TRUE(co_await stream->read());
        for (int i = 0; i < 20; ++i) co_await runtime::yield();
        EXPECT_LT(sent, size / 2);  // the rest waits for the reader
        std::size_t received = 0;
        for (;;) {
            const auto piece = co_await stream->read();
            if (!piece || piece->empty()) break;
            received += piece->size();
        }
        EXPECT_EQ(sent, size);
        EXPECT_GT(received, size / 2);
        co_await server.stop();
    });
}

Task<Result<void>> produce(BodyWriter& body, int pieces, std::string piece) {
    for (int i = 0; i < pieces; ++i) FLT_CO_CHECK(co_await body.write(piece));
    body.trailer("X-Pieces", std::to_string(pieces));
    co_return Result<void>();
}

ClientRequest::Producer pieces(int count, std::string piece) {
    return [count, piece = std::move(piece)](BodyWriter& body) { return produce(body, count, piece); };
}

TEST(ClientStream, UploadsAreChunkedOrOfTheAnnouncedLength) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror);
        Client client(runtime);
        auto chunked = ClientRequest::post(server.url()).stream(pieces(3, "abc"), "text/plain");
        const auto one = co_await client.send(std::move(chunked));
        EXPECT_TRUE(has(one.value().body(), "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n"))
            << one.value().body();
        auto announced = ClientRequest::put(server.url()).stream(pieces(3, "abc"), "text/plain", 9);
        const auto two = co_await client.send(std::move(announced));
        EXPECT_TRUE(has(two.value().body(), "Content-Length: 9\r\n\r\nabcabcabc")) << two.value().body();
        EXPECT_EQ(client.stats().opened, 1U);

        for (const std::uint64_t length : {8U, 10U}) {
            auto wrong = ClientRequest::put(server.url()).stream(pieces(3, "abc"), "text/plain", length);
            const auto refused = co_await client.send(std::move(wrong));
            EXPECT_EQ(refused.error().code(), Errc::invalid_argument) << refused.error().message();
        }
        EXPECT_EQ(client.stats().active, 0U);
        auto large = ClientRequest::post(server.url()).body(std::string(3 << 20, 'y'), "text/plain");
        const auto back = co_await client.send(std::move(large));
        EXPECT_GT(back.value().body().size(), std::size_t{3 << 20});
        co_await server.stop();
    });
}

TEST(ClientStream, AnUploadThatIsRefusedEarlyEndsWithTheRefusal) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> {
            co_await peer.request_head();
            co_await peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!");
            co_await peer.closed_by_client();
        });
        Client client(runtime);
        auto endless =
            ClientRequest::post(server.url()).stream(pieces(1'000'000, std::string(10'000, 'x')), "a/b");
        const auto refused = co_await client.send(std::move(endless));
        EXPECT_EQ(refused.value().status(), 413);
        EXPECT_EQ(refused.value().body(), "no!");
        EXPECT_EQ(client.stats().idle, 0U);
        auto large = ClientRequest::post(server.url()).body(std::string(20 << 20, 'y'), "a/b");
        EXPECT_EQ((co_await client.send(std::move(large))).value().status(), 413);
        co_await server.stop();
    });
}

TEST(ClientStream, AServerThatStopsReadingIsGivenUp) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> {
            co_await peer.request_head();
            co_await runtime::sleep_for(1h);
        });
        Client client(runtime);
        auto endless = ClientRequest::post(server.url())
                           .stream(pieces(1'000'000, std::string(10'000, 'x')), "a/b")
                           .idle_timeout(20ms);
        const auto lost = co_await client.send(std::move(endless));
        EXPECT_EQ(lost.error().code(), Errc::timed_out);
        EXPECT_TRUE(has(lost.error().message(), "sending the request to")) << lost.error().message();
        co_await server.stop();
    });
}

TEST(ClientStream, AProducersErrorEndsTheCall) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror);
        Client client(runtime);
        const ClientRequest::Producer fails = [](BodyWriter& body) -> Task<Result<void>> {
            FLT_CO_CHECK(co_await body.write("some"));
            FLT_CO_CHECK(co_await body.flush());
            co_await runtime::yield();
            co_return fail(Errc::not_found, "the file is gone");
        };
        auto request = ClientRequest::post(server.url()).stream(fails, "a/b");
        const auto lost = co_await client.send(std::move(request));
        EXPECT_EQ(lost.error().code(), Errc::not_found);
        EXPECT_TRUE(has(lost.error().message(), "the file is gone"));
        EXPECT_EQ(client.stats().active, 0U);
        co_await server.stop();
    });
}

TEST(ClientStream, ExpectContinueSendsTheBodyOnlyWithConsentOrAfterAWhile) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer willing(runtime.loop(0), [](Peer& peer) -> Task<> {
            for (;;) {
                const std::string head = co_await peer.request_head();
                if (head.empty()) co_return;
                EXPECT_TRUE(has(head, "Expect: 100-continue\r\n"));
                co_await peer.say("HTTP/1.1 100 Continue\r\n\r\n");
                std::array<char, 4> body;
                const auto got = co_await peer.stream.read_some(body, soon());
                co_await peer.answer(std::string(body.data(), got.value_or(0)));
            }
        });
        ScriptedServer unwilling(runtime.loop(0), [](Peer& peer) -> Task<> {
            co_await peer.request_head();
            co_await peer.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
            std::array<char, 4> nothing;
            EXPECT_EQ(co_await peer.stream.read_some(nothing, soon()), 0U);
        });
        ScriptedServer old(runtime.loop(0), [](Peer& peer) -> Task<> {
            const std::string request = co_await peer.request();
            co_await peer.answer(request.substr(request.size() - 4));
        });
        Client client(runtime, {.expect_continue_timeout = 5ms});
        const auto post = [](const ScriptedServer& server) {
            return ClientRequest::post(server.url()).body("data", "text/plain").expect_continue();
        };
        for (int i = 0; i < 2; ++i) EXPECT_EQ((co_await client.send(post(willing))).value().body(), "data");
        EXPECT_EQ(willing.connections(), 1);
        EXPECT_EQ((co_await client.send(post(unwilling))).value().status(), 401);
        EXPECT_EQ((co_await client.send(post(old))).value().body(), "data");
        auto streamed =
            ClientRequest::post(willing.url()).stream(pieces(1, "data"), "a/b", 4).expect_continue();
        EXPECT_EQ((co_await client.send(std::move(streamed))).value().body(), "data");
        co_await willing.stop();
        co_await unwilling.stop();
        co_await old.stop();
    });
}

/// Serves that answer, but stops after so many bytes of it and closes.
ScriptedServer::Script cut_after(std::string answer, const std::size_t& bytes) {
    return [answer, &bytes](Peer& peer) -> Task<> {
        static constexpr auto run = [](Peer& to, std::string text, std::size_t size) -> Task<> {
            co_await to.request();
            co_await to.say(text.substr(0, size));
        };
        return run(peer, answer, bytes);
    };
}

TEST(ClientStream, AnAnswerThatIsCutAtAnyByteIsAnErrorAndNeverAShortBody) {
    const std::vector<std::string> answers = {
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX: y\r\n\r\nhello world",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX: "
        "y\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    };
    for (const auto& answer : answers) {
        run_on_loop([&](Runtime& runtime) -> Task<> {
            std::size_t bytes = 0;
            ScriptedServer server(runtime.loop(0), cut_after(answer, bytes));
            Client client(runtime);
            for (; bytes <= answer.size(); ++bytes) {
                const auto outcome = co_await client.send(ClientRequest::get(server.url()));
                if (bytes < answer.size()) {
                    EXPECT_FALSE(outcome) << bytes;
                    if (!outcome)
                        EXPECT_EQ(outcome.error().code(), Errc::closed) << outcome.error().message();
                } else {
                    EXPECT_EQ(outcome.value().body(), "hello world");
                }
            }
            EXPECT_EQ(client.stats().active, 0U);
            co_await server.stop();
        });
    }
}

TEST(ClientStream, AnAnswerThatComesByteByByteIsWhole) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> {
            co_await peer.request();
            const std::string answer =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX: "
                "y\r\n\r\n";
            for (const char c : answer) {
                co_await peer.say(std::string(1, c));
                co_await runtime::yield();
            }
        });
        Client client(runtime);
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "hello world");
        co_await server.stop();
    });
}

TEST(ClientStream, ABodyWithoutLengthEndsWithTheConnection) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> {
            co_await peer.request();
            co_await peer.say("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        });
        Client client(runtime);
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "until the end");
        EXPECT_EQ(client.stats().idle, 0U);
        co_await server.stop();
    });
}

TEST(ClientStream, MalformedAnswersAreRefused) {
    const std::vector<std::string> answers = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
    };
    for (const auto& answer : answers) {
        run_on_loop([&](Runtime& runtime) -> Task<> {
            const std::size_t all = answer.size();
            ScriptedServer server(runtime.loop(0), cut_after(answer, all));
            Client client(runtime);
            const auto outcome = co_await client.send(ClientRequest::get(server.url()));
            EXPECT_FALSE(outcome) << answer;
            if (!outcome) EXPECT_EQ(outcome.error().code(), Errc::malformed) << outcome.error().message();
            co_await server.stop();
        });
    }
}

}  // namespace

}  // namespace flotilla::http
