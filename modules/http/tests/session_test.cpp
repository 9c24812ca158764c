// What a connection does between its first byte and its last: bodies, failures, shutdown, clients that are
// slow, silent or gone.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "flotilla/http/event_stream.hpp"
#include "flotilla/http/router.hpp"
#include "server_harness.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;
using testing::close_request;
using testing::ServerHarness;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

std::string kept_request(std::string_view line) {
    return std::string(line) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

Task<std::string> read_until(ServerHarness& f, runtime::Stream& stream, std::string_view end) {
    std::string text;
    std::array<char, 4096> buffer;
    while (!has(text, end)) {
        const auto got = co_await stream.read_some(buffer, f.in(5s));
        if (!got || *got == 0) break;
        text.append(buffer.data(), *got);
    }
    co_return text;
}

/// What handlers have seen, for the tests to look at.
struct Seen {
    int begun = 0;
    int ended = 0;
    std::uint64_t written = 0;
    bool write_failed = false;
};

/// Counts the ends of a handler, in whatever way it ends.
struct Ending {
    Seen& seen;

    explicit Ending(Seen& s) : seen(s) { ++seen.begun; }

    ~Ending() { ++seen.ended; }

    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
};

Response streamed(std::function<Task<>(BodyWriter&)> produce, std::optional<std::uint64_t> length = {}) {
    Response response;
    response.stream("text/plain", std::move(produce), length);
    return response;
}

class Routes {
public:
    Routes() {
        router.get("/hello", [] { return std::string("hello"); });
        router.get("/slow", []() -> Task<std::string> {
            co_await runtime::sleep_for(10ms);
            co_return "at last";
        });
        router.get("/never", [this]() -> Task<std::string> {
            const Ending ending(seen);
            co_await runtime::sleep_for(60s);
            co_return "never";
        });
        router.get("/aborts", []() -> Task<std::string> {
            co_await runtime::sleep_for(1ms);
            throw boost::system::system_error(asio::error::operation_aborted);
        });
        router.get("/number", []() -> Task<std::string> {
            co_await runtime::sleep_for(1ms);
            throw 7;
        });
        router.post("/echo", [](Request& request) -> Task<std::string> {
            const auto piece = co_await request.body_reader().read();
            const auto end = co_await request.body_reader().read();
            co_return std::string(piece.value()) + "|" + std::string(end.value());
        });
        router.post("/ignore", [] { return std::string("ignored"); }, {.streams_body = true});
        router.post(
            "/mirror",
            [](Request& request) {
                return streamed([&request](BodyWriter& body) -> Task<> {
                    (void)co_await body.write("begin ");
                    for (;;) {
                        const auto piece = co_await request.body_reader().read();
                        if (!piece || piece->empty()) co_return;
                        (void)co_await body.write(*piece);
                    }
                });
            },
            {.streams_body = true}
        );
        router.get("/endless", [this] {
            return streamed([this](BodyWriter& body) -> Task<> {
                const std::string piece(10'000, 'x');
                for (;;) {
                    const auto written = co_await body.write(piece);
                    if (!written) break;
                    seen.written += piece.size();
                }
                seen.write_failed = true;
            });
        });
        router.get("/silent-stream", [this] {
            return streamed([this](BodyWriter& body) -> Task<> {
                const Ending ending(seen);
                (void)co_await body.flush();
                co_await runtime::sleep_for(60s);
            });
        });
        router.get("/throws-first", [] {
            return streamed([](BodyWriter& body) -> Task<> {
                (void)co_await body.write("lost");
                throw std::runtime_error("too early");
            });
        });
        router.get("/throws-later", [] {
            return streamed([](BodyWriter& body) -> Task<> {
                (void)co_await body.write("begin");
                (void)co_await body.flush();
                throw 7;
            });
        });
        router.get("/short", [] {
            return streamed(
                [](BodyWriter& body) -> Task<> {
                    (void)co_await body.write("12345");
                    body.trailer("X-Late", "1");
                },
                5
            );
        });
        router.get("/chunks", [] {
            return streamed([](BodyWriter& body) -> Task<> { (void)co_await body.write("12345"); });
        });
        router.get("/nothing", [] {
            Response response =
                streamed([](BodyWriter& body) -> Task<> { (void)co_await body.write("not to be seen"); });
            response.status(Status::no_content);
            return response;
        });
        router.get("/file", [] {
            Response response;
            response.set("Content-Type", "text/plain");
            const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
            const auto close = [](const int* each) {
                ::close(*each);
                delete each;
            };
            response.body() = FileBody{std::shared_ptr<const int>(new int(fd), close), 0, 4};
            return response;
        });
        router.get("/events", [] {
            Response response;
            response.events([](EventStream& events) -> Task<> { (void)co_await events.send({.data = "1"}); });
            return response;
        });
        router.get("/long", [] { return Response(Status::ok, "text/plain", std::string(4000, 'a')); });
        router.get("/huge", [] { return Response(Status::ok, "text/plain", std::string(200'000, 'a')); });
        router.get("/tagged", [] {
            Response response(Status::ok, "text/plain", std::string(4000, 'a'));
            response.set("ETag", "\"1\"");
            return response;
        });
    }

    Seen seen;
    Router router;
};

void run(std::function<Task<>(ServerHarness&, Seen&)> body, ServerConfig config = {}) {
    Routes routes;
    testing::with_server(
        routes.router, [&](ServerHarness& f) { return body(f, routes.seen); }, std::move(config)
    );
}

Task<runtime::Stream> open_with(ServerHarness& f, std::string text) {
    runtime::Stream stream = co_await f.connect();
    (void)co_await stream.write_all(text);
    co_return stream;
}

/// Lets the loop run until that is so; false when it does not come.
Task<bool> soon(std::function<bool()> condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) co_await runtime::sleep_for(1ms);
    co_return condition();
}

// The end of a server.

TEST(SessionDrain, ClosesIdleConnectionsAtOnce) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        auto stream = co_await open_with(f, kept_request("GET /hello"));
        co_await read_until(f, stream, "hello");
        auto fresh = co_await f.connect();
        EXPECT_TRUE(co_await soon([&] { return f.server.stats().connections == 2; }));
        const TimePoint began = f.runtime.clock().now();
        EXPECT_EQ(co_await f.stop(10s), 0U);
        EXPECT_LT(f.runtime.clock().now() - began, 2s);
        EXPECT_EQ(co_await f.read_to_end(stream), "");
    });
}

TEST(SessionDrain, LetsARunningRequestFinishAndRefusesTheNextOnItsConnection) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        auto stream = co_await open_with(f, kept_request("GET /slow") + kept_request("GET /hello"));
        EXPECT_TRUE(co_await soon([&] { return f.server.stats().active_requests == 1; }));
        f.server.announce_shutdown();
        EXPECT_EQ(co_await f.stop(10s), 0U);
        const std::string answer = co_await f.read_to_end(stream);
        EXPECT_TRUE(has(answer, "at last")) << answer;
        EXPECT_TRUE(has(answer, "Connection: close\r\n")) << answer;
        EXPECT_FALSE(has(answer, "hello")) << answer;
    });
}

