#pragma once
// A trace server as far as a reporter sees it, on the test's loop.

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/http/gzip.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "run_on_loop.hpp"

namespace flotilla::zipkin::testing {

/// Waits, a turn of the loop after the other, until something holds.
inline Task<bool> eventually(std::function<bool()> holds) {
    const TimePoint latest = runtime::EventLoop::current().now() + std::chrono::seconds(5);
    while (!holds()) {
        if (runtime::EventLoop::current().now() > latest) co_return false;
        co_await runtime::sleep_for(std::chrono::milliseconds(1));
    }
    co_return true;
}

class Collector {
public:
    struct Post {
        std::string content_type;
        std::string content_encoding;
        std::string b3;
        std::string traceparent;
        std::string text;
        reflect::Json spans;
    };

    explicit Collector(runtime::Runtime& runtime) : runtime_(runtime) {
        router_.post("/api/v2/spans", [this](http::Request& request) { return take(request); });
    }

    /// On the port where it was before, after the first time.
    Task<> start() {
        http::ServerConfig config;
        config.address = "127.0.0.1";
        config.port = port_;
        server_ = std::make_unique<http::Server>(runtime_, config, router_);
        port_ = (co_await server_->start()).value().port();
    }

    Task<> stop() {
        answer_all();
        (void)co_await server_->stop(Deadline::after(runtime_.clock().now(), std::chrono::seconds(1)));
    }

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(port_) + "/api/v2/spans";
    }

    [[nodiscard]] const std::vector<Post>& posts() const { return posts_; }

    [[nodiscard]] std::size_t spans() const {
        std::size_t count = 0;
        for (const Post& post : posts_) count += post.spans.size();
        return count;
    }

    /// What the next requests are answered with; 202 after that.
    std::deque<int> answers{};
    std::string retry_after{};
    /// Takes requests and says nothing.
    bool silent = false;

    void answer_all() {
        silent = false;
        spoke_.notify_all();
    }

private:
    Task<http::Response> take(http::Request& request) {
        const auto header = [&](std::string_view name) {
            const auto* field = request.fields().find(name);
            return field ? std::string(field->value) : std::string();
        };
        Post post{
            .content_type = header("Content-Type"),
            .content_encoding = header("Content-Encoding"),
            .b3 = header("b3"),
            .traceparent = header("traceparent"),
            .text = std::string(request.body()),
            .spans = {}
        };
        if (post.content_encoding == "gzip") post.text = http::gunzip(post.text).value();
        if (auto spans = reflect::parse_json(post.text)) post.spans = *std::move(spans);
        posts_.push_back(std::move(post));
        while (silent) co_await spoke_.wait();
        http::Response response;
        const int status = answers.empty() ? 202 : answers.front();
        if (!answers.empty()) answers.pop_front();
        response.status(static_cast<http::Status>(status));
        if (!retry_after.empty()) response.set("Retry-After", retry_after);
        co_return response;
    }

    runtime::Runtime& runtime_;
    http::Router router_;
    std::unique_ptr<http::Server> server_;
    std::uint16_t port_ = 0;
    std::vector<Post> posts_;
    runtime::Signal spoke_;
};

}  // namespace flotilla::zipkin::testing
