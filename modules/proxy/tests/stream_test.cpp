// Bodies: streamed both ways, with backpressure, broken off on either side.

#include <gtest/gtest.h>

#include "flotilla/http/chunked.hpp"
#include "proxy_harness.hpp"

namespace flotilla::proxy::testing {
namespace {

using namespace std::chrono_literals;
using runtime::Stream;

TEST(ProxyStream, GivesTheSameAnswerHoweverItArrives) {
    static const std::string answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: "
        "1\r\n\r\n4;ext=1\r\nabcd\r\n2\r\nef\r\n0\r\nX-Sum: 6\r\n\r\n";
    static std::size_t split;
    const auto serve = [](Peer& peer) -> Task<> {
        for (;;) {
            const std::string request = co_await peer.request();
            if (request.empty()) co_return;
            co_await peer.say(answer.substr(0, split));
            co_await runtime::yield();
            co_await runtime::yield();
            co_await peer.say(answer.substr(split));
        }
    };
    with_proxy({serve}, [](ProxyHarness& h) -> Task<> {
        for (split = 1; split < answer.size(); ++split) {
            const std::string got = co_await h.get();
            EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\nX: 1\r\n")) << split;
            std::string body;
            http::ChunkedDecoder decoder;
            std::string_view rest = got;
            rest.remove_prefix(std::min(rest.size(), got.find("\r\n\r\n") + 4));
            for (;;) {
                const auto step = decoder.next(rest);
                body += step.body;
                rest.remove_prefix(step.consumed);
                if (step.state == http::ChunkedDecoder::State::data) continue;
                EXPECT_EQ(step.state, http::ChunkedDecoder::State::done) << split;
                break;
            }
            EXPECT_EQ(body, "abcdef") << split;
            EXPECT_EQ(decoder.trailers().get("X-Sum"), "6") << split;
            EXPECT_EQ(rest, "") << split;
        }
    });
}

TEST(ProxyStream, PassesTrailersOfRequests) {
    Script script({Peer::ok("x")});
    with_proxy({script.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Script& seen) -> Task<> {
            co_await to.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n"
            );
            EXPECT_TRUE(seen.requests.at(0).ends_with(
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n"
            )) << seen.requests.at(0);
        };
        return run(h, script);
    });
}

TEST(ProxyStream, GivesAClientOfHttp10TheEndOfTheConnectionForTheEndOfTheBody) {
    Script script({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        const std::string answer = co_await h.exchange("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
        EXPECT_FALSE(has(answer, "Transfer-Encoding"));
        EXPECT_EQ(body_of(answer), "abcdef");
    });
}

TEST(ProxyStream, TakesTheEndOfTheUpstreamsConnectionForTheEndOfTheBody) {
    Script script({"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it"});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        const std::string answer = co_await h.read_until(client, "0\r\n\r\n");
        EXPECT_TRUE(answer.ends_with("9\r\nall of it\r\n0\r\n\r\n")) << answer;
    });
}

TEST(ProxyFacts, F25_PassesEachEventOnAtOnce) {
    runtime::Signal next;
    const auto serve = [&](Peer& peer) {
        static constexpr auto run = [](Peer& to, runtime::Signal& go) -> Task<> {
            co_await to.request();
            co_await to.say(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
            for (int i = 0; i < 3; ++i) {
                co_await go.wait();
                co_await to.say("9\r\ndata: " + std::to_string(i) + "\n\n\r\n");
            }
            co_await go.wait();
            co_await to.say("0\r\n\r\n");
        };
        return run(peer, next);
    };
    with_proxy({serve}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, runtime::Signal& go) -> Task<> {
            Stream client = co_await to.front.connect();
            (void)co_await client.write_all("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            const std::string head = co_await to.read_until(client, "\r\n\r\n");
            EXPECT_TRUE(has(head, "Content-Type: text/event-stream\r\n")) << head;
            for (int i = 0; i < 3; ++i) {
                while (!go.has_waiters()) co_await runtime::yield();
                go.notify_all();
                const std::string event = co_await to.read_until(client, "\n\n\r\n");
                EXPECT_EQ(event, "9\r\ndata: " + std::to_string(i) + "\n\n\r\n");
            }
            while (!go.has_waiters()) co_await runtime::yield();
            go.notify_all();
            EXPECT_EQ(co_await to.read_until(client, "0\r\n\r\n"), "0\r\n\r\n");
        };
        return run(h, next);
    });
}

