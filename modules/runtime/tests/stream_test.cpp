#include "flotilla/runtime/stream.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <optional>

#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::runtime {

namespace {

using namespace std::chrono_literals;

const Endpoint any_port = Endpoint::parse("127.0.0.1", 0).value();

Deadline soon(Duration span = 5s) {
    return Deadline::after(EventLoop::current().clock().now(), span);
}

struct Pair {
    Stream client;
    Stream server;
};

Task<Pair> connected(EventLoop& loop) {
    auto listener = Listener::open(loop, any_port).value();
    auto client = co_await Stream::connect(loop, listener.local(), soon());
    auto server = co_await listener.accept();
    Pair pair{std::move(client).value(), std::move(server).value()};
    co_return pair;
}

Task<> echo(Listener& listener) {
    auto accepted = co_await listener.accept();
    Stream stream = std::move(accepted).value();
    std::array<char, 1000> buffer;
    for (;;) {
        const auto got = co_await stream.read_some(buffer);
        if (!got || *got == 0) co_return;
        co_await stream.write_all(std::string_view(buffer.data(), *got));
    }
}

TEST(Stream, CarriesMegabytesBothWaysThroughSmallBuffers) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        EventLoop& loop = runtime.loop(0);
        TaskScope scope(loop);
        auto listener = Listener::open(loop, any_port).value();
        scope.spawn("echo", echo(listener));
        Stream client = (co_await Stream::connect(loop, listener.local(), {})).value();

        std::string sent(3 << 20, '\0');
        for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 + i / 251);
        static constexpr auto write = [](Stream& stream, const std::string& bytes) -> Task<> {
            EXPECT_TRUE((co_await stream.write_all(bytes)).has_value());
            stream.shutdown_write();
        };
        scope.spawn("write", write(client, sent));
        std::string received;
        std::array<char, 4096> buffer;
        for (;;) {
            const auto got = (co_await client.read_some(buffer)).value();
            if (got == 0) break;
            received.append(buffer.data(), got);
        }
        EXPECT_TRUE(received == sent);
        co_await scope.drain({});
    });
}

/// Moves what comes from one stream to the other until it ends.
Task<std::size_t> relay(Stream& from, Stream& to, std::size_t at_once) {
    Pipe pipe = Pipe::open().value();
    std::size_t moved = 0;
    for (;;) {
        const Io in = from.try_fill(pipe, at_once);
        if (in.status == IoStatus::would_block) {
            (void)co_await from.ready(soon());
            continue;
        }
        if (in.status != IoStatus::done) co_return moved;
        EXPECT_EQ(pipe.size(), in.bytes);
        while (pipe.size() > 0) {
            const Io out = to.try_drain(pipe);
            moved += out.bytes;
            if (out.status == IoStatus::done) continue;
            if (out.status != IoStatus::would_block) co_return moved;
            (void)co_await to.ready(soon());
        }
    }
}

Task<> relay_and_end(Stream& from, Stream& to, std::size_t at_once) {
    (void)co_await relay(from, to, at_once);
    to.shutdown_write();
}

Task<> write_and_end(Stream& to, const std::string& bytes) {
    EXPECT_TRUE((co_await to.write_all(bytes)).has_value());
    to.shutdown_write();
}

TEST(Stream, CarriesMegabytesThroughAPipe) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        EventLoop& loop = runtime.loop(0);
        std::string sent(3 << 20, '\0');
        for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 + i / 251);
        for (const std::size_t at_once : {std::size_t{4000}, std::size_t{100'000}, sent.size()}) {
            TaskScope scope(loop);
            Pair source = co_await connected(loop);
            Pair sink = co_await connected(loop);
            scope.spawn("write", write_and_end(source.client, sent));
            scope.spawn("relay", relay_and_end(source.server, sink.server, at_once));
            std::string received;
            std::array<char, 50'000> buffer;
            for (;;) {
                const auto got = (co_await sink.client.read_some(buffer, soon())).value();
                if (got == 0) break;
                received.append(buffer.data(), got);
            }
            EXPECT_TRUE(received == sent) << at_once;
            co_await scope.drain({});
        }
    });
}

