#pragma once
// The users as they run, on a database of their own, with a scripted order-service, and somebody who asks
// them over sockets.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/shop/user/user_config.hpp"
#include "flotilla/shop/user/user_service.hpp"
#include "flotilla/tracing/span_sink.hpp"
#include "scripted_orders.hpp"
#include "temporary_database.hpp"

namespace flotilla::shop::user {

using reflect::Json;

struct Answer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    static Answer of(const std::string& text) {
        Answer answer;
        const std::size_t end = text.find("\r\n\r\n");
        if (end == std::string::npos) return answer;
        std::istringstream head(text.substr(0, end));
        std::string line;
        std::getline(head, line);
        answer.status = std::stoi(line.substr(9, 3));
        while (std::getline(head, line)) {
            const std::size_t colon = line.find(':');
            answer.headers.emplace_back(line.substr(0, colon), std::string(trim(line.substr(colon + 1))));
        }
        answer.body = text.substr(end + 4);
        return answer;
    }

    [[nodiscard]] std::string header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (iequals(key, name)) return value;
        }
        return {};
    }

    [[nodiscard]] Json json() const { return reflect::parse_json(body).value_or(Json()); }

    /// `409 EMAIL_TAKEN`
    [[nodiscard]] std::string verdict() const {
        const Json parsed = json();
        return std::to_string(status) + " " + std::string(parsed["code"].string_or(""));
    }
};

/// For tests that read the log.
inline const std::string logged = "--logging.level.root=debug";

/// Somebody who is logged in.
struct Somebody {
    std::string id;
    std::string token;

    [[nodiscard]] std::string bearer() const { return "Authorization: Bearer " + token + "\r\n"; }
};

class Shop {
public:
    explicit Shop(std::vector<std::string> more) : service_(options(std::move(more))) {
        service_.report_spans_to(spans_);
    }

    /// Runs `body` when the service is ready, and the service for as long as it takes. The exit code.
    int run(std::function<Task<>(Shop&)> body) {
        body_ = std::move(body);
        service_.on_readiness([this](bool ready) { return when_ready(ready); });
        return run_user_service(service_);
    }

    /// `headers` are whole lines.
    Task<Answer> send(std::string what, std::string headers = {}, std::string body = {}) {
        auto& loop = runtime::EventLoop::current();
        const Deadline deadline = Deadline::after(loop.now(), std::chrono::seconds(20));
        auto connected = co_await runtime::Stream::connect(loop, service_.endpoint(), deadline);
        if (!connected) co_return Answer{};
        runtime::Stream stream = *std::move(connected);
        std::string request = what + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers;
        if (!body.empty()) {
            if (headers.find("Content-Type") == std::string::npos)
                request += "Content-Type: application/json\r\n";
            request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        }
        request += "\r\n" + body;
        (void)co_await stream.write_all(request, deadline);
        std::string text;
        std::array<char, 8192> block{};
        for (;;) {
            const auto got = co_await stream.read_some(block, deadline);
            if (!got || *got == 0) break;
            text.append(block.data(), *got);
        }
        co_return Answer::of(text);
    }

    Task<Answer> enroll(std::string email) {
        std::string body = R"({"email":")" + email + R"(","name":"Tester","pwd":"test1111"})";
        co_return co_await send("POST /users", "", std::move(body));
    }

    Task<Answer> login(std::string email, std::string password = "test1111", std::string headers = {}) {
        std::string body = R"({"email":")" + email + R"(","password":")" + password + R"("})";
        co_return co_await send("POST /login", std::move(headers), std::move(body));
    }

    /// Registers and logs in.
    Task<Somebody> somebody(std::string email = "a@x.io") {
        (void)co_await enroll(email);
        const Answer answer = co_await login(email);
        co_return Somebody{answer.header("userId"), answer.header("token")};
    }

    Task<Answer> detail(Somebody who, std::string headers = {}) {
        co_return co_await send("GET /users/" + who.id, who.bearer() + headers);
    }

    Task<std::string> metrics() {
        const Answer answer = co_await send("GET /actuator/prometheus");
        co_return answer.body;
    }

    void set(std::string name, Json value) {
        std::vector<std::pair<std::string, Json>> properties{{std::move(name), std::move(value)}};
        EXPECT_TRUE(service_.environment().set_at_run_time(properties));
    }

    [[nodiscard]] Service& service() { return service_; }

    [[nodiscard]] tracing::MemorySpanSink& spans() { return *spans_; }

    [[nodiscard]] ScriptedOrders& orders() { return orders_; }

    /// Everything that has been written, when it was `logged`; after the run.
    [[nodiscard]] std::string log() const {
        std::ifstream file(log_file());
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    [[nodiscard]] std::string log_file() const {
        const std::filesystem::path database(folder_.url("user").substr(std::string_view("sqlite:").size()));
        return (database.parent_path().parent_path() / "log").string();
    }

    service::ServiceOptions options(std::vector<std::string> more) {
        const std::string port = std::to_string(orders_.port());
        std::vector<std::string> arguments{
            "--server.address=127.0.0.1",
            "--logging.file.name=" + log_file(),
            "--flotilla.runtime.loops=1",
            "--flotilla.shutdown.drain-delay=0",
            "--management.endpoints.web.exposure.include=*",
            "--spring.datasource.url=" + folder_.url("user"),
            "--token.secret=user_token",
            "--shop.user.password.cost=4",
            "--spring.cloud.discovery.client.simple.instances.order-service[0].uri=http://127.0.0.1:" + port,
        };
        arguments.insert(arguments.end(), more.begin(), more.end());
        auto defaults = user_defaults();
        defaults.emplace_back("logging.level.root", "off");
        return {
            .name = "user-service",
            .arguments = std::move(arguments),
            .files = std::make_shared<config::MemoryFiles>(),
            .defaults = std::move(defaults),
        };
    }

    Task<> when_ready(bool ready) {
        if (!ready) co_return;
        co_await body_(*this);
        service_.stop();
    }

    DatabaseFolder folder_;
    std::shared_ptr<tracing::MemorySpanSink> spans_ = std::make_shared<tracing::MemorySpanSink>();
    ScriptedOrders orders_;
    Service service_;
    std::function<Task<>(Shop&)> body_;
};

inline void with_shop(std::vector<std::string> more, std::function<Task<>(Shop&)> body) {
    Shop shop(std::move(more));
    EXPECT_EQ(shop.run(std::move(body)), 0);
}

inline bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace flotilla::shop::user