TEST(ProxyStream, StreamsWhatIsLongerThanAnyBuffer) {
    static const std::string large(5'000'000, 'x');
    Script script({Peer::ok(large)});
    with_proxy({script.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Script& seen) -> Task<> {
            const std::string answer = co_await to.exchange(
                "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n" + large
            );
            EXPECT_EQ(body_of(answer), large);
            EXPECT_EQ(body_of(seen.requests.at(0)), large);
            EXPECT_EQ(to.proxy->stats().idle, 1U);
        };
        return run(h, script);
    });
}

/// Sends until nobody takes any more.
Task<std::size_t> flood(Stream& stream, std::size_t limit) {
    static const std::string block(65536, 'x');
    std::size_t sent = 0;
    while (sent < limit) {
        const auto written = co_await stream.write_all(block, http::soon(150ms));
        if (!written) break;
        sent += block.size();
    }
    co_return sent;
}

std::string long_body() {
    std::string body(3'000'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 251);
    return body;
}

TEST(ProxyStream, PassesLongBodiesUnchangedAndKeepsTheConnections) {
    // Through the kernel alone, where it can.
    static const std::string body = long_body();
    Script script({Peer::ok(body)});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        for (int i = 0; i < 3; ++i) {
            const std::string answer = co_await h.get();
            EXPECT_TRUE(body_of(answer) == body);
            EXPECT_EQ(h.route.outcomes.at(static_cast<std::size_t>(i)).value().status, 200);
        }
        EXPECT_EQ(h.proxy->stats().connects, 1U);
        EXPECT_EQ(h.proxy->stats().idle, 1U);
    });
}

TEST(ProxyStream, DoesNotKeepAConnectionWithBytesBehindALongBody) {
    static const std::string body = long_body();
    Script script({Peer::ok(body) + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nyours"});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        for (unsigned i = 1; i <= 2; ++i) {
            const std::string answer = co_await h.get();
            EXPECT_TRUE(body_of(answer) == body);
            EXPECT_EQ(h.proxy->stats().connects, i);
        }
    });
}

TEST(ProxyStream, BreaksOffALongBodyThatTheUpstreamBreaksOff) {
    static const std::string begun =
        "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\nConnection: close\r\n\r\n" + long_body();
    Script script({begun});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        const std::string answer = co_await h.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(body_of(answer).size(), long_body().size());
        EXPECT_TRUE(h.route.outcomes.at(0).error().code() == ProxyErrc::answer_cut);
        EXPECT_EQ(h.proxy->stats().active, 0U);
    });
}

TEST(ProxyStream, EndsALongBodyWhoseClientGoes) {
    static const std::string body = long_body();
    bool noticed = false;
    const auto serve = [&](Peer& peer) {
        static constexpr auto run = [](Peer& to, bool& gone) -> Task<> {
            co_await to.request();
            co_await to.say("HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n" + body);
            gone = co_await to.closed_by_client();
        };
        return run(peer, noticed);
    };
    with_proxy({serve}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, bool& gone) -> Task<> {
            {
                Stream client = co_await to.front.connect();
                (void)co_await client.write_all("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                co_await to.read_until(client, std::string(body, 100'000, 1000));
            }
            while (!gone) co_await runtime::yield();
            while (to.proxy->stats().active > 0) co_await runtime::yield();
        };
        return run(h, noticed);
    });
    EXPECT_TRUE(noticed);
}

constexpr std::size_t far_too_much = 200'000'000;
/// What the kernel's buffers of two connections may take on top of our own.
constexpr std::size_t kernel_room = 32'000'000;

TEST(ProxyStream, StopsTheUpstreamWhenTheClientDoesNotRead) {
    std::size_t sent = 0;
    runtime::Signal stalled;
    const auto serve = [&](Peer& peer) {
        static constexpr auto run = [](Peer& to, std::size_t& count, runtime::Signal& done) -> Task<> {
            co_await to.request();
            co_await to.say("HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n");
            count = co_await flood(to.stream, far_too_much);
            done.notify_all();
        };
        return run(peer, sent, stalled);
    };
    with_proxy({serve}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, runtime::Signal& done) -> Task<> {
            Stream client = co_await to.front.connect();
            (void)co_await client.write_all("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            co_await done.wait(http::soon());
        };
        return run(h, stalled);
    });
    EXPECT_GT(sent, 0U);
    EXPECT_LT(sent, kernel_room);
}

TEST(ProxyStream, StopsTheClientWhenTheUpstreamDoesNotRead) {
    const auto serve = [](Peer& peer) -> Task<> {
        co_await peer.request_head();
        co_await runtime::sleep_for(1h);
    };
    with_proxy({serve}, [](ProxyHarness& h) -> Task<> {
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n");
        const std::size_t sent = co_await flood(client, far_too_much);
        EXPECT_GT(sent, 0U);
        EXPECT_LT(sent, kernel_room);
    });
}

