#include "flotilla/http/client.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "flotilla/http/gzip.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/reflect/describe.hpp"
#include "scripted_server.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;
using runtime::TaskScope;

struct Item {
    std::string product_id;
    int qty = 0;
};

FLT_DESCRIBE(Item, product_id, qty)

/// A server that answers every request with itself.
Task<> mirror(Peer& peer) {
    for (;;) {
        const std::string request = co_await peer.request();
        if (request.empty()) co_return;
        co_await peer.answer(request);
    }
}

/// A server that says the same to every request.
ScriptedServer::Script says(std::string answer) {
    return [answer](Peer& peer) -> Task<> { return peer.answer_all(answer); };
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

TEST(Client, SendsAPlainGetAndReadsTheAnswer) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror);
        Client client(runtime, {.send_deadline = false});
        const auto answer =
            co_await client.send(ClientRequest::get(server.url("/a?b=c")).header("X-One", "1"));
        EXPECT_TRUE(answer) << answer.error().message();
        if (answer) {
            EXPECT_EQ(answer->status(), 200);
            EXPECT_EQ(answer->reason(), "OK");
            EXPECT_TRUE(answer->ok());
            EXPECT_EQ(
                answer->body(),
                "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                    "\r\nX-One: 1\r\nUser-Agent: flotilla\r\n\r\n"
            );
            EXPECT_EQ(answer->header("content-length"), std::to_string(answer->body().size()));
        }
        co_await server.stop();
    });
}

TEST(Client, SendsStructsAndReadsStructs) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> {
            const std::string request = co_await peer.request();
            EXPECT_TRUE(has(request, "Content-Type: application/json\r\n")) << request;
            EXPECT_TRUE(has(request, "Content-Length: 33\r\n")) << request;
            co_await peer.answer(request.substr(request.find("\r\n\r\n") + 4));
            co_await peer.request();
            co_await peer.answer(R"({"productId":"a","qty":"many"})");
        });
        Client client(runtime);
        const Item item{"CATALOG-1", 3};
        auto request = ClientRequest::post(server.url()).json(item);
        const auto answer = co_await client.send(request);
        const auto back = answer.value().json<Item>();
        EXPECT_EQ(back.value().product_id, "CATALOG-1");
        EXPECT_EQ(back.value().qty, 3);
        const auto wrong = (co_await client.send(std::move(request))).value().json<Item>();
        EXPECT_TRUE(has(wrong.error().message(), "/qty")) << wrong.error().message();
        co_await server.stop();
    });
}

TEST(Client, KeepsItsConnectionForTheNextCallAndTakesTheYoungestFirst) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> {
            return peer.answer_all(Peer::ok(std::to_string(peer.number)));
        });
        Client client(runtime);
        for (int i = 0; i < 5; ++i)
            EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "1");
        EXPECT_EQ(client.stats().opened, 1U);
        EXPECT_EQ(client.stats().reused, 4U);
        EXPECT_EQ(client.stats().idle, 1U);

        auto first = co_await client.open(ClientRequest::get(server.url()));
        auto second = co_await client.open(ClientRequest::get(server.url()));
        EXPECT_EQ(client.stats().active, 2U);
        EXPECT_EQ((co_await second->read_all(10)).value(), "2");
        EXPECT_EQ((co_await first->read_all(10)).value(), "1");
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "1");
        EXPECT_EQ(client.stats().idle, 2U);
        co_await server.stop();
    });
}

TEST(Client, AConnectionIsKeptOnlyWhenNothingSpeaksAgainstIt) {
    struct Case {
        std::string answer;
        bool kept;
    };

    const std::vector<Case> cases = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=1\r\n\r\nok", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=60, max=9\r\n\r\nok", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true},
        {"HTTP/1.1 204 No Content\r\n\r\n", true},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", true},
    };
    for (const Case& each : cases) {
        run_on_loop([&](Runtime& runtime) -> Task<> {
            ScriptedServer server(runtime.loop(0), says(each.answer));
            Client client(runtime);
            EXPECT_TRUE(co_await client.send(ClientRequest::get(server.url()))) << each.answer;
            EXPECT_EQ(client.stats().idle, each.kept ? 1U : 0U) << each.answer;
            co_await server.stop();
        });
    }
}