TEST(Stream, APipeIntoAConnectionThatIsGoneFails) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        EventLoop& loop = runtime.loop(0);
        TaskScope scope(loop);
        Pair source = co_await connected(loop);
        Pair sink = co_await connected(loop);
        {
            const Stream gone = std::move(sink.client);
        }
        const std::string bytes(3 << 20, 'x');
        static constexpr auto write = [](Stream& to, const std::string& text) -> Task<> {
            (void)co_await to.write_all(text, soon());
        };
        scope.spawn("write", write(source.client, bytes));
        EXPECT_LT(co_await relay(source.server, sink.server, 100'000), bytes.size());
        {
            const Stream gone = std::move(source.server);
        }
        co_await scope.drain({});
    });
}

TEST(Stream, ARefusedConnectionSaysWhoRefused) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        std::uint16_t port = 0;
        {
            port = Listener::open(runtime.loop(0), any_port).value().local().port();
        }
        const auto to = Endpoint::parse("127.0.0.1", port).value();
        const auto refused = co_await Stream::connect(runtime.loop(0), to, {});
        EXPECT_EQ(refused.error().code(), Errc::refused);
        EXPECT_NE(refused.error().message().find(to.text()), std::string::npos);
    });
}

TEST(Stream, AReadKeepsItsDeadline) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto listener = Listener::open(runtime.loop(0), any_port).value();
        Stream client = (co_await Stream::connect(runtime.loop(0), listener.local(), {})).value();
        std::array<char, 16> buffer;
        const auto got = co_await client.read_some(buffer, Deadline::after(runtime.clock().now(), 5ms));
        EXPECT_EQ(got.error().code(), Errc::timed_out);
    });
}

TEST(Stream, CloseGivesThePeerItsAnswerThoughBytesOfThePeerAreUnread) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        EventLoop& loop = runtime.loop(0);
        TaskScope scope(loop);
        auto listener = Listener::open(loop, any_port).value();
        Stream client = (co_await Stream::connect(loop, listener.local(), {})).value();
        auto accepted = co_await listener.accept();
        std::optional<Stream> server(std::move(accepted).value());
        // The client is still sending when the server answers and closes.
        EXPECT_TRUE(co_await client.write_all(std::string(20'000, 'x')));
        EXPECT_TRUE(co_await server->write_all("413 too large"));
        static constexpr auto close = [](std::optional<Stream>& stream) -> Task<> {
            co_await stream->close(soon());
            stream.reset();
        };
        scope.spawn("close", close(server));
        EXPECT_TRUE(co_await client.write_all(std::string(20'000, 'y')));
        std::array<char, 64> buffer;
        const auto got = co_await client.read_some(buffer, soon());
        EXPECT_EQ(std::string_view(buffer.data(), got.value_or(0)), "413 too large");
        EXPECT_EQ(co_await client.read_some(buffer, soon()), 0U);
        client.shutdown_write();
        EXPECT_EQ(co_await scope.drain(soon()), 0U);
    });
}

TEST(Stream, CloseDoesNotWaitLongerThanItsDeadline) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        const TimePoint start = runtime.clock().now();
        co_await pair.server.close(soon(5ms));
        EXPECT_LT(runtime.clock().now() - start, 2s);
    });
}

TEST(Stream, AWriteToAReaderThatStoppedKeepsItsDeadline) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        const auto written = co_await pair.client.write_all(std::string(16 << 20, 'x'), soon(20ms));
        EXPECT_EQ(written.error().code(), Errc::timed_out);
    });
}

TEST(Stream, AResetIsClosedForTheReaderAndTheWriter) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        const linger reset{1, 0};
        ::setsockopt(pair.client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        {
            const Stream gone = std::move(pair.client);
        }
        std::array<char, 16> buffer;
        EXPECT_EQ((co_await pair.server.read_some(buffer, soon())).error().code(), Errc::closed);
        EXPECT_EQ((co_await pair.server.write_all("x", soon())).error().code(), Errc::closed);
        co_await yield();
        EXPECT_TRUE(pair.server.peer_closed());
    });
}

TEST(Stream, OneByteReadsGetEverything) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        EXPECT_TRUE(co_await pair.client.write_all("edge"));
        pair.client.shutdown_write();
        std::string received;
        char c = 0;
        for (;;) {
            const auto got = co_await pair.server.read_some({&c, 1}, soon());
            if (got != 1U) break;
            received += c;
        }
        EXPECT_EQ(received, "edge");
    });
}

