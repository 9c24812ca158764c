#pragma once
// An order-service on a thread of its own that does as a test says: answers, refuses, stalls, talks nonsense.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::shop::user {

inline constexpr std::string_view two_orders =
    R"([{"productId":"CATALOG-001","qty":10,"unitPrice":1500,"totalPrice":15000,)"
    R"("createdAt":"2021-02-10T05:22:33.000+00:00","orderId":"9c6e"},)"
    R"({"productId":"CATALOG-003","qty":1,"unitPrice":2000,"totalPrice":2000,)"
    R"("createdAt":"2021-02-10T05:20:00.000+00:00","orderId":"1b2c"}])";

class ScriptedOrders {
public:
    enum class Mood {
        up,
        empty,
        failing,
        bad_request,
        not_found,
        hanging,
        half_an_answer,
        html,
        other_json,
        reset
    };

    ScriptedOrders()
        : thread_([this] {
              runtime::Runtime runtime({.loops = 1, .blocking = {.threads = 1}});
              runtime.run(serve_until_told());
          }) {
        ready_.wait(false);
    }

    ~ScriptedOrders() {
        stop_ = true;
        thread_.join();
    }

    ScriptedOrders(const ScriptedOrders&) = delete;
    ScriptedOrders& operator=(const ScriptedOrders&) = delete;

    void be(Mood mood) { mood_ = mood; }

    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Calls that have arrived.
    [[nodiscard]] int calls() const { return calls_; }

    /// Connections that have been closed by the caller while he waited.
    [[nodiscard]] int abandoned() const { return abandoned_; }

    /// The most that were open at the same time.
    [[nodiscard]] int most_at_once() const { return most_at_once_; }

    /// The head of the last request.
    [[nodiscard]] std::string last_request() {
        const std::scoped_lock lock(mutex_);
        return last_request_;
    }

private:
    static std::string answer(std::string_view status, std::string_view type, std::string_view body) {
        return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(type) +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
    }

    [[nodiscard]] std::string answer() const {
        constexpr std::string_view json = "application/json";
        switch (mood_.load()) {
            case Mood::up:
                return answer("200 OK", json, two_orders);
            case Mood::empty:
                return answer("200 OK", json, "[]");
            case Mood::failing:
                return answer("500 Internal Server Error", json, R"({"status":500})");
            case Mood::bad_request:
                return answer("400 Bad Request", json, R"({"status":400})");
            case Mood::not_found:
                return answer("404 Not Found", json, R"({"status":404,"error":"Not Found"})");
            case Mood::html:
                return answer("200 OK", "text/html", "<html>Welcome</html>");
            case Mood::other_json:
                return answer("200 OK", json, R"([{"hello":"world"}])");
            case Mood::half_an_answer:
                return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[{";
            case Mood::hanging:
            case Mood::reset:
                break;
        }
        return {};
    }

    /// Nothing is left to read from a caller who has hung up.
    Task<> wait_for_the_end(runtime::Stream& stream) {
        std::array<char, 256> rest{};
        for (;;) {
            const auto got = co_await stream.read_some(rest);
            if (!got || *got == 0) break;
        }
        ++abandoned_;
    }

    Task<> serve(std::unique_ptr<runtime::Stream> stream) {
        ++open_;
        most_at_once_ = std::max(most_at_once_.load(), open_.load());
        co_await serve_calls(*stream);
        --open_;
    }

    Task<> serve_calls(runtime::Stream& stream) {
        std::array<char, 8192> block{};
        std::string head;
        for (;;) {
            const auto got = co_await stream.read_some(block);
            if (!got || *got == 0) co_return;
            head.append(block.data(), *got);
            if (!head.ends_with("\r\n\r\n")) continue;
            ++calls_;
            note(std::move(head));
            head = std::string();
            const Mood mood = mood_.load();
            if (mood == Mood::reset) co_return;
            const std::string text = answer();
            if (!text.empty()) {
                const auto sent = co_await stream.write_all(text);
                if (!sent) co_return;
            }
            if (mood == Mood::half_an_answer) co_return;
            if (mood == Mood::hanging) {
                co_await wait_for_the_end(stream);
                co_return;
            }
        }
    }

    void note(std::string head) {
        const std::scoped_lock lock(mutex_);
        last_request_ = std::move(head);
    }

    Task<> accept(runtime::Listener& listener, runtime::TaskScope& scope) {
        for (;;) {
            auto stream = co_await listener.accept();
            if (!stream) co_return;
            scope.spawn("serve", serve(std::make_unique<runtime::Stream>(std::move(*stream))));
        }
    }

    Task<int> serve_until_told() {
        runtime::EventLoop& loop = runtime::EventLoop::current();
        auto listener =
            runtime::Listener::open(loop, runtime::Endpoint::parse("127.0.0.1", 0).value()).value();
        runtime::TaskScope scope(loop);
        scope.spawn("accept", accept(listener, scope));
        port_ = listener.local().port();
        ready_ = true;
        ready_.notify_all();
        while (!stop_) co_await runtime::sleep_for(std::chrono::milliseconds(2));
        co_await scope.stop();
        co_return 0;
    }

    std::uint16_t port_ = 0;
    std::atomic<Mood> mood_ = Mood::up;
    std::atomic<int> calls_ = 0;
    std::atomic<int> abandoned_ = 0;
    std::atomic<int> open_ = 0;
    std::atomic<int> most_at_once_ = 0;
    std::mutex mutex_;
    std::string last_request_;
    std::atomic<bool> ready_ = false;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace flotilla::shop::user