TEST(Client, AnswersToHeadHaveNoBodyWhateverTheirLength) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), says("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
        Client client(runtime);
        const auto answer = co_await client.send(ClientRequest::head(server.url()));
        EXPECT_EQ(answer.value().body(), "");
        EXPECT_EQ(answer.value().header("Content-Length"), "1000");
        EXPECT_EQ(client.stats().idle, 1U);
        co_await server.stop();
    });
}

TEST(Client, InterimAnswersArePassedOverButNotForEver) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(
            runtime.loop(0),
            says("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        );
        std::string hints;
        for (int i = 0; i < 100; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
        ScriptedServer endless(runtime.loop(0), says(hints));
        ScriptedServer switching(
            runtime.loop(0),
            says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        );
        Client client(runtime);
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "ok");
        EXPECT_EQ((co_await client.send(ClientRequest::get(endless.url()))).error().code(), Errc::malformed);
        EXPECT_EQ(
            (co_await client.send(ClientRequest::get(switching.url()))).error().code(), Errc::malformed
        );
        co_await server.stop();
        co_await endless.stop();
        co_await switching.stop();
    });
}

TEST(Client, NothingCanBreakOutOfItsPlaceInTheRequest) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror);
        Client client(runtime);
        const std::vector<ClientRequest> bad = {
            ClientRequest::get(server.url()).header("X-A", "1\r\nX-B: 2"),
            ClientRequest::get(server.url()).header("X-A", std::string_view("a\0b", 3)),
            ClientRequest::get(server.url()).header("X-A", "a\nb"),
            ClientRequest::get(server.url()).header("X A", "1"),
            ClientRequest::get(server.url()).header("X-A:", "1"),
            ClientRequest::get(server.url()).header("", "1"),
            ClientRequest::get(server.url()).header("Content-Length", "5"),
            ClientRequest::get(server.url()).header("transfer-encoding", "chunked"),
            ClientRequest::get(server.url()).header("Connection", "close"),
            ClientRequest::get(server.url("/a b")),
            ClientRequest::get(server.url("/a\r\nX: y")),
            ClientRequest("GET / HTTP/1.1\r\nX: y\r\n\r\n", server.url()),
            ClientRequest::post(server.url()).body("{}", "text/plain\r\nX: y"),
            ClientRequest::get("ftp://127.0.0.1/"),
            ClientRequest::get("lb://order-service/"),
            ClientRequest::get(""),
        };
        for (const auto& request : bad) {
            const auto answer = co_await client.send(request);
            EXPECT_FALSE(answer) << request.headers();
            if (!answer) EXPECT_EQ(answer.error().message().find_first_of("\r\n"), std::string::npos);
        }
        EXPECT_EQ(server.connections(), 0);
        // A query parameter is encoded, not refused.
        auto encoded = ClientRequest::get(server.url()).query("q", "a b&c\r\n");
        const auto answer = co_await client.send(std::move(encoded));
        EXPECT_TRUE(has(answer.value().body(), "GET /?q=a")) << answer.value().body();
        EXPECT_TRUE(has(answer.value().body(), "%0D%0A HTTP/1.1\r\n")) << answer.value().body();
        co_await server.stop();
    });
}

TEST(Client, CredentialsInTheUrlBecomeBasicAuthorization) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror);
        Client client(runtime);
        const std::string url = "http://user:pa%20ss@127.0.0.1:" + std::to_string(server.port()) + "/";
        const auto answer = co_await client.send(ClientRequest::get(url));
        EXPECT_TRUE(has(answer.value().body(), "Authorization: Basic dXNlcjpwYSBzcw==\r\n"));
        EXPECT_FALSE(has(answer.value().body(), "user:"));
        co_await server.stop();
    });
}

