// A service that closes its kept connections whenever it likes.

#include <gtest/gtest.h>

#include <array>

#include "flotilla/base/random.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "harness.hpp"

namespace flotilla::remote {

namespace {

using testing::at;
using testing::Harness;
using testing::with_remote;

struct Moody {
    static constexpr Target target{.service = "moody"};

    Get<"/", std::string()> get;
};

FLT_DESCRIBE(Moody, get)

/// A few answers, then the end without a word.
Task<> serve(std::unique_ptr<runtime::Stream> stream, std::uint64_t answers, int& closed) {
    std::array<char, 4096> block;
    while (answers-- > 0) {
        const auto got = co_await stream->read_some(block);
        if (!got || *got == 0) co_return;
        const auto sent = co_await stream->write_all("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if (!sent) co_return;
    }
    ++closed;
}

Task<> accept(runtime::Listener& listener, runtime::TaskScope& scope, int& closed) {
    Random random(21);
    for (;;) {
        auto stream = co_await listener.accept();
        if (!stream) co_return;
        auto owned = std::make_unique<runtime::Stream>(std::move(*stream));
        scope.spawn("serve", serve(std::move(owned), 1 + random.below(20), closed));
    }
}

Task<> call(const Moody& client, int times, int& failures) {
    for (int i = 0; i < times; ++i) {
        const auto answer = co_await client.get();
        if (!answer) ++failures;
    }
}

Task<bool> call_at_once(runtime::TaskScope& scope, const Moody& client, int& failures) {
    for (int i = 0; i < 8; ++i) scope.spawn("call", call(client, 1250, failures));
    while (scope.active() > 0) co_await runtime::sleep_for(std::chrono::milliseconds(2));
    co_return true;
}

TEST(ClientFacts, F21_ConnectionsThatAreClosedWhileTheyIdleAreNoErrors) {
    with_remote(
        {.properties = {{"spring.cloud.loadbalancer.retry.enabled", "false"}}},
        [](Harness& h) -> Task<> {
            auto listener =
                runtime::Listener::open(h.runtime.loop(0), runtime::Endpoint::parse("127.0.0.1", 0).value())
                    .value();
            int closed = 0;
            runtime::TaskScope servers(h.runtime.loop(0));
            servers.spawn("accept", accept(listener, servers, closed));
            h.discovery.replace({at("moody", "m", listener.local().port())});
            const auto client = h.remote.client<Moody>();
            int failures = 0;
            const std::function<Task<bool>(runtime::TaskScope&)> calls = [&](runtime::TaskScope& scope) {
                return call_at_once(scope, client, failures);
            };
            co_await runtime::in_scope(h.runtime.loop(0), calls);
            EXPECT_EQ(failures, 0);
            EXPECT_GT(closed, 500);
            co_await servers.stop();
        }
    );
}

}  // namespace

}  // namespace flotilla::remote