TEST(ProxyStream, DoesNotBlameTheUpstreamForABodyThatDoesNotCome) {
    const auto serve = [](Peer& peer) -> Task<> {
        co_await peer.request_head();
        co_await peer.closed_by_client();
    };
    with_proxy({serve}, [](ProxyHarness& h) -> Task<> {
        h.route.attempt_limit = 20ms;
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
        const std::string answer = co_await h.read_until(client, "\r\n\r\n");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 504 ")) << answer;
        EXPECT_TRUE(h.route.outcomes.at(0).error().code() == ProxyErrc::unfinished_body);
        EXPECT_TRUE(says_nothing_of_upstream(h.route.outcomes.at(0).error()));
        // Asked in full, it is the upstream that is late.
        co_await h.get();
        EXPECT_TRUE(h.route.outcomes.at(1).error().code() == ProxyErrc::response_timeout);
        EXPECT_FALSE(says_nothing_of_upstream(h.route.outcomes.at(1).error()));
    });
}

TEST(ProxyStream, ClosesTheUpstreamWhenTheClientGoes) {
    bool waiting_noticed = false;
    bool streaming_noticed = false;
    const auto serve = [&](Peer& peer) {
        static constexpr auto run = [](Peer& to, bool& waiting, bool& streaming) -> Task<> {
            const std::string request = co_await to.request();
            if (has(request, "GET /stream")) {
                co_await to.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
                streaming = co_await to.closed_by_client();
            } else {
                waiting = co_await to.closed_by_client();
            }
        };
        return run(peer, waiting_noticed, streaming_noticed);
    };
    with_proxy({serve}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, bool& waiting, bool& streaming) -> Task<> {
            {
                Stream client = co_await to.front.connect();
                (void)co_await client.write_all("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
                while (to.upstream.connections() < 1) co_await runtime::yield();
            }
            while (!waiting) co_await runtime::yield();
            {
                Stream client = co_await to.front.connect();
                (void)co_await client.write_all("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
                co_await to.read_until(client, "1\r\nx\r\n");
            }
            while (!streaming) co_await runtime::yield();
            while (to.proxy->stats().active > 0) co_await runtime::yield();
        };
        return run(h, waiting_noticed, streaming_noticed);
    });
    EXPECT_TRUE(waiting_noticed);
    EXPECT_TRUE(streaming_noticed);
}

TEST(ProxyStream, BreaksOffWhatTheUpstreamBreaksOff) {
    Script script(
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nhalf\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nhalf\r\n"}
    );
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        // Keep-alive from the client's side: the proxy closes all the same.
        const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        const std::string shorter = co_await h.exchange(request);
        EXPECT_TRUE(has(shorter, "Content-Length: 10\r\n"));
        EXPECT_EQ(body_of(shorter), "half");
        const std::string ended = co_await h.exchange(request);
        EXPECT_EQ(body_of(ended), "4\r\nhalf\r\n");
        const std::string garbled = co_await h.get();
        // Nothing of this one had left yet: the client can be told.
        EXPECT_TRUE(garbled.starts_with("HTTP/1.1 502 ")) << garbled;
        EXPECT_TRUE(h.route.outcomes.at(0).error().code() == ProxyErrc::answer_cut);
        EXPECT_TRUE(h.route.outcomes.at(1).error().code() == ProxyErrc::answer_cut);
        EXPECT_TRUE(h.route.outcomes.at(2).error().code() == ProxyErrc::closed_early);
        // Where only the end of the connection ends the body, it must not look like one.
        Stream old = co_await h.front.connect();
        (void)co_await old.write_all("GET / HTTP/1.0\r\n\r\n");
        std::array<char, 4096> block;
        auto got = co_await old.read_some(block, http::soon());
        while (got && *got > 0) got = co_await old.read_some(block, http::soon());
        EXPECT_FALSE(got.has_value()) << "the end looks like that of a whole answer";
        EXPECT_EQ(h.proxy->stats().idle, 0U);
    });
}

TEST(ProxyStream, RunsBothWaysAtOnce) {
    // Gives back each piece as soon as it comes.
    const auto echo = [](Peer& peer) -> Task<> {
        co_await peer.request_head();
        co_await peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        std::array<char, 4096> block;
        std::string all;
        while (!all.ends_with("0\r\n\r\n")) {
            const auto got = co_await peer.stream.read_some(block, http::soon());
            if (!got || *got == 0) co_return;
            all.append(block.data(), *got);
            co_await peer.say(std::string(block.data(), *got));
        }
    };
    with_proxy({echo}, [](ProxyHarness& h) -> Task<> {
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        co_await h.read_until(client, "\r\n\r\n");
        for (int i = 0; i < 5; ++i) {
            const std::string piece = "2\r\n" + std::to_string(i) + "!\r\n";
            (void)co_await client.write_all(piece);
            EXPECT_EQ(co_await h.read_until(client, "!\r\n"), piece);
        }
        (void)co_await client.write_all("0\r\n\r\n");
        EXPECT_EQ(co_await h.read_until(client, "0\r\n\r\n"), "0\r\n\r\n");
    });
}