TEST(Client, ErrorsSayWhatWasAskedOfWhomAndWhatWentWrong) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        std::uint16_t port = 0;
        {
            ScriptedServer gone(runtime.loop(0), mirror);
            port = gone.port();
            co_await gone.stop();
        }
        Client client(runtime);
        const std::string at = "127.0.0.1:" + std::to_string(port);
        const auto refused = co_await client.send(ClientRequest::get("http://" + at + "/x?token=secret"));
        EXPECT_EQ(refused.error().code(), Errc::refused);
        EXPECT_EQ(
            refused.error().message(), "GET http://" + at + "/x: connect to " + at + ": Connection refused"
        );
        const auto unknown = co_await client.send(ClientRequest::get("http://no-such-host.invalid/"));
        EXPECT_TRUE(has(unknown.error().message(), "no-such-host.invalid")) << unknown.error().message();
    });
}

TEST(Client, EachPhaseHasItsTimeLimitAndSaysSo) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer silent(runtime.loop(0), [](Peer& peer) -> Task<> {
            co_await peer.request();
            co_await peer.closed_by_client();
        });
        ScriptedServer halting(runtime.loop(0), [](Peer& peer) -> Task<> {
            co_await peer.request();
            co_await peer.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
            co_await peer.closed_by_client();
        });
        Client client(runtime, {.pool = {.max_connections_per_host = 1}});
        const auto expect_timeout = [](const auto& outcome, std::string_view text) {
            EXPECT_FALSE(outcome);
            if (outcome) return;
            EXPECT_EQ(outcome.error().code(), Errc::timed_out);
            EXPECT_TRUE(has(outcome.error().message(), text)) << outcome.error().message();
        };
        expect_timeout(
            co_await client.send(ClientRequest::get(silent.url()).response_timeout(5ms)),
            "timed out after 5ms waiting for the answer of 127.0.0.1:"
        );
        expect_timeout(
            co_await client.send(ClientRequest::get(silent.url()).timeout(5ms)),
            "deadline reached after 5ms waiting for the answer of 127.0.0.1:"
        );
        expect_timeout(
            co_await client.send(ClientRequest::get(halting.url()).idle_timeout(5ms)),
            "timed out after 5ms reading the answer of 127.0.0.1:"
        );

        auto holder = co_await client.open(ClientRequest::get(halting.url()));
        expect_timeout(
            co_await client.send(ClientRequest::get(halting.url()).timeout(5ms)),
            "deadline reached after 5ms waiting for a free connection to 127.0.0.1:"
        );
        TaskContext::current().deadline = Deadline::after(runtime.clock().now(), 12ms);
        expect_timeout(co_await client.send(ClientRequest::get(silent.url())), "deadline reached after ");
        TaskContext::current().deadline = Deadline(runtime.clock().now());
        expect_timeout(
            co_await client.send(ClientRequest::get(silent.url())), "the caller's deadline has passed"
        );
        TaskContext::current().deadline = {};
        holder = fail(Errc::cancelled);
        co_await silent.stop();
        co_await halting.stop();
    });
}

TEST(Client, WhatIsLeftOfTheDeadlineIsToldToTheNextHop) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror);
        Client client(runtime);
        const auto answer = co_await client.send(ClientRequest::get(server.url()).timeout(2s));
        const std::string& text = answer.value().body();
        const std::size_t at = text.find("X-Request-Deadline-Ms: ");
        EXPECT_NE(at, std::string::npos);
        const int left = std::stoi(text.substr(at + 23));
        EXPECT_GT(left, 1000);
        EXPECT_LE(left, 2000);
        co_await server.stop();
    });
}

TEST(Client, AnAnswerThatIsTooLongIsRefusedWithoutBeingHeld) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer announced(
            runtime.loop(0), says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'))
        );
        std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (int i = 0; i < 100; ++i) chunks += "1\r\nx\r\n";
        ScriptedServer chunked(runtime.loop(0), says(chunks + "0\r\n\r\n"));
        ScriptedServer head(
            runtime.loop(0), says("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n")
        );
        Client client(runtime);
        for (const auto* server : {&announced, &chunked}) {
            EXPECT_TRUE(co_await client.send(ClientRequest::get(server->url()).max_response_size(Bytes{100}))
            );
            const auto refused =
                co_await client.send(ClientRequest::get(server->url()).max_response_size(Bytes{99}));
            EXPECT_EQ(refused.error().code(), Errc::limit_exceeded) << refused.error().message();
        }
        EXPECT_EQ((co_await client.send(ClientRequest::get(head.url()))).error().code(), Errc::malformed);
        co_await announced.stop();
        co_await chunked.stop();
        co_await head.stop();
    });
}