TEST(SessionDrain, CountsTheRequestsThatItCutsOff) {
    run([](ServerHarness& f, Seen& seen) -> Task<> {
        auto one = co_await open_with(f, kept_request("GET /never"));
        auto two = co_await open_with(f, kept_request("GET /never"));
        auto half = co_await open_with(f, "GET /hello HTTP/1.1\r\nHo");  // no request yet
        EXPECT_TRUE(co_await soon([&] { return seen.begun == 2 && f.server.stats().connections == 3; }));
        EXPECT_EQ(co_await f.stop(5ms), 2U);
        EXPECT_EQ(seen.ended, 2);
        EXPECT_EQ(co_await f.read_to_end(one), "");
    });
}

TEST(SessionDrain, EndsAtOnceThoughConnectionsWaitBeyondTheLimit) {
    ServerConfig config;
    config.max_connections = 1;
    run(
        [](ServerHarness& f, Seen&) -> Task<> {
            auto stream = co_await open_with(f, kept_request("GET /hello"));
            co_await read_until(f, stream, "hello");
            auto waiting = co_await f.connect();
            const TimePoint began = f.runtime.clock().now();
            EXPECT_EQ(co_await f.stop(10s), 0U);
            EXPECT_LT(f.runtime.clock().now() - began, 2s);
        },
        config
    );
}

