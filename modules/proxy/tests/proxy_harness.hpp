#pragma once
// A proxy between a scripted upstream and raw clients, on one loop.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "../../http/tests/scripted_server.hpp"
#include "../../http/tests/server_harness.hpp"
#include "flotilla/proxy/forwarded.hpp"
#include "flotilla/proxy/proxy.hpp"

namespace flotilla::proxy::testing {

using http::Peer;

/// The least that a gateway does: one route to one upstream, attempts as often as it is told.
class OneRoute final : public http::Handler {
public:
    [[nodiscard]] bool streams_body(const http::Request&) const override { return true; }

    http::Pending handle(http::Request& request, http::Response& response) override {
        return forward(request, response);
    }

    Proxy* proxy = nullptr;
    std::vector<Upstream> upstreams;  ///< one for each attempt; the last one for all that follow
    RequestBody::Limits body_limits;
    AnswerFilter* filter = nullptr;
    bool traced = false;
    int attempts = 1;
    std::optional<std::chrono::milliseconds> response_timeout;
    std::optional<Duration> attempt_limit;
    std::size_t hold_limit = 1024 * 1024;
    std::vector<Result<Outcome>> outcomes;
    std::vector<bool> replayable;  ///< after each attempt

private:
    Task<> forward(http::Request& request, http::Response& response) {
        const CopyRules rules{
            .hop_by_hop = proxy->hop_by_hop(), .drop_trace = traced, .drop_forwarded = true
        };
        const auto out = proxy->take_outgoing();
        copy_request(request.head(), rules, *out);
        RequestBody body(request, body_limits);
        for (int attempt = 0; attempt < attempts; ++attempt) {
            const auto which = std::min<std::size_t>(static_cast<std::size_t>(attempt), upstreams.size() - 1);
            Call call{request, response, *out, upstreams[which], body, filter};
            call.response_timeout = response_timeout;
            call.hold_limit = hold_limit;
            if (attempt_limit)
                call.deadline = Deadline::after(runtime::EventLoop::current().now(), *attempt_limit);
            outcomes.push_back(co_await proxy->forward(call));
            replayable.push_back(body.replayable());
            const auto& outcome = outcomes.back();
            if (outcome && outcome->verdict != Verdict::discard) co_return;
            if (request.exchange().begun()) co_return;
            response.clear();
            response.status(outcome ? http::Status::bad_gateway : status_of(outcome.error()));
            if (!body.replayable()) co_return;
        }
    }
};

struct Scene {
    http::ScriptedServer::Script upstream;
    ProxyConfig config = {};
    http::ServerConfig server = {};
    std::shared_ptr<runtime::TlsContext> tls = nullptr;  ///< of the upstream
    http::Telemetry telemetry = {};
};

class ProxyHarness {
public:
    ProxyHarness(runtime::Runtime& r, Scene scene)
        : runtime(r),
          upstream(r.loop(0), std::move(scene.upstream), scene.tls),
          proxy(Proxy::create(r, std::move(scene.config), scene.telemetry).value()),
          front(r, route, std::move(scene.server), scene.telemetry) {
        route.proxy = proxy.get();
        route.traced = scene.telemetry.tracer != nullptr;
        const auto endpoint = runtime::Endpoint::parse("127.0.0.1", upstream.port()).value();
        route.upstreams.emplace_back(endpoint, scene.tls ? "localhost" : "127.0.0.1", scene.tls != nullptr);
    }

    Task<> start() { return front.start(); }

    Task<> stop() {
        (void)co_await front.stop();
        co_await proxy->stop();
        co_await upstream.stop();
    }

    /// Sends the text on a new connection and reads until the proxy closes.
    Task<std::string> exchange(std::string text) { return front.exchange(std::move(text)); }

    Task<std::string> get(std::string target = "/", std::string fields = "") {
        return exchange("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n");
    }

    /// Reads until the text has come, or for as long as a test is patient.
    Task<std::string> read_until(runtime::Stream& stream, std::string end) {
        std::string text;
        std::array<char, 4096> block;
        while (text.find(end) == std::string::npos) {
            const auto got = co_await stream.read_some(block, http::soon());
            if (!got || *got == 0) break;
            text.append(block.data(), *got);
        }
        co_return text;
    }

    runtime::Runtime& runtime;
    http::ScriptedServer upstream;
    OneRoute route;
    std::unique_ptr<Proxy> proxy;
    http::testing::ServerHarness front;
};

inline Task<int> in_harness(
    runtime::Runtime& runtime, Scene scene, const std::function<Task<>(ProxyHarness&)>& body
) {
    ProxyHarness harness(runtime, std::move(scene));
    co_await harness.start();
    co_await body(harness);
    co_await harness.stop();
    co_return 0;
}

inline void with_proxy(Scene scene, const std::function<Task<>(ProxyHarness&)>& body) {
    runtime::Runtime runtime({.loops = 1, .blocking = {.threads = 1}});
    runtime.run(in_harness(runtime, std::move(scene), body));
}

/// An upstream that answers each request with the next of these texts, the last one for ever, and notes them.
class Script {
public:
    explicit Script(std::vector<std::string> answers) : answers_(std::move(answers)) {}

    http::ScriptedServer::Script run() {
        return [this](Peer& peer) { return serve(peer); };
    }

    std::vector<std::string> requests;

private:
    Task<> serve(Peer& peer) {
        for (;;) {
            const std::string request = co_await peer.request();
            if (request.empty()) co_return;
            requests.push_back(request);
            const std::string answer = answers_[std::min(requests.size(), answers_.size()) - 1];
            co_await peer.say(answer);
            if (answer.find("Connection: close\r\n") != std::string::npos) co_return;
        }
    }

    std::vector<std::string> answers_;
};

inline bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

inline std::string body_of(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

}  // namespace flotilla::proxy::testing