TEST(Client, UnpacksGzipWhenToldToAndStopsBombs) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> {
            for (;;) {
                const std::string request = co_await peer.request();
                if (request.empty()) co_return;
                if (!has(request, "Accept-Encoding: gzip\r\n")) {
                    co_await peer.answer("plain");
                    continue;
                }
                const std::string packed =
                    gzip(has(request, "/bomb") ? std::string(10 << 20, 'x') : "packed");
                co_await peer.say(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                    std::to_string(has(request, "/cut") ? packed.size() - 3 : packed.size()) + "\r\n\r\n" +
                    packed
                );
            }
        });
        Client client(runtime, {.max_response_size = Bytes::mega(1)});
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "plain");
        EXPECT_EQ(
            (co_await client.send(ClientRequest::get(server.url()).decompress(true))).value().body(), "packed"
        );
        const auto bomb = co_await client.send(ClientRequest::get(server.url("/bomb")).decompress(true));
        EXPECT_EQ(bomb.error().code(), Errc::limit_exceeded);
        const auto cut = co_await client.send(ClientRequest::get(server.url("/cut")).decompress(true));
        EXPECT_EQ(cut.error().code(), Errc::malformed);
        co_await server.stop();
    });
}

TEST(Client, RedirectsAreFollowedOnlyWhenToldToAndSecretsStayAtHome) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer other(runtime.loop(0), mirror);
        const std::string away = other.url("/away");
        ScriptedServer server(runtime.loop(0), [&away](Peer& peer) -> Task<> {
            static constexpr auto run = [](Peer& to, const std::string& elsewhere) -> Task<> {
                for (;;) {
                    const std::string request = co_await to.request();
                    if (request.empty()) co_return;
                    if (has(request, " /loop ")) {
                        co_await to.say(
                            "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 4\r\n\r\nloop"
                        );
                    } else if (has(request, " /away ")) {
                        co_await to.say(
                            "HTTP/1.1 302 Found\r\nLocation: " + elsewhere + "\r\nContent-Length: 0\r\n\r\n"
                        );
                    } else if (has(request, " /keep ")) {
                        co_await to.say(
                            "HTTP/1.1 307 Temporary Redirect\r\nLocation: end\r\nContent-Length: 0\r\n\r\n"
                        );
                    } else if (has(request, " /post ")) {
                        co_await to.say("HTTP/1.1 303 See Other\r\nLocation: end\r\nContent-Length: 0\r\n\r\n"
                        );
                    } else {
                        co_await to.answer(request);
                    }
                }
            };
            return run(peer, away);
        });
        Client client(runtime);
        const auto get = [&](std::string_view target) {
            return ClientRequest::get(server.url(target))
                .header("Authorization", "Bearer t")
                .max_redirects(3);
        };
        const auto untold = co_await client.send(ClientRequest::get(server.url("/loop")));
        EXPECT_EQ(untold.value().status(), 302);
        EXPECT_EQ((co_await client.send(get("/loop"))).error().code(), Errc::limit_exceeded);
        EXPECT_EQ(server.connections(), 1);
        const auto gone = co_await client.send(get("/away"));
        EXPECT_TRUE(has(gone.value().body(), "GET /away ")) << gone.value().body();
        EXPECT_FALSE(has(gone.value().body(), "Bearer"));
        const auto at_home = co_await client.send(get("/keep"));
        EXPECT_TRUE(has(at_home.value().body(), "Bearer"));
        auto post = ClientRequest::post(server.url("/keep")).body("data", "text/plain").max_redirects(1);
        const auto kept = co_await client.send(std::move(post));
        EXPECT_TRUE(has(kept.value().body(), "POST /end ")) << kept.value().body();
        EXPECT_TRUE(has(kept.value().body(), "data"));
        auto see_other = ClientRequest::post(server.url("/post")).body("data", "text/plain").max_redirects(1);
        const auto seen = co_await client.send(std::move(see_other));
        EXPECT_TRUE(has(seen.value().body(), "GET /end ")) << seen.value().body();
        EXPECT_FALSE(has(seen.value().body(), "data"));
        EXPECT_FALSE(has(seen.value().body(), "Content-Type"));
        co_await server.stop();
        co_await other.stop();
    });
}

