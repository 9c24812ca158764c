#include <gtest/gtest.h>

#include "flotilla/http/client.hpp"
#include "scripted_server.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;
using runtime::TaskScope;

/// Answers with the number of the connection.
Task<> numbered(Peer& peer) {
    return peer.answer_all(Peer::ok(std::to_string(peer.number)));
}

Task<> send_and_note(Client& client, std::string url, std::vector<std::string>& notes) {
    auto answer = co_await client.send(ClientRequest::get(url));
    notes.push_back(answer ? url.substr(url.rfind('/') + 1) : answer.error().message());
}

TEST(ClientPool, WhoWaitsForAConnectionIsServedInTurn) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), numbered);
        Client client(runtime, {.pool = {.max_connections_per_host = 1}});
        TaskScope scope(runtime.loop(0));
        std::vector<std::string> notes;
        for (int i = 0; i < 20; ++i)
            scope.spawn("call", send_and_note(client, server.url("/" + std::to_string(i)), notes));
        EXPECT_EQ(client.stats().pending, 19U);
        (void)co_await scope.drain(soon());
        EXPECT_EQ(notes.size(), 20U);
        for (std::size_t i = 0; i < notes.size(); ++i) EXPECT_EQ(notes[i], std::to_string(i));
        EXPECT_EQ(client.stats().opened, 1U);
        EXPECT_EQ(client.stats().pending, 0U);
        co_await server.stop();
    });
}

TEST(ClientPool, TheQueueIsBoundedAndAWaiterThatGivesUpLeavesIt) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), numbered);
        Client client(runtime, {.pool = {.max_connections_per_host = 1, .max_pending_per_host = 2}});
        auto holder = co_await client.open(ClientRequest::get(server.url()));
        TaskScope cancelled(runtime.loop(0));
        TaskScope scope(runtime.loop(0));
        std::vector<std::string> notes;
        cancelled.spawn("call", send_and_note(client, server.url("/1"), notes));
        scope.spawn("call", send_and_note(client, server.url("/2"), notes));
        const auto refused = co_await client.send(ClientRequest::get(server.url()));
        EXPECT_EQ(refused.error().code(), Errc::limit_exceeded);
        EXPECT_NE(refused.error().message().find("2 calls wait"), std::string::npos);
        co_await cancelled.stop();
        EXPECT_EQ(client.stats().pending, 1U);
        EXPECT_TRUE(co_await holder->read_all(10));
        (void)co_await scope.drain(soon());
        EXPECT_EQ(notes, std::vector<std::string>{"2"});
        co_await server.stop();
    });
}

TEST(ClientPool, ACallThatIsDroppedClosesItsConnectionAndMakesRoom) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        bool closed = false;
        ScriptedServer server(runtime.loop(0), [&closed](Peer& peer) -> Task<> {
            static constexpr auto run = [](Peer& to, bool& noted) -> Task<> {
                co_await to.request();
                if (to.number == 2) {
                    co_await to.answer("2");
                } else {
                    co_await to.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin");
                    noted = co_await to.closed_by_client();
                }
            };
            return run(peer, closed);
        });
        Client client(runtime, {.pool = {.max_connections_per_host = 1}});
        {
            auto stream = co_await client.open(ClientRequest::get(server.url()));
            EXPECT_EQ(co_await stream->read(), "begin");
        }
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "2");
        EXPECT_TRUE(closed);
        co_await server.stop();
    });
}

TEST(ClientPool, TheLimitOverAllHostsClosesTheIdlestConnection) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer a(runtime.loop(0), numbered);
        ScriptedServer b(runtime.loop(0), numbered);
        ScriptedServer c(runtime.loop(0), numbered);
        Client client(runtime, {.pool = {.max_connections = 2}});
        for (const auto* server : {&a, &b, &c})
            EXPECT_TRUE(co_await client.send(ClientRequest::get(server->url())));
        EXPECT_EQ(client.stats().idle, 2U);
        EXPECT_TRUE(co_await client.send(ClientRequest::get(b.url())));
        EXPECT_EQ(b.connections(), 1);
        EXPECT_TRUE(co_await client.send(ClientRequest::get(a.url())));
        EXPECT_EQ(a.connections(), 2);

        // All in use, and none for the third: it waits for whichever host's connection ends first.
        auto one = co_await client.open(ClientRequest::get(a.url()));
        auto two = co_await client.open(ClientRequest::get(b.url()));
        TaskScope scope(runtime.loop(0));
        std::vector<std::string> notes;
        scope.spawn("call", send_and_note(client, c.url("/c"), notes));
        EXPECT_EQ(client.stats().pending, 1U);
        EXPECT_TRUE(co_await two->read_all(10));
        (void)co_await scope.drain(soon());
        EXPECT_EQ(notes, std::vector<std::string>{"c"});
        EXPECT_TRUE(co_await one->read_all(10));
        for (auto* server : {&a, &b, &c}) co_await server->stop();
    });
}