TEST(SessionDrain, AnAnnouncedShutdownRefusesNobody) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        auto kept = co_await open_with(f, kept_request("GET /hello"));
        EXPECT_FALSE(has(co_await read_until(f, kept, "hello"), "Connection: close"));
        f.server.announce_shutdown();
        auto late = co_await f.connect();
        EXPECT_TRUE(co_await soon([&] { return f.server.stats().connections == 2; }));
        for (auto* stream : {&kept, &late}) {
            (void)co_await stream->write_all(kept_request("GET /hello"));
            const std::string answer = co_await f.read_to_end(*stream);
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
            EXPECT_TRUE(has(answer, "Connection: close\r\n")) << answer;
        }
    });
}

// Clients that are slow or gone.

TEST(SessionSlowReader, IsCutByTheWriteTimeoutAndCostsLittleMemory) {
    ServerConfig config;
    config.write_timeout = 30ms;
    run(
        [](ServerHarness& f, Seen& seen) -> Task<> {
            auto stream = co_await open_with(f, kept_request("GET /endless"));
            EXPECT_TRUE(co_await soon([&] { return seen.write_failed; }));
            EXPECT_LT(seen.written, 16U * 1024 * 1024);  // what the kernel takes
            EXPECT_TRUE(co_await soon([&] { return f.server.stats().connections == 0; }));
        },
        config
    );
}

TEST(SessionClientGone, CancelsTheHandlerThatNobodyWaitsFor) {
    run([](ServerHarness& f, Seen& seen) -> Task<> {
        {
            auto stream = co_await open_with(f, kept_request("GET /never"));
            EXPECT_TRUE(co_await soon([&] { return seen.begun == 1; }));
        }
        EXPECT_TRUE(co_await soon([&] { return seen.ended == 1; }));
        EXPECT_TRUE(co_await soon([&] { return f.server.stats().connections == 0; }));
        EXPECT_EQ(f.server.stats().active_requests, 0U);
        EXPECT_EQ(co_await f.stop(1s), 0U);
    });
}

TEST(SessionClientGone, CancelsAStreamThatWaits) {
    run([](ServerHarness& f, Seen& seen) -> Task<> {
        {
            auto stream = co_await open_with(f, kept_request("GET /silent-stream"));
            EXPECT_TRUE(co_await soon([&] { return seen.begun == 1; }));
        }
        EXPECT_TRUE(co_await soon([&] { return seen.ended == 1; }));
        EXPECT_TRUE(co_await soon([&] { return f.server.stats().active_requests == 0; }));
    });
}

// Failures.

TEST(SessionFailure, OfACoroutineIsAnsweredAndTheConnectionKept) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        const std::string answer = co_await f.exchange(
            kept_request("GET /aborts") + kept_request("GET /number") + close_request("GET /hello")
        );
        EXPECT_EQ(count(answer, "HTTP/1.1 500 "), 2U) << answer;
        EXPECT_TRUE(answer.ends_with("\r\n\r\nhello")) << answer;
    });
}

TEST(SessionFailure, OfAStreamBeforeItsFirstByteIsAnswered) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        const std::string answer = co_await f.exchange(
            kept_request("GET /hello") + kept_request("GET /throws-first") + close_request("GET /hello")
        );
        EXPECT_EQ(count(answer, "HTTP/1.1 200 "), 2U) << answer;
        EXPECT_EQ(count(answer, "HTTP/1.1 500 "), 1U) << answer;
        EXPECT_TRUE(has(answer, "too early")) << answer;
        EXPECT_FALSE(has(answer, "lost")) << answer;
    });
}

