#pragma once
// A server on a thread of its own that answers every request at once with the same text, for measuring
// clients.

#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <thread>

#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::remote::testing {

class QuickServer {
public:
    QuickServer()
        : thread_([this] {
              runtime::Runtime runtime({.loops = 1, .blocking = {.threads = 1}});
              runtime.run(serve_until_told(port_, ready_, stop_));
          }) {
        ready_.wait(false);
    }

    ~QuickServer() {
        stop_ = true;
        thread_.join();
    }

    QuickServer(const QuickServer&) = delete;
    QuickServer& operator=(const QuickServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    static constexpr std::string_view answer =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n"
        "{\"message\":\"Hello, World!\"}";

    static Task<> serve(std::unique_ptr<runtime::Stream> stream) {
        std::array<char, 4096> block;
        for (;;) {
            const auto got = co_await stream->read_some(block);
            if (!got || *got == 0) co_return;
            const auto sent = co_await stream->write_all(answer);
            if (!sent) co_return;
        }
    }

    static Task<> accept(runtime::Listener& listener, runtime::TaskScope& scope) {
        for (;;) {
            auto stream = co_await listener.accept();
            if (!stream) co_return;
            scope.spawn("serve", serve(std::make_unique<runtime::Stream>(std::move(*stream))));
        }
    }

    static Task<int> serve_until_told(
        std::uint16_t& port, std::atomic<bool>& ready, std::atomic<bool>& stop
    ) {
        runtime::EventLoop& loop = runtime::EventLoop::current();
        auto listener =
            runtime::Listener::open(loop, runtime::Endpoint::parse("127.0.0.1", 0).value()).value();
        runtime::TaskScope scope(loop);
        scope.spawn("accept", accept(listener, scope));
        port = listener.local().port();
        ready = true;
        ready.notify_all();
        while (!stop) co_await runtime::sleep_for(std::chrono::milliseconds(5));
        co_await scope.stop();
        co_return 0;
    }

    std::uint16_t port_ = 0;
    std::atomic<bool> ready_ = false;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace flotilla::remote::testing