TEST(Stream, FilesAreSentInPartAndAShrunkenFileIsAnError) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        std::FILE* file = std::tmpfile();
        EXPECT_EQ(std::fwrite("0123456789", 1, 10, file), 10U);
        std::fflush(file);
        EXPECT_TRUE(co_await pair.client.send_file(::fileno(file), 3, 5, soon()));
        std::array<char, 16> buffer;
        const auto got = co_await pair.server.read_some(buffer, soon());
        EXPECT_EQ(std::string_view(buffer.data(), got.value_or(0)), "34567");
        EXPECT_EQ((co_await pair.client.send_file(::fileno(file), 8, 5, soon())).error().code(), Errc::io);
        std::fclose(file);
    });
}

Task<> read_into(Stream& stream, Result<std::size_t>& outcome, Deadline deadline = {}) {
    std::array<char, 16> buffer;
    outcome = co_await stream.read_some(buffer, deadline);
}

TEST(Stream, CancelWakesTheReaderAndTheStreamStaysUsable) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        TaskScope scope(runtime.loop(0));
        Result<std::size_t> outcome = 7U;
        scope.spawn("read", read_into(pair.server, outcome));
        pair.server.cancel();
        EXPECT_EQ(scope.active(), 0U);
        EXPECT_EQ(outcome.error().code(), Errc::cancelled);
        EXPECT_TRUE(co_await pair.client.write_all("still here"));
        scope.spawn("read", read_into(pair.server, outcome));
        (void)co_await scope.drain(soon());
        EXPECT_EQ(outcome, 10U);
    });
}

TEST(Stream, ATurnEndsThoughMoreIsThereAndTheNextRoundGoesOn) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        EventLoop& loop = runtime.loop(0);
        Pair pair = co_await connected(loop);
        // As much as the kernel takes: more than a turn in either direction.
        const std::string piece(64 * 1024, 'x');
        const iovec part{const_cast<char*>(piece.data()), piece.size()};
        std::size_t sent = 0;
        std::size_t turns_of_writer = 0;
        while (sent < 1'000'000) {
            const Io io = pair.client.try_write({&part, 1});
            EXPECT_TRUE(io.status == IoStatus::done || io.status == IoStatus::would_block);
            sent += io.bytes;
            if (io.status == IoStatus::done) continue;
            ++turns_of_writer;
            const Wake wake = co_await pair.client.ready(soon(100ms));
            if (wake == Wake::timed_out) break;
        }
        EXPECT_GE(turns_of_writer, 2U);
        pair.client.shutdown_write();

        std::array<char, 16 * 1024> buffer;
        std::size_t received = 0;
        std::size_t turns = 0;
        for (;;) {
            const Io io = pair.server.try_read(buffer.data(), buffer.size());
            if (io.status == IoStatus::end) break;
            received += io.bytes;
            if (io.status == IoStatus::done) continue;
            ++turns;
            const std::uint64_t round = loop.stats().rounds;
            EXPECT_EQ(co_await pair.server.ready(soon()), Wake::ready);
            EXPECT_GT(loop.stats().rounds, round) << "the others have had theirs";
        }
        EXPECT_EQ(received, sent);
        EXPECT_GE(turns, sent / (300 * 1024));
    });
}

TEST(Stream, WhoOnlyLooksIsToldWhatIsThereThoughTheTurnIsOver) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        Pair pair = co_await connected(runtime.loop(0));
        const std::string many(2000, 'x');
        EXPECT_EQ(::send(pair.client.fd(), many.data(), many.size(), 0), 2000);
        char one = 0;
        std::size_t received = 0;
        while (pair.server.try_read(&one, 1).status == IoStatus::done) ++received;
        EXPECT_GT(received, 100U);
        EXPECT_LT(received, many.size()) << "many small reads end a turn, too";
        EXPECT_FALSE(pair.server.maybe_readable());
        pair.server.begin_turn();
        EXPECT_TRUE(pair.server.maybe_readable());
        EXPECT_EQ(pair.server.try_read(&one, 1).status, IoStatus::done);
    });
}