TEST(SessionFailure, OfAStreamLaterCutsItOff) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        const std::string answer =
            co_await f.exchange(kept_request("GET /throws-later") + kept_request("GET /hello"));
        EXPECT_TRUE(answer.ends_with("\r\n\r\n5\r\nbegin\r\n")) << answer;
        EXPECT_TRUE((co_await f.exchange(close_request("GET /hello"))).ends_with("hello"));
    });
}

// Bodies of requests.

TEST(SessionBody, TooLargeIsRefusedBeforeItIsAskedFor) {
    ServerConfig config;
    config.max_body_size = Bytes{10};
    run(
        [](ServerHarness& f, Seen&) -> Task<> {
            const std::string answer = co_await f.exchange(
                "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n"
            );
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
            EXPECT_TRUE(has(answer, "Connection: close\r\n")) << answer;
            const std::string chunks = co_await f.exchange(
                "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\nFF\r\n"
            );
            EXPECT_TRUE(chunks.starts_with("HTTP/1.1 413 ")) << chunks;
        },
        config
    );
}

TEST(SessionBody, IsAskedForWith100OnlyWhenAHandlerWantsIt) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        const std::string head =
            " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
        auto stream = co_await open_with(f, "POST /echo" + head);
        EXPECT_EQ(co_await read_until(f, stream, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        (void)co_await stream.write_all("1234");
        EXPECT_TRUE((co_await f.read_to_end(stream)).ends_with("\r\n\r\n1234|"));

        const std::string ignored = co_await f.exchange("POST /ignore" + head);
        EXPECT_TRUE(ignored.starts_with("HTTP/1.1 200 ")) << ignored;

        auto mirrored = co_await open_with(f, "POST /mirror" + head);
        (void)co_await mirrored.write_all("1234");
        const std::string answer = co_await f.read_to_end(mirrored);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
        EXPECT_FALSE(has(answer, "100 Continue")) << answer;
        EXPECT_TRUE(has(answer, "begin ")) << answer;

        const std::string other = co_await f.exchange(close_request("GET /hello", "Expect: 200-maybe\r\n"));
        EXPECT_TRUE(other.starts_with("HTTP/1.1 417 ")) << other;
    });
}

TEST(SessionBody, ThatArrivedAsAWholeIsReadLikeAStream) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        const std::string answer = co_await f.exchange(
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n1234" + close_request("GET /hello")
        );
        EXPECT_TRUE(has(answer, "\r\n\r\n1234|HTTP/1.1 200 ")) << answer;
    });
}

TEST(SessionBody, ThatNobodyReadsIsThrownAwayWhenItIsShort) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        const std::string kept = co_await f.exchange(
            "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + std::string(20'000, 'x') +
            close_request("GET /hello")
        );
        EXPECT_EQ(count(kept, "HTTP/1.1 200 "), 2U) << kept;
        const std::string closed = co_await f.exchange(
            "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + std::string(30'000, 'x')
        );
        EXPECT_TRUE(has(closed, "Connection: close\r\n")) << closed;
        EXPECT_TRUE(closed.ends_with("ignored")) << closed;
    });
}

TEST(SessionBody, WithAnErrorInTheMiddleOfItsChunksIsRefused) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        auto stream = co_await open_with(
            f, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        );
        co_await runtime::sleep_for(1ms);
        (void)co_await stream.write_all("zz\r\n");
        const std::string answer = co_await f.read_to_end(stream);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
        EXPECT_TRUE(has(answer, "Connection: close\r\n")) << answer;
    });
}

// Answers.