TEST(ProxyStream, PassesOnAnAnswerThatComesBeforeTheBodyHasEnded) {
    const auto refuse = [](Peer& peer) -> Task<> {
        co_await peer.request_head();
        co_await peer.say(
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"
        );
        co_await peer.closed_by_client();
    };
    with_proxy({refuse}, [](ProxyHarness& h) -> Task<> {
        Stream client = co_await h.front.connect();
        (void)co_await client.write_all(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + std::string(1000, 'x')
        );
        const std::string answer = co_await h.read_until(client, "big");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
        EXPECT_TRUE(has(answer, "Connection: close\r\n"));
        EXPECT_EQ(h.proxy->stats().idle, 0U);
    });
}

/// Notes all that comes until the other side closes.
class Recorder {
public:
    http::ScriptedServer::Script run() {
        return [this](Peer& peer) { return record(peer); };
    }

    std::string all;
    bool closed = false;

private:
    Task<> record(Peer& peer) {
        std::array<char, 4096> block;
        for (;;) {
            const auto got = co_await peer.stream.read_some(block, http::soon());
            if (!got || *got == 0) break;
            all.append(block.data(), *got);
        }
        closed = true;
    }
};

class BadChunk : public ::testing::TestWithParam<std::string> {};

TEST_P(BadChunk, F42_IsRefusedAndTheRequestNeverComplete) {
    Recorder recorder;
    with_proxy({recorder.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Recorder& seen) -> Task<> {
            const std::string answer = co_await to.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n" + GetParam()
            );
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
            EXPECT_TRUE(has(answer, "Connection: close\r\n"));
            while (!seen.closed) co_await runtime::yield();
            EXPECT_FALSE(has(seen.all, "0\r\n\r\n")) << seen.all;
        };
        return run(h, recorder);
    });
}

INSTANTIATE_TEST_SUITE_P(
    Sizes,
    BadChunk,
    ::testing::Values(
        "0x1\r\na\r\n0\r\n\r\n",
        "1_0\r\n",
        "1these\r\n",
        "11111111111111111\r\n",
        "+1\r\na\r\n",
        "1\na\r\n",
        "1\r\nab0\r\n\r\n"
    )
);

TEST(ProxyFacts, F50_CountsTheBytesOfABodyWithoutALength) {
    Recorder recorder;
    with_proxy({recorder.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Recorder& seen) -> Task<> {
            to.route.body_limits.max = 1000;
            const std::string answer = co_await to.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" +
                std::string(1024, 'x') + "\r\n400\r\n" + std::string(1024, 'x') + "\r\n0\r\n\r\n"
            );
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
            while (!seen.closed && to.upstream.connections() > 0) co_await runtime::yield();
            EXPECT_FALSE(has(seen.all, "0\r\n\r\n")) << seen.all;
            const std::string announced = co_await to.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n" +
                std::string(1001, 'x')
            );
            EXPECT_TRUE(announced.starts_with("HTTP/1.1 413 ")) << announced;
            EXPECT_EQ(to.upstream.connections(), 1);
        };
        return run(h, recorder);
    });
}

TEST(ProxyFacts, F14_KeepsOfABodyWhatAnotherAttemptMayNeedAndNoMore) {
    // The first connection takes the request and closes.
    const auto serve = [](Peer& peer) -> Task<> {
        const std::string request = co_await peer.request();
        if (peer.number == 2 && !request.empty())
            co_await peer.answer(std::to_string(body_of(request).size()));
    };
    for (const bool kept : {true, false}) {
        with_proxy({serve}, [&](ProxyHarness& h) {
            static constexpr auto run = [](ProxyHarness& to, bool keep) -> Task<> {
                to.route.attempts = 2;
                to.route.body_limits.keep = keep ? 64 * 1024 : 1000;
                // Longer than what arrives with the head.
                const std::string answer = co_await to.exchange(
                    "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 40000\r\n\r\n" +
                    std::string(40'000, 'x')
                );
                EXPECT_EQ(answer.substr(9, 3), keep ? "200" : "502");
                if (keep) {
                    EXPECT_EQ(body_of(answer), "40000");
                }
                EXPECT_EQ(to.route.replayable.at(0), keep);
            };
            return run(h, kept);
        });
    }
}

}  // namespace
}  // namespace flotilla::proxy::testing
