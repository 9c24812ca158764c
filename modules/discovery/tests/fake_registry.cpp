#include "fake_registry.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "flotilla/base/text.hpp"
#include "flotilla/http/event_stream.hpp"

namespace flotilla::discovery {

using namespace std::chrono_literals;

namespace {

Task<> send_all(http::EventStream& stream, std::vector<FakeRegistry::Event> events) {
    for (const FakeRegistry::Event& each : events) {
        const http::SseEvent event{.data = each.data, .event = each.kind, .id = each.id};
        const auto sent = co_await stream.send(event);
        if (!sent) co_return;
    }
}

}  // namespace

http::Pending FakeRegistry::Desk::handle(http::Request& request, http::Response& response) {
    Asked asked;
    asked.line = fmt::format("{} {}", request.method_text(), request.head().path);
    if (!request.query().empty()) asked.line += "?" + std::string(request.query());
    for (const http::Field& field : request.fields()) asked.headers[to_lower(field.name)] = field.value;
    asked.body = request.body();
    const Answer* best = nullptr;
    std::size_t length = 0;
    for (const auto& [beginning, answer] : owner_.answers_) {
        if (asked.line.starts_with(beginning) && beginning.size() >= length) {
            best = &answer;
            length = beginning.size();
        }
    }
    owner_.asked_.push_back(std::move(asked));
    owner_.changed_.notify_all();
    if (!best) {
        response.status(http::Status::not_found);
        return std::nullopt;
    }
    response.status(static_cast<http::Status>(best->status));
    for (const auto& [name, value] : best->headers) response.set(name, value);
    if (!best->events.empty()) {
        response.events([events = best->events](http::EventStream& stream) {
            return send_all(stream, events);
        });
    }
    if (!best->body.empty()) response.set_body(best->content_type, best->body);
    return std::nullopt;
}

Task<> FakeRegistry::start() {
    http::ServerConfig config;
    config.port = port_;
    config.address = "127.0.0.1";
    server_ = std::make_unique<http::Server>(runtime_, config, desk_);
    const auto at = co_await server_->start();
    EXPECT_TRUE(at) << at.error().message();
    if (at) port_ = at->port();
}

Task<> FakeRegistry::stop() {
    const Deadline now(runtime_.clock().now());
    if (server_) (void)co_await server_->stop(now);
    server_.reset();
}

std::string FakeRegistry::url(const std::string& user_info) const {
    return fmt::format("http://{}127.0.0.1:{}/eureka/", user_info, port_);
}

std::vector<std::string> FakeRegistry::lines() const {
    std::vector<std::string> all;
    for (const Asked& asked : asked_) all.push_back(asked.line);
    return all;
}

Task<> FakeRegistry::wait_for(std::size_t count) {
    const Deadline deadline = Deadline::after(runtime_.clock().now(), 2s);
    while (asked_.size() < count) {
        const runtime::Wake why = co_await changed_.wait(deadline);
        if (why != runtime::Wake::ready) break;
    }
    EXPECT_GE(asked_.size(), count) << fmt::format("{}", fmt::join(lines(), "; "));
}

}  // namespace flotilla::discovery