TEST(SessionAnswer, ToHeadHasNoBodyOfAnyKind) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        for (const std::string_view path :
             {"/hello", "/slow", "/short", "/chunks", "/events", "/file", "/nothing", "/huge"}) {
            const std::string answer =
                co_await f.exchange(kept_request("HEAD " + std::string(path)) + close_request("GET /hello"));
            EXPECT_EQ(count(answer, "\r\n\r\n"), 2U) << path << "\n" << answer;
            EXPECT_TRUE(has(answer, "\r\n\r\nHTTP/1.1 200 OK\r\n")) << path << "\n" << answer;
        }
        EXPECT_TRUE(has(co_await f.exchange(close_request("HEAD /huge")), "Content-Length: 200000\r\n"));
        EXPECT_TRUE(has(co_await f.exchange(close_request("HEAD /file")), "Content-Length: 4\r\n"));
    });
}

TEST(SessionAnswer, WithAStatusThatHasNoBodyHasNone) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        const std::string answer =
            co_await f.exchange(kept_request("GET /nothing") + close_request("GET /hello"));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 204 ")) << answer;
        EXPECT_TRUE(has(answer, "\r\n\r\nHTTP/1.1 200 OK\r\n")) << answer;
    });
}

TEST(SessionAnswer, KeepsNoTrailerForTheNextOne) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        const std::string answer =
            co_await f.exchange(kept_request("GET /short") + close_request("GET /chunks"));
        EXPECT_TRUE(has(answer, "\r\n\r\n12345HTTP/1.1 ")) << answer;
        EXPECT_TRUE(answer.ends_with("5\r\n12345\r\n0\r\n\r\n")) << answer;
    });
}

TEST(SessionAnswer, DoesNotWaitForTheHandlerOfTheNextRequest) {
    run([](ServerHarness& f, Seen&) -> Task<> {
        auto stream = co_await open_with(f, kept_request("GET /hello") + kept_request("GET /never"));
        EXPECT_TRUE((co_await read_until(f, stream, "hello")).ends_with("hello"));
    });
}

TEST(SessionAnswer, TellsWhetherTheConnectionIsKept) {
    ServerConfig config;
    config.max_keep_alive_requests = 2;
    run(
        [](ServerHarness& f, Seen&) -> Task<> {
            const std::string limited = co_await f.exchange(
                kept_request("GET /hello") + kept_request("GET /hello") + kept_request("GET /hello")
            );
            EXPECT_EQ(count(limited, "HTTP/1.1 200 "), 2U) << limited;
            EXPECT_EQ(count(limited, "Connection: close\r\n"), 1U) << limited;
            const std::string old = co_await f.exchange(
                "GET /slow HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hello HTTP/1.0\r\n\r\n"
            );
            EXPECT_EQ(count(old, "HTTP/1.0 200 "), 2U) << old;
            EXPECT_EQ(count(old, "Connection: keep-alive\r\n"), 1U) << old;
            EXPECT_EQ(count(old, "Connection: close\r\n"), 1U) << old;
        },
        config
    );
}

TEST(SessionAnswer, IsCompressedForThoseWhoAsk) {
    ServerConfig config;
    config.compression.enabled = true;
    run(
        [](ServerHarness& f, Seen&) -> Task<> {
            const std::string_view accept = "Accept-Encoding: gzip, br\r\n";
            for (const std::string_view line : {"GET /long", "HEAD /long", "GET /huge"}) {
                const std::string zipped = co_await f.exchange(close_request(line, accept));
                EXPECT_TRUE(has(zipped, "Content-Encoding: gzip\r\n")) << zipped;
                EXPECT_TRUE(has(zipped, "Vary: Accept-Encoding\r\n")) << zipped;
                EXPECT_LT(zipped.size(), 1500U);
            }
            const std::string plain = co_await f.exchange(close_request("GET /long"));
            EXPECT_TRUE(has(plain, "Content-Length: 4000\r\n")) << plain;
            EXPECT_TRUE(has(plain, "Vary: Accept-Encoding\r\n")) << plain;
            const std::string small = co_await f.exchange(close_request("GET /hello", accept));
            EXPECT_FALSE(has(small, "gzip")) << small;
            const std::string tagged = co_await f.exchange(close_request("GET /tagged", accept));
            EXPECT_FALSE(has(tagged, "gzip")) << tagged;
        },
        config
    );
}

}  // namespace

}  // namespace flotilla::http
