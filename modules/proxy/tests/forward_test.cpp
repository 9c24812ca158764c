// Whole exchanges over real sockets: heads, pooled connections, failures.

#include <gtest/gtest.h>

#include "../../runtime/tests/test_certificates.hpp"
#include "proxy_harness.hpp"
#include "temporary_folder.hpp"

namespace flotilla::proxy::testing {
namespace {

using namespace std::chrono_literals;

TEST(ProxyFacts, F22_AnswersWithAFramingOfItsOwn) {
    Script script(
        {"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nX: 1\r\n"
         "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"}
    );
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        const std::string answer = co_await h.get();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nX: 1\r\n")) << answer;
        EXPECT_FALSE(has(answer, "Keep-Alive"));
        EXPECT_FALSE(has(answer, "X-Hop"));
        EXPECT_TRUE(has(answer, "Transfer-Encoding: chunked\r\nConnection: close\r\n"));
        EXPECT_EQ(body_of(answer), "2\r\nhi\r\n0\r\n\r\n");
    });
}

TEST(Proxy, SendsTheTargetAsItCameAndTheHostOfTheUpstream) {
    Script script({Peer::ok("")});
    with_proxy({script.run()}, [&](ProxyHarness& h) -> Task<> {
        static constexpr auto run = [](ProxyHarness& to, Script& seen) -> Task<> {
            co_await to.get("/a//b;m=1/%C3%a4?x=%2F&&", "A: 1\r\nA: 2\r\n");
            const std::string host = "127.0.0.1:" + std::to_string(to.upstream.port());
            EXPECT_EQ(
                seen.requests.at(0),
                "GET /a//b;m=1/%C3%a4?x=%2F&& HTTP/1.1\r\nHost: " + host + "\r\nA: 1\r\nA: 2\r\n\r\n"
            );
        };
        return run(h, script);
    });
}

TEST(Proxy, KeepsConnectionsOnBothSides) {
    Script script({Peer::ok("1"), Peer::ok("2"), Peer::ok("3")});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        runtime::Stream client = co_await h.front.connect();
        (void)co_await client.write_all("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_TRUE((co_await h.read_until(client, "\r\n\r\n1")).ends_with("Content-Length: 1\r\n\r\n1"));
        // Sent ahead, answered in order.
        (void)co_await client.write_all("GET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n"
        );
        const std::string both = co_await h.read_until(client, "\r\n\r\n3");
        EXPECT_TRUE(has(both, "\r\n\r\n2HTTP/1.1 200 OK\r\n")) << both;
        EXPECT_EQ(h.upstream.connections(), 1);
        EXPECT_EQ(h.proxy->stats().idle, 1U);
        EXPECT_EQ(h.proxy->stats().active, 0U);
    });
}

TEST(Proxy, SendsBodiesThatHaveArrivedWithTheHead) {
    Script script({Peer::ok("")});
    with_proxy({script.run()}, [&](ProxyHarness& h) -> Task<> {
        static constexpr auto run = [](ProxyHarness& to, Script& seen) -> Task<> {
            co_await to.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
            );
            EXPECT_TRUE(seen.requests.at(0).ends_with("\r\nContent-Length: 5\r\n\r\nhello"))
                << seen.requests.at(0);
            co_await to.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            );
            EXPECT_TRUE(seen.requests.at(1).ends_with("\r\nContent-Length: 0\r\n\r\n"))
                << seen.requests.at(1);
            co_await to.exchange("DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            EXPECT_FALSE(has(seen.requests.at(2), "Content-Length")) << seen.requests.at(2);
        };
        return run(h, script);
    });
}

TEST(Proxy, KnowsAnswersWithoutABody) {
    Script script(
        {"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n",
         "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 77\r\n\r\n",
         "HTTP/1.1 204 No Content\r\n\r\n",
         Peer::ok("end")}
    );
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        runtime::Stream client = co_await h.front.connect();
        (void)co_await client.write_all(
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: "
            "a\r\n\r\n"
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        );
        const std::string all = co_await h.read_until(client, "end");
        EXPECT_TRUE(has(all, "Content-Length: 77\r\n\r\nHTTP/1.1 304 Not Modified\r\n")) << all;
        EXPECT_TRUE(has(all, "\r\n\r\nHTTP/1.1 204 No Content\r\n")) << all;
        EXPECT_TRUE(all.ends_with("\r\n\r\nend"));
        EXPECT_EQ(h.upstream.connections(), 1);
    });
}