TEST(Client, TheOtherAddressesOfANameAreTriedWhenOneRefuses) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror);
        runtime::Resolver resolver(
            runtime,
            {},
            [](const std::string&) -> Result<std::vector<runtime::Endpoint>> {
                return std::vector{
                    runtime::Endpoint::parse("127.0.0.2", 0).value(),
                    runtime::Endpoint::parse("127.0.0.3", 0).value(),
                    runtime::Endpoint::parse("127.0.0.1", 0).value(),
                };
            }
        );
        Client client(runtime, {}, {}, &resolver);
        const std::string port = std::to_string(server.port());
        const auto answer = co_await client.send(ClientRequest::get("http://order-service:" + port + "/"));
        EXPECT_TRUE(answer) << answer.error().message();
        co_await server.stop();
        auto nobody = ClientRequest::get("http://order-service:1/");
        const auto refused = co_await client.send(std::move(nobody));
        EXPECT_TRUE(has(refused.error().message(), "connect to 127.0.0.2:1")) << refused.error().message();
    });
}

TEST(Client, AnAddressThatDoesNotAnswerIsNotWaitedForAlone) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        // A listener whose queue is full: connections to it stay pending.
        auto& loop = runtime.loop(0);
        auto full = runtime::Listener::open(
                        loop, runtime::Endpoint::parse("127.0.0.9", 0).value(), runtime::PortUse::exclusive, 0
        )
                        .value();
        const std::uint16_t port = full.local().port();
        std::vector<runtime::Stream> fillers;
        for (int i = 0; i < 4; ++i) {
            auto filler = co_await runtime::Stream::connect(loop, full.local(), soon(2ms));
            if (filler) fillers.push_back(std::move(*filler));
        }
        ScriptedServer server(loop, mirror, nullptr, "127.0.0.1", port);
        runtime::Resolver resolver(
            runtime,
            {},
            [](const std::string&) -> Result<std::vector<runtime::Endpoint>> {
                return std::vector{
                    runtime::Endpoint::parse("127.0.0.9", 0).value(),
                    runtime::Endpoint::parse("127.0.0.1", 0).value()
                };
            }
        );
        Client client(runtime, {.happy_eyeballs_delay = 2ms}, {}, &resolver);
        const TimePoint start = runtime.clock().now();
        const auto answer =
            co_await client.send(ClientRequest::get("http://order-service:" + std::to_string(port) + "/"));
        EXPECT_TRUE(answer) << answer.error().message();
        EXPECT_LT(runtime.clock().now() - start, 900ms);
        co_await server.stop();
    });
}

TEST(Client, IsUsableFromEveryLoopAndKeepsConnectionsForEach) {
    run_on_loop(
        [](Runtime& runtime) -> Task<> {
            ScriptedServer server(runtime.loop(0), mirror);
            Client client(runtime);
            const std::function<Task<int>()> there = [&]() -> Task<int> {
                for (int i = 0; i < 3; ++i)
                    if (const auto sent = co_await client.send(ClientRequest::get(server.url())); !sent)
                        co_return 0;
                co_return 1;
            };
            EXPECT_EQ(co_await runtime.on(runtime.loop(1), there), 1);
            EXPECT_TRUE(co_await client.send(ClientRequest::get(server.url())));
            EXPECT_EQ(client.stats().opened, 2U);
            EXPECT_EQ(client.stats().idle, 2U);
            co_await server.stop();
        },
        2
    );
}

}  // namespace

}  // namespace flotilla::http