TEST(Stream, ACancelledTaskLeavesItsWaitWhateverElseHappensInThatRound) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        TaskScope scope(runtime.loop(0));
        Result<std::size_t> outcome = 7U;
        scope.spawn("read", read_into(pair.server, outcome, soon()));
        // Bytes arrive in the same round as the cancellation.
        EXPECT_TRUE(co_await pair.client.write_all("x"));
        co_await scope.stop();
        EXPECT_EQ(outcome.error().code(), Errc::cancelled);
        Result<std::size_t> second = 7U;
        TaskScope again(runtime.loop(0));
        again.spawn("read", read_into(pair.server, second, soon()));
        (void)co_await again.drain(soon());
        EXPECT_EQ(second, 1U);
    });
}

TEST(Stream, ATaskThatReadsWhenItsStreamIsDestroyedEndsAsCancelled) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        TaskScope scope(runtime.loop(0));
        Result<std::size_t> outcome = 7U;
        auto stream = std::make_unique<Stream>(std::move(pair.server));
        scope.spawn("read", read_into(*stream, outcome, soon()));
        stream.reset();
        EXPECT_EQ(co_await scope.drain(soon()), 0U);
        EXPECT_EQ(outcome.error().code(), Errc::cancelled);
    });
}

TEST(Stream, AWaitThatIsMadeBeforeItsEdgeAndAwaitedAfterItIsNotLost) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto pair = co_await connected(runtime.loop(0));
        std::array<char, 16> buffer;
        EXPECT_EQ(pair.server.try_read(buffer.data(), buffer.size()).status, IoStatus::would_block);
        Task<Wake> wait = pair.server.readable(soon());
        EXPECT_TRUE(co_await pair.client.write_all("x"));
        co_await sleep_for(2ms);
        EXPECT_EQ(co_await std::move(wait), Wake::ready);
    });
}

TEST(Stream, AConnectThatIsCancelledIsNoConnection) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        EventLoop& loop = runtime.loop(0);
        TaskScope scope(loop);
        // A full queue of an unaccepting listener leaves further connections pending.
        auto listener = Listener::open(loop, any_port, PortUse::exclusive, 0).value();
        std::vector<std::optional<Result<Stream>>> outcomes(8);
        static constexpr auto connect = [](Endpoint to, std::optional<Result<Stream>>& outcome) -> Task<> {
            outcome.emplace(co_await Stream::connect(EventLoop::current(), to, soon(10s)));
        };
        for (auto& outcome : outcomes) scope.spawn("connect", connect(listener.local(), outcome));
        co_await sleep_for(2ms);
        EXPECT_GT(scope.active(), 0U);
        co_await scope.stop();
        EXPECT_EQ(outcomes.back().value().error().code(), Errc::cancelled);
    });
}

TEST(Listener, SaysThatThePortIsTakenUnlessItIsShared) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto first = Listener::open(runtime.loop(0), any_port, PortUse::first).value();
        EXPECT_TRUE(Listener::open(runtime.loop(0), first.local(), PortUse::shared).has_value());
        for (const PortUse use : {PortUse::exclusive, PortUse::first}) {
            const auto another = Listener::open(runtime.loop(0), first.local(), use);
            EXPECT_NE(another.error().message().find("in use"), std::string::npos);
        }
        const auto alone = Listener::open(runtime.loop(0), any_port).value();
        EXPECT_FALSE(Listener::open(runtime.loop(0), alone.local(), PortUse::shared).has_value());
        co_return;
    });
}

TEST(Endpoint, ReadsAndPrintsBothFamilies) {
    EXPECT_EQ(Endpoint::parse("127.0.0.1", 80)->text(), "127.0.0.1:80");
    EXPECT_EQ(Endpoint::parse("[::1]", 80)->text(), "[::1]:80");
    EXPECT_TRUE(Endpoint::parse("::1", 80)->is_loopback());
    EXPECT_TRUE(Endpoint::parse("::ffff:127.0.0.1", 80)->is_loopback());
    EXPECT_FALSE(Endpoint::parse("::ffff:10.0.0.1", 80)->is_loopback());
    EXPECT_FALSE(Endpoint::parse("10.0.0.1", 80)->is_loopback());
    EXPECT_FALSE(Endpoint::parse("localhost", 80));
    EXPECT_EQ(Endpoint::parse("10.0.0.1", 80), Endpoint::parse("10.0.0.1", 80));
}

}  // namespace

}  // namespace flotilla::runtime
