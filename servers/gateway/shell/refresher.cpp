#include "refresher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/discovery/cluster.hpp"
#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/http/client_response.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "upstreams.hpp"

namespace flotilla::gateway {

namespace {

using std::chrono::milliseconds;

/// One for each stale thing; beyond it the next request tries again.
constexpr std::size_t most_errands = 64;
/// When nobody has said how long a service may take.
constexpr milliseconds usual_limit{10'000};

http::ClientConfig config_of(const proxy::ProxyConfig& proxy) {
    http::ClientConfig config;
    config.name = "gateway-refresh";
    config.tls = proxy.ssl;
    config.user_agent.clear();
    config.timeouts.connect = proxy.connect_timeout;
    return config;
}

/// Not what this one client has and wants, but all of it.
bool is_conditional(std::string_view name) {
    return iequals(name, "If-None-Match") || iequals(name, "If-Modified-Since") ||
           iequals(name, "If-Range") || iequals(name, "Content-Length");
}

std::string url_of(const Place& at, std::string_view path) {
    const bool bare_v6 = at.host.find(':') != std::string_view::npos && !at.host.starts_with('[');
    const std::string_view scheme = at.secure ? "https" : "http";
    if (bare_v6) return fmt::format("{}://[{}]:{}{}", scheme, at.host, at.port, path);
    return fmt::format("{}://{}:{}{}", scheme, at.host, at.port, path);
}

}  // namespace

Refresher::Refresher(Service& service, const proxy::ProxyConfig& config)
    : service_(service),
      client_(service.runtime(), config_of(config)),
      limit_(std::max(config.response_timeout.value_or(usual_limit), milliseconds(1))) {}

Refresher::~Refresher() = default;

void Refresher::send(Errand errand) {
    // A posted function is copied.
    const auto shared = std::make_shared<Errand>(std::move(errand));
    service_.runtime().loop(0).post([this, shared] {
        if (stopped_) return;
        if (!scope_) scope_.emplace(service_.runtime().loop(0));
        if (scope_->active() < most_errands) scope_->spawn("Gateway.refresh", run(shared));
    });
}

Task<> Refresher::stop() {
    stopped_ = true;
    if (scope_) co_await scope_->stop();
}

Task<> Refresher::run(std::shared_ptr<Errand> errand) {
    co_await fetch(*errand);
}

Task<> Refresher::fetch(Errand& errand) {
    const runtime::EventLoop& loop = runtime::EventLoop::current();
    const Deadline deadline = Deadline::after(loop.now(), limit_);
    discovery::Lease lease;
    if (errand.target.kind == RouteTarget::Kind::balanced) {
        const discovery::PickRequest wanted{.now = loop.now()};
        auto chosen = co_await service_.balancer().choose(errand.target.service, wanted, deadline);
        if (!chosen) co_return;
        lease = *std::move(chosen);
    }
    const Place at = place_of(errand.target.url, lease);
    http::ClientRequest request = http::ClientRequest::get(url_of(at, errand.path));
    errand.fields.for_each([&](std::string_view name, std::string_view value) {
        if (!is_conditional(name)) request.header(name, value);
    });
    if (!errand.host.empty()) request.header("Host", errand.host);
    request.timeout(limit_).response_timeout(limit_);
    request.max_response_size(Bytes{errand.cache->config().longest_body});
    auto answer = co_await client_.send(std::move(request));
    if (lease) {
        const auto how =
            answer ? discovery::outcome_of_status(answer->status()) : discovery::Outcome::no_answer;
        lease.finish(how, loop.now());
    }
    if (!answer || answer->status() >= 500) co_return;
    http::HeaderBlock block;
    for (const http::Field& field : answer->fields()) {
        const bool framing = iequals(field.name, "Content-Length") ||
                             iequals(field.name, "Transfer-Encoding") || iequals(field.name, "Connection") ||
                             iequals(field.name, "Keep-Alive");
        if (!framing) block.add(field.name, field.value);
    }
    const Headers sent(errand.fields);
    const Headers fields(block);
    const int status = answer->status();
    errand.cache->keep(errand.key, sent, status, fields, std::move(*answer).body(), loop.now());
}

}  // namespace flotilla::gateway
