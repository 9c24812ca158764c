// What the client costs over the two system calls that a request needs: the same exchange with the same
// server, once over a bare stream and once through the client. The server has a loop of its own.

#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <thread>

#include "flotilla/http/client.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/tracing/span_sink.hpp"

namespace flotilla::http {

namespace {

using runtime::Endpoint;
using runtime::EventLoop;
using runtime::Listener;
using runtime::Runtime;
using runtime::Stream;
using runtime::TaskScope;

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{\"message\":\"Hello, "
    "World!\"}";

/// One answer for each read: every request comes in one piece.
Task<> serve(std::unique_ptr<Stream> stream) {
    std::array<char, 4096> block;
    for (;;) {
        const auto got = co_await stream->read_some(block);
        if (!got || *got == 0) co_return;
        if (const auto sent = co_await stream->write_all(answer); !sent) co_return;
    }
}

Task<> accept(Listener& listener, TaskScope& scope) {
    for (;;) {
        auto stream = co_await listener.accept();
        if (!stream) co_return;
        scope.spawn("serve", serve(std::make_unique<Stream>(std::move(*stream))));
    }
}

Task<int> serve_until_told(std::uint16_t& port, std::atomic<bool>& ready, std::atomic<bool>& stop) {
    auto listener = Listener::open(EventLoop::current(), Endpoint::parse("127.0.0.1", 0).value()).value();
    TaskScope scope(EventLoop::current());
    scope.spawn("accept", accept(listener, scope));
    port = listener.local().port();
    ready = true;
    ready.notify_all();
    while (!stop) co_await runtime::sleep_for(std::chrono::milliseconds(20));
    co_await scope.stop();
    co_return 0;
}

/// A server on a thread of its own.
class Server {
public:
    Server()
        : thread_([this] {
              Runtime runtime({.loops = 1, .blocking = {}});
              runtime.run(serve_until_told(port_, ready_, stop_));
          }) {
        ready_.wait(false);
    }

    ~Server() {
        stop_ = true;
        thread_.join();
    }

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    std::uint16_t port_ = 0;
    std::atomic<bool> ready_ = false;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

Task<int> bare(benchmark::State& state, std::uint16_t port) {
    const std::string request = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
    const auto to = Endpoint::parse("127.0.0.1", port).value();
    auto stream = co_await Stream::connect(EventLoop::current(), to, {});
    std::array<char, 4096> block;
    for (auto _ : state) {
        (void)co_await stream->write_all(request);
        auto got = co_await stream->read_some(block);
        benchmark::DoNotOptimize(got);
    }
    co_return 0;
}

Task<int> through_client(
    benchmark::State& state, Runtime& runtime, std::uint16_t port, ClientTelemetry telemetry
) {
    Client client(runtime, {}, telemetry);
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/hello";
    for (auto _ : state) {
        auto request = ClientRequest::get(url);
        auto got = co_await client.send(std::move(request));
        if (!got) state.SkipWithError(got.error().message().c_str());
        benchmark::DoNotOptimize(got);
    }
    co_return 0;
}

void BM_BareStream(benchmark::State& state) {
    const Server server;
    Runtime runtime({.loops = 1, .blocking = {}});
    runtime.run(bare(state, server.port()));
}

void BM_Client(benchmark::State& state) {
    const Server server;
    Runtime runtime({.loops = 1, .blocking = {}});
    runtime.run(through_client(state, runtime, server.port(), {}));
}

void BM_ClientWithTelemetry(benchmark::State& state) {
    const Server server;
    metrics::Registry registry;
    tracing::NullSpanSink sink;
    tracing::Tracer tracer({}, Clock::system(), sink);
    Runtime runtime({.loops = 1, .blocking = {}});
    runtime.run(through_client(state, runtime, server.port(), {.meters = &registry, .tracer = &tracer}));
}

BENCHMARK(BM_BareStream)->UseRealTime();
BENCHMARK(BM_Client)->UseRealTime();
BENCHMARK(BM_ClientWithTelemetry)->UseRealTime();

}  // namespace

}  // namespace flotilla::http
