#pragma once
// A server on a free port of this machine, and raw connections to it, on one loop: for tests of what goes
// over the wire.

#include <array>
#include <functional>
#include <string>

#include "flotilla/http/server.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/stream.hpp"

namespace flotilla::http::testing {

class ServerHarness {
public:
    ServerHarness(runtime::Runtime& r, Handler& handler, ServerConfig config = {}, Telemetry telemetry = {})
        : runtime(r), server(r, on_free_port(std::move(config)), handler, telemetry) {}

    Task<> start() { endpoint = (co_await server.start()).value(); }

    Task<std::size_t> stop(Duration grace = std::chrono::seconds(1)) {
        return server.stop(Deadline::after(runtime.clock().now(), grace));
    }

    Task<runtime::Stream> connect() {
        co_return (co_await runtime::Stream::connect(runtime.loop(0), endpoint, {})).value();
    }

    /// All that comes until the server closes, or for as long as a test is patient: longer than a machine
    /// with much else to do stands still.
    Task<std::string> read_to_end(runtime::Stream& stream) {
        std::string answer;
        std::array<char, 4096> buffer;
        for (;;) {
            const auto got = co_await stream.read_some(buffer, in(std::chrono::minutes(1)));
            if (!got || *got == 0) break;
            answer.append(buffer.data(), *got);
        }
        co_return answer;
    }

    /// Sends the text on a new connection and reads until the server closes.
    Task<std::string> exchange(std::string text) {
        runtime::Stream stream = co_await connect();
        (void)co_await stream.write_all(text);
        co_return co_await read_to_end(stream);
    }

    [[nodiscard]] Deadline in(Duration span) const { return Deadline::after(runtime.clock().now(), span); }

    runtime::Runtime& runtime;
    Server server;
    runtime::Endpoint endpoint;

private:
    static ServerConfig on_free_port(ServerConfig config) {
        config.port = 0;
        config.address = "127.0.0.1";
        return config;
    }
};

inline Task<int> serve_for(ServerHarness& harness, std::function<Task<>(ServerHarness&)> body) {
    co_await harness.start();
    co_await body(harness);
    (void)co_await harness.stop();
    co_return 0;
}

/// Runs `body` beside a server with that handler, on one loop.
inline void with_server(
    Handler& handler,
    std::function<Task<>(ServerHarness&)> body,
    ServerConfig config = {},
    Telemetry telemetry = {}
) {
    runtime::Runtime runtime({.loops = 1, .blocking = {}});
    ServerHarness harness(runtime, handler, std::move(config), telemetry);
    runtime.run(serve_for(harness, std::move(body)));
}

/// A request after which the server closes.
inline std::string close_request(std::string_view line, std::string_view fields = {}) {
    return std::string(line) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + std::string(fields) + "\r\n";
}

}  // namespace flotilla::http::testing