TEST(ClientPool, AnIdleConnectionIsClosedInTime) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        bool closed = false;
        ScriptedServer server(runtime.loop(0), [&closed](Peer& peer) -> Task<> {
            static constexpr auto run = [](Peer& to, bool& noted) -> Task<> {
                co_await to.request();
                co_await to.answer("x");
                noted = co_await to.closed_by_client();
            };
            return run(peer, closed);
        });
        Client client(runtime, {.pool = {.keep_alive = 20ms}});
        EXPECT_TRUE(co_await client.send(ClientRequest::get(server.url())));
        EXPECT_EQ(client.stats().idle, 1U);
        const Deadline patience = soon(3s);
        while (!closed && !patience.passed(runtime.clock().now())) co_await runtime::sleep_for(10ms);
        EXPECT_TRUE(closed);
        EXPECT_EQ(client.stats().idle, 0U);
        co_await server.stop();
    });
}

TEST(ClientPool, AConnectionThatTheServerHasClosedIsNotUsedAgain) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> {
            co_await peer.request();
            co_await peer.answer(std::to_string(peer.number));
        });
        Client client(runtime);
        // POST too: nothing of it has been sent when the end of the connection is noticed.
        for (int i = 1; i <= 5; ++i) {
            auto post = ClientRequest::post(server.url()).body("x", "text/plain");
            EXPECT_EQ((co_await client.send(std::move(post))).value().body(), std::to_string(i));
            co_await runtime::yield();
            co_await runtime::yield();
        }
        co_await server.stop();
    });
}

/// Answers the first request of a connection and closes when the second has come.
Task<> answers_once(Peer& peer) {
    co_await peer.request();
    co_await peer.answer(std::to_string(peer.number));
    if (peer.number == 1) co_await peer.request();
}

TEST(ClientPool, AStaleConnectionIsReplacedOnceForWhatMayBeSentTwice) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), answers_once);
        Client client(runtime);
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "1");
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "2");
        co_await server.stop();
    });
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), answers_once);
        Client client(runtime);
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "1");
        auto post = ClientRequest::post(server.url()).body("x", "text/plain");
        const auto lost = co_await client.send(post);
        EXPECT_EQ(lost.error().code(), Errc::closed);
        EXPECT_EQ(server.connections(), 1);
        co_await server.stop();
    });
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), answers_once);
        Client client(runtime);
        EXPECT_EQ((co_await client.send(ClientRequest::get(server.url()))).value().body(), "1");
        auto post = ClientRequest::post(server.url()).body("x", "text/plain").header("Idempotency-Key", "7");
        EXPECT_EQ((co_await client.send(std::move(post))).value().body(), "2");
        co_await server.stop();
    });
}

TEST(ClientPool, AFreshConnectionThatIsClosedIsNoReasonToTryAgain) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), [](Peer& peer) -> Task<> { co_await peer.request(); });
        Client client(runtime);
        const auto lost = co_await client.send(ClientRequest::get(server.url()));
        EXPECT_EQ(lost.error().code(), Errc::closed);
        EXPECT_NE(lost.error().message().find("without an answer"), std::string::npos)
            << lost.error().message();
        EXPECT_EQ(server.connections(), 1);
        co_await server.stop();
    });
}

TEST(ClientPool, CallsThatAreCancelledInAnyPhaseLeaveNothingBehind) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), numbered);
        Client client(runtime, {.pool = {.max_connections_per_host = 3}});
        std::vector<std::string> notes;
        for (int rounds = 0; rounds < 40; ++rounds) {
            TaskScope scope(runtime.loop(0));
            for (int i = 0; i < 6; ++i) scope.spawn("call", send_and_note(client, server.url("/x"), notes));
            for (int i = 0; i < rounds % 8; ++i) co_await runtime::yield();
            co_await scope.stop();
        }
        EXPECT_EQ(client.stats().active, 0U);
        EXPECT_EQ(client.stats().pending, 0U);
        EXPECT_TRUE(co_await client.send(ClientRequest::get(server.url())));
        co_await server.stop();
    });
}

}  // namespace

}  // namespace flotilla::http
