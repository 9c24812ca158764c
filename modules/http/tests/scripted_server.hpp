#pragma once
// A server that does what a test tells it, byte by byte, on the test's loop.

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::http {

using test_support::run_on_loop;

inline Deadline soon(Duration span = std::chrono::seconds(5)) {
    return Deadline::after(runtime::EventLoop::current().clock().now(), span);
}

/// The server's end of one connection.
class Peer {
public:
    Peer(runtime::Stream connection, int nth) : stream(std::move(connection)), number(nth) {}

    /// The next request: its head and its body as they came. Empty when the client has closed.
    Task<std::string> request() {
        std::size_t size = 0;
        while ((size = complete()) == 0) {
            std::array<char, 8192> block;
            const auto got = co_await stream.read_some(block, soon());
            if (!got || *got == 0) co_return std::string();
            buffer_.append(block.data(), *got);
        }
        std::string text = buffer_.substr(0, size);
        buffer_.erase(0, size);
        co_return text;
    }

    /// Says the same to every request until the client closes.
    Task<> answer_all(std::string text) {
        for (;;) {
            const std::string next = co_await request();
            if (next.empty()) co_return;
            co_await say(text);
        }
    }

    /// The text of a 200 with that body; the connection is kept.
    static std::string ok(std::string_view body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               std::string(body);
    }

    /// The head alone.
    Task<std::string> request_head() {
        while (buffer_.find("\r\n\r\n") == std::string::npos) {
            std::array<char, 8192> block;
            const auto got = co_await stream.read_some(block, soon());
            if (!got || *got == 0) co_return std::string();
            buffer_.append(block.data(), *got);
        }
        const std::size_t size = buffer_.find("\r\n\r\n") + 4;
        std::string text = buffer_.substr(0, size);
        buffer_.erase(0, size);
        co_return text;
    }

    Task<> say(std::string text) { (void)co_await stream.write_all(text, soon()); }

    /// 200 with that body, connection kept.
    Task<> answer(std::string body) { return say(ok(body)); }

    /// Waits until the client closes; true when it did.
    Task<bool> closed_by_client() {
        std::array<char, 4096> block;
        for (;;) {
            const auto got = co_await stream.read_some(block, soon());
            if (!got) co_return got.error().code() != Errc::timed_out;
            if (*got == 0) co_return true;
        }
    }

    runtime::Stream stream;
    int number;

private:
    /// How long the first request in the buffer is; 0 when it is not all there.
    [[nodiscard]] std::size_t complete() const {
        const std::size_t head = buffer_.find("\r\n\r\n");
        if (head == std::string::npos) return 0;
        const std::string fields = to_lower(buffer_.substr(0, head + 2));
        if (fields.find("transfer-encoding: chunked\r\n") != std::string::npos) {
            const std::size_t last = buffer_.find("\r\n0\r\n", head + 2);
            const std::size_t end =
                last == std::string::npos ? last : buffer_.find("\r\n\r\n", last + 3);  // trailers between
            return end == std::string::npos ? 0 : end + 4;
        }
        std::size_t body = 0;
        if (const std::size_t at = fields.find("content-length: "); at != std::string::npos)
            body = std::stoul(fields.substr(at + 16));
        return buffer_.size() >= head + 4 + body ? head + 4 + body : 0;
    }

    std::string buffer_;
};

/// Accepts until it is stopped and runs the script for each connection.
class ScriptedServer {
public:
    using Script = std::function<Task<>(Peer&)>;

    ScriptedServer(
        runtime::EventLoop& loop,
        Script script,
        std::shared_ptr<runtime::TlsContext> tls = nullptr,
        std::string address = "127.0.0.1",
        std::uint16_t port = 0
    )
        : listener_(runtime::Listener::open(loop, runtime::Endpoint::parse(address, port).value()).value()),
          script_(std::move(script)),
          tls_(std::move(tls)),
          scope_(loop) {
        scope_.spawn("accept", accept());
    }

    /// Before its end.
    Task<> stop() { co_await scope_.stop(); }

    [[nodiscard]] std::uint16_t port() const { return listener_.local().port(); }

    [[nodiscard]] std::string url(std::string_view target = "/") const {
        return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port()) +
               std::string(target);
    }

    [[nodiscard]] int connections() const { return connections_; }

private:
    Task<> accept() {
        for (;;) {
            auto stream = co_await listener_.accept();
            if (!stream) co_return;
            scope_.spawn("serve", serve(std::make_unique<Peer>(std::move(*stream), ++connections_)));
        }
    }

    Task<> serve(std::unique_ptr<Peer> peer) {
        if (tls_) {
            const auto shaken = co_await peer->stream.handshake_server(tls_, soon());
            if (!shaken) co_return;
        }
        co_await script_(*peer);
    }

    runtime::Listener listener_;
    Script script_;
    std::shared_ptr<runtime::TlsContext> tls_;
    int connections_ = 0;
    runtime::TaskScope scope_;
};

}  // namespace flotilla::http
