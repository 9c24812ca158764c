#include "flotilla/runtime/stream.hpp"

#include <gtest/gtest.h>

#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::runtime {

namespace {

using namespace std::chrono_literals;

const Endpoint any_port = Endpoint::parse("127.0.0.1", 0).value();

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

TEST(Listener, SaysThatThePortIsTakenUnlessItIsShared) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        auto first = Listener::open(runtime.loop(0), any_port, PortUse::shared).value();
        EXPECT_TRUE(Listener::open(runtime.loop(0), first.local(), PortUse::shared).has_value());
        const auto second = Listener::open(runtime.loop(0), first.local());
        EXPECT_NE(second.error().message().find("in use"), std::string::npos);
        co_return;
    });
}

TEST(Endpoint, ReadsAndPrintsBothFamilies) {
    EXPECT_EQ(Endpoint::parse("127.0.0.1", 80)->text(), "127.0.0.1:80");
    EXPECT_EQ(Endpoint::parse("[::1]", 80)->text(), "[::1]:80");
    EXPECT_TRUE(Endpoint::parse("::1", 80)->is_loopback());
    EXPECT_FALSE(Endpoint::parse("10.0.0.1", 80)->is_loopback());
    EXPECT_FALSE(Endpoint::parse("localhost", 80));
    EXPECT_EQ(Endpoint::parse("10.0.0.1", 80), Endpoint::parse("10.0.0.1", 80));
}

}  // namespace

}  // namespace flotilla::runtime