TEST(Proxy, PassesInterimAnswersOnButConsentIsItsOwn) {
    Script script(
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\n\r\n" +
         Peer::ok("x")}
    );
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        const std::string answer = co_await h.get();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"))
            << answer;
        const std::string old = co_await h.exchange("GET / HTTP/1.0\r\n\r\n");
        EXPECT_TRUE(old.starts_with("HTTP/1.0 200 OK\r\n")) << old;
    });
}

TEST(Proxy, AsksForTheBodyOnceTheUpstreamIsThere) {
    Script script({Peer::ok("done")});
    with_proxy({script.run()}, [&](ProxyHarness& h) -> Task<> {
        static constexpr auto run = [](ProxyHarness& to, Script& seen) -> Task<> {
            runtime::Stream client = co_await to.front.connect();
            (void)co_await client.write_all(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
            );
            EXPECT_EQ(co_await to.read_until(client, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
            EXPECT_EQ(to.upstream.connections(), 1);
            (void)co_await client.write_all("hello");
            EXPECT_TRUE(has(co_await to.read_until(client, "done"), "HTTP/1.1 200 OK\r\n"));
            EXPECT_FALSE(has(seen.requests.at(0), "Expect"));
            EXPECT_TRUE(seen.requests.at(0).ends_with("hello"));
        };
        return run(h, script);
    });
}

// S18 and what else an upstream can do to a head.
class BadAnswer : public ::testing::TestWithParam<std::string> {};

TEST_P(BadAnswer, S18_IsRefusedAndItsConnectionClosed) {
    bool closed = false;
    const auto serve = [&](Peer& peer) {
        static constexpr auto run = [](Peer& to, bool& gone) -> Task<> {
            co_await to.request();
            co_await to.say(GetParam());
            gone = co_await to.closed_by_client();
        };
        return run(peer, closed);
    };
    with_proxy({serve}, [](ProxyHarness& h) -> Task<> {
        const std::string answer = co_await h.get();
        EXPECT_TRUE(has(answer, "HTTP/1.1 502 Bad Gateway\r\n")) << answer;
        EXPECT_FALSE(has(answer, " 200 OK"));
        EXPECT_TRUE(h.route.outcomes.at(0).error().code() == ProxyErrc::malformed_answer);
        EXPECT_EQ(h.proxy->stats().idle + h.proxy->stats().active, 0U);
    });
    EXPECT_TRUE(closed);
}

INSTANTIATE_TEST_SUITE_P(
    Heads,
    BadAnswer,
    ::testing::Values(
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
        std::string("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27),
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\n\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: " + std::string(40'000, 'a') + "\r\n\r\n",
        [] {
            std::string many;
            for (int i = 0; i < 17; ++i) many += "HTTP/1.1 102 Processing\r\n\r\n";
            return many;
        }()
    )
);

TEST(Proxy, TellsRefusedFromClosedEarly) {
    int connections = 0;
    const auto hang_up = [&](Peer& peer) {
        static constexpr auto run = [](Peer& to, int& count) -> Task<> {
            ++count;
            co_await to.request();
        };
        return run(peer, connections);
    };
    with_proxy({hang_up}, [](ProxyHarness& h) -> Task<> {
        EXPECT_TRUE((co_await h.get()).starts_with("HTTP/1.1 502 "));
        EXPECT_TRUE(h.route.outcomes.at(0).error().code() == ProxyErrc::closed_early);
        EXPECT_TRUE(is_connection_failure(h.route.outcomes.at(0).error()));
        h.route.upstreams = {Upstream(runtime::Endpoint::parse("127.0.0.1", 1).value(), "127.0.0.1")};
        EXPECT_TRUE((co_await h.get()).starts_with("HTTP/1.1 502 "));
        EXPECT_TRUE(h.route.outcomes.at(1).error().code() == ProxyErrc::refused);
        EXPECT_EQ(h.proxy->stats().active, 0U);
    });
    EXPECT_EQ(connections, 1);  // a new connection is not tried twice
}

TEST(ProxyFacts, F21_EndsTheWaitForAnAnswer) {
    const auto silent = [](Peer& peer) -> Task<> {
        co_await peer.request();
        co_await peer.closed_by_client();
    };
    with_proxy({silent}, [](ProxyHarness& h) -> Task<> {
        h.route.response_timeout = 30ms;
        const TimePoint began = h.runtime.clock().now();
        EXPECT_TRUE((co_await h.get()).starts_with("HTTP/1.1 504 Gateway Timeout\r\n"));
        const Duration taken = h.runtime.clock().now() - began;
        EXPECT_GE(taken, 30ms);
        EXPECT_TRUE(h.route.outcomes.at(0).error().code() == ProxyErrc::response_timeout);
        EXPECT_TRUE(is_timeout(h.route.outcomes.at(0).error()));
        const std::string told = h.route.outcomes.at(0).error().message();
        EXPECT_TRUE(told.starts_with("127.0.0.1:") && told.ends_with(": no answer within 30 ms")) << told;
        h.route.response_timeout = 0ms;
        EXPECT_TRUE((co_await h.get()).starts_with("HTTP/1.1 504 "));
        EXPECT_EQ(h.proxy->stats().late_answers, 2U);
    });
}

TEST(Proxy, TakesANegativeTimeoutForNone) {
    Script script({Peer::ok("x")});
    ProxyConfig config;
    config.response_timeout = 0ms;
    with_proxy({script.run(), config}, [](ProxyHarness& h) -> Task<> {
        EXPECT_TRUE((co_await h.get()).starts_with("HTTP/1.1 504 "));
        h.route.response_timeout = -1ms;
        EXPECT_TRUE((co_await h.get()).starts_with("HTTP/1.1 200 "));
    });
}

TEST(Proxy, SendsAgainWhatAStaleConnectionHasSwallowed) {
    // Closes each connection at its second request, without an answer.
    const auto fickle = [](Peer& peer) -> Task<> {
        const std::string first = co_await peer.request();
        if (first.empty()) co_return;
        co_await peer.answer("ok");
        co_await peer.request();
    };
    with_proxy({fickle}, [](ProxyHarness& h) -> Task<> {
        for (int i = 0; i < 3; ++i) EXPECT_TRUE((co_await h.get()).starts_with("HTTP/1.1 200 "));
        EXPECT_EQ(h.proxy->stats().repeats, 2U);
        EXPECT_EQ(h.upstream.connections(), 3);
        // The body is on its way when the connection dies: it may have been executed.
        const std::string post = co_await h.exchange(
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
        );
        EXPECT_TRUE(post.starts_with("HTTP/1.1 502 ")) << post;
        // One that may be executed twice is sent again with its body.
        co_await h.get();
        const std::string put =
            co_await h.exchange("PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
            );
        EXPECT_TRUE(put.starts_with("HTTP/1.1 200 ")) << put;
    });
}

TEST(Proxy, DoesNotKeepAConnectionWithBytesThatNobodyAskedFor) {
    Script script({Peer::ok("1") + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", Peer::ok("2")});
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        EXPECT_EQ(body_of(co_await h.get()), "1");
        EXPECT_EQ(h.proxy->stats().idle, 0U);
        EXPECT_EQ(body_of(co_await h.get()), "2");
        EXPECT_EQ(h.upstream.connections(), 2);
    });
}

TEST(Proxy, KeepsNoConnectionLongerThanItsServerDoes) {
    Script script(
        {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60, max=5\r\nContent-Length: 0\r\n\r\n"}
    );
    with_proxy({script.run()}, [](ProxyHarness& h) -> Task<> {
        for (int i = 0; i < 3; ++i) {
            co_await h.get();
            EXPECT_EQ(h.proxy->stats().idle, 0U) << i;
        }
        co_await h.get();
        EXPECT_EQ(h.proxy->stats().idle, 1U);
    });
}

TEST(Proxy, ForgetsAKeptConnectionWhenItsServerCloses) {
    runtime::Signal* go = nullptr;
    const auto serve = [&](Peer& peer) {
        static constexpr auto run = [](Peer& to, runtime::Signal*& signal) -> Task<> {
            co_await to.request();
            co_await to.answer("x");
            runtime::Signal close;
            signal = &close;
            co_await close.wait();
        };
        return run(peer, go);
    };
    with_proxy({serve}, [&](ProxyHarness& h) -> Task<> {
        static constexpr auto run = [](ProxyHarness& to, runtime::Signal*& signal) -> Task<> {
            co_await to.get();
            EXPECT_EQ(to.proxy->stats().idle, 1U);
            signal->notify_all();
            while (to.proxy->stats().idle > 0) co_await runtime::yield();
        };
        return run(h, go);
    });
}

TEST(Proxy, BoundsConnectionsAndThoseWhoWaitForThem) {
    runtime::Signal* go = nullptr;
    const auto serve = [&](Peer& peer) {
        static constexpr auto run = [](Peer& to, runtime::Signal*& signal) -> Task<> {
            co_await to.request();
            runtime::Signal answer;
            signal = &answer;
            co_await answer.wait();
            co_await to.answer("1");
            co_await to.answer_all(Peer::ok("2"));
        };
        return run(peer, go);
    };
    ProxyConfig config;
    config.pool.max_connections = 1;
    config.pool.max_pending = 1;
    with_proxy({serve, config}, [&](ProxyHarness& h) -> Task<> {
        static constexpr auto run = [](ProxyHarness& to, runtime::Signal*& signal) -> Task<> {
            const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
            runtime::Stream first = co_await to.front.connect();
            (void)co_await first.write_all(request);
            while (!signal) co_await runtime::yield();
            runtime::Stream second = co_await to.front.connect();
            (void)co_await second.write_all(request);
            while (to.proxy->stats().pending == 0) co_await runtime::yield();
            EXPECT_TRUE((co_await to.get()).starts_with("HTTP/1.1 503 "));
            EXPECT_TRUE(to.route.outcomes.at(0).error().code() == ProxyErrc::overloaded);
            signal->notify_all();
            EXPECT_TRUE((co_await to.read_until(first, "\r\n\r\n1")).ends_with("1"));
            EXPECT_TRUE((co_await to.read_until(second, "\r\n\r\n2")).ends_with("2"));
            EXPECT_EQ(to.upstream.connections(), 1);
        };
        return run(h, go);
    });
}

TEST(ProxyFacts, F13_TriesTheNextUpstreamWithTheSameBody) {
    Script script({Peer::ok("good")});
    with_proxy({script.run()}, [&](ProxyHarness& h) -> Task<> {
        static constexpr auto run = [](ProxyHarness& to, Script& seen) -> Task<> {
            to.route.upstreams.insert(
                to.route.upstreams.begin(),
                Upstream(runtime::Endpoint::parse("127.0.0.1", 1).value(), "127.0.0.1")
            );
            to.route.attempts = 2;
            EXPECT_EQ(body_of(co_await to.get()), "good");
            const std::string post = co_await to.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n0\r\n\r\n"
            );
            EXPECT_EQ(body_of(post), "good");
            EXPECT_TRUE(has(seen.requests.at(1), "hello")) << seen.requests.at(1);
        };
        return run(h, script);
    });
}

/// Changes status and fields, and says what becomes of the answer.
class Editor final : public AnswerFilter {
public:
    Verdict on_answer(http::Response& response) override {
        seen.push_back(code_of(response.status()));
        response.set("X-Edited", "1");
        response.headers().remove("X-Secret");
        if (seen.size() <= discarded) return Verdict::discard;
        return verdict;
    }

    std::vector<int> seen;
    std::size_t discarded = 0;
    Verdict verdict = Verdict::relay;
};

TEST(Proxy, LetsAFilterEditAnAnswer) {
    Script script({"HTTP/1.1 200 OK\r\nX-Secret: 1\r\nContent-Length: 1\r\n\r\n1"});
    Editor editor;
    with_proxy({script.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Editor& edits) -> Task<> {
            to.route.filter = &edits;
            const std::string answer = co_await to.get();
            EXPECT_TRUE(has(answer, "X-Edited: 1\r\n"));
            EXPECT_FALSE(has(answer, "X-Secret"));
            EXPECT_EQ(body_of(answer), "1");
        };
        return run(h, editor);
    });
}

/// Turns every answer into one that has no body.
class Emptier final : public AnswerFilter {
public:
    Verdict on_answer(http::Response& response) override {
        response.status(http::Status::no_content);
        return Verdict::relay;
    }
};

TEST(Proxy, DropsABodyThatTheEditedStatusForbids) {
    Script script({Peer::ok("short"), Peer::ok(std::string(200'000, 'x'))});
    Emptier emptier;
    with_proxy({script.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Emptier& filter) -> Task<> {
            to.route.filter = &filter;
            for (int i = 0; i < 2; ++i) {
                const std::string answer = co_await to.get();
                EXPECT_TRUE(answer.starts_with("HTTP/1.1 204 No Content\r\n")) << answer;
                EXPECT_EQ(body_of(answer), "");
            }
        };
        return run(h, emptier);
    });
}

TEST(ProxyFacts, F12_DiscardsAnAnswerForAnotherAttempt) {
    Script script(
        {"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad",
         "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n",
         Peer::ok("good")}
    );
    Editor editor;
    editor.discarded = 2;
    with_proxy({script.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Editor& edits) -> Task<> {
            to.route.filter = &edits;
            to.route.attempts = 3;
            const std::string answer = co_await to.get();
            EXPECT_EQ(body_of(answer), "good");
            EXPECT_EQ(edits.seen, (std::vector<int>{500, 503, 200}));
            EXPECT_EQ(to.upstream.connections(), 2);  // the half answer has ended its connection
        };
        return run(h, editor);
    });
}

TEST(Proxy, HoldsAnAnswerUpToALimit) {
    Script script(
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
         "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
         Peer::ok(std::string(65, 'x'))}
    );
    Editor editor;
    editor.verdict = Verdict::hold;
    with_proxy({script.run()}, [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Editor& edits) -> Task<> {
            to.route.filter = &edits;
            to.route.hold_limit = 64;
            const std::string answer = co_await to.get();
            EXPECT_EQ(body_of(answer), "abcdef");
            EXPECT_TRUE(has(answer, "Content-Length: 6\r\n"));
            EXPECT_EQ(body_of(co_await to.get()), "until the end");
        };
        return run(h, editor);
    });
}

TEST(Proxy, TellsTheUpstreamTheTraceAndItselfTheMeters) {
    metrics::Registry meters;
    tracing::MemorySpanSink spans;
    tracing::TracerConfig config;
    config.sampler = tracing::always_sampler();
    tracing::Tracer tracer(config, Clock::system(), spans);
    Script script({Peer::ok("x")});
    Scene scene{script.run()};
    scene.telemetry.meters = &meters;
    scene.telemetry.tracer = &tracer;
    with_proxy(std::move(scene), [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, metrics::Registry& registry) -> Task<> {
            co_await to.get("/", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
            EXPECT_TRUE(has(registry.scrape(), "flotilla_proxy_connections{state=\"idle\"} 1"))
                << registry.scrape();
        };
        return run(h, meters);
    });
    const auto finished = spans.take();
    ASSERT_EQ(finished.size(), 2U);
    const std::string& request = script.requests.at(0);
    const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-";
    EXPECT_TRUE(has(request, "\r\ntraceparent: " + trace)) << request;
    EXPECT_FALSE(has(request, "b7ad6b7169203331-01")) << request;
    EXPECT_EQ(request.find("traceparent"), request.rfind("traceparent"));
    EXPECT_FALSE(has(meters.scrape(), "flotilla_proxy_connections"));
}

TEST(Proxy, WritesAWholeHeadOfEveryLength) {
    tracing::NullSpanSink spans;
    tracing::Tracer tracer({}, Clock::system(), spans);
    Script script({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"});
    Scene scene{script.run()};
    scene.telemetry.tracer = &tracer;
    with_proxy(std::move(scene), [&](ProxyHarness& h) {
        static constexpr auto run = [](ProxyHarness& to, Script& seen) -> Task<> {
            // Each on a connection of its own, whose memory grows at another place.
            for (std::size_t pad = 1; pad < 400; pad += 7) {
                co_await to.get("/", "Pad: " + std::string(pad, 'x') + "\r\n");
                const std::string request = seen.requests.back();
                http::RequestParser parser;
                EXPECT_EQ(parser.parse(request), http::Progress::done) << pad;
                EXPECT_EQ(parser.consumed(), request.size()) << pad;
            }
        };
        return run(h, script);
    });
}

TEST(Proxy, TalksTlsToUpstreamsThatItTrusts) {
    const test_support::TemporaryFolder folder;
    const auto authority = runtime::TestCertificate::self_signed("authority", true);
    const auto certificate = runtime::TestCertificate::signed_by(authority, "localhost");
    authority.write_certificate(folder.file("ca.pem"));
    certificate.write_certificate(folder.file("cert.pem"));
    certificate.write_key(folder.file("key.pem"));
    runtime::TlsConfig server;
    server.certificate = folder.file("cert.pem");
    server.certificate_private_key = folder.file("key.pem");
    for (const bool trusted : {true, false}) {
        Script script({Peer::ok("secret")});
        Scene scene{script.run()};
        scene.tls = runtime::TlsContext::server(server).value();
        if (trusted) scene.config.ssl.trust_certificate = folder.file("ca.pem");
        with_proxy(std::move(scene), [&](ProxyHarness& h) {
            static constexpr auto run = [](ProxyHarness& to, bool good) -> Task<> {
                for (int i = 0; i < 2; ++i) {
                    const std::string answer = co_await to.get();
                    EXPECT_TRUE(answer.starts_with(good ? "HTTP/1.1 200 " : "HTTP/1.1 502 ")) << answer;
                }
                if (good)
                    EXPECT_EQ(to.upstream.connections(), 1);
                else
                    EXPECT_TRUE(to.route.outcomes.at(0).error().code() == ProxyErrc::tls_failed);
            };
            return run(h, trusted);
        });
    }
}

}  // namespace
}  // namespace flotilla::proxy::testing
