#include "refresher.hpp"

#include <fmt/format.h>

#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/base/url_text.hpp"
#include "flotilla/discovery/cluster.hpp"
#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/http/client_response.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "upstreams.hpp"

namespace flotilla::gateway {

namespace {

/// One for each stale thing; beyond it the next request tries again.
constexpr std::size_t most_errands = 64;

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
    return fmt::format("{}://{}{}", at.secure ? "https" : "http", host_and_port(at.host, at.port), path);
}

}  // namespace

Refresher::Refresher(Service& service, const proxy::ProxyConfig& config, const proxy::HopByHop& hop_by_hop)
    : service_(service), client_(service.runtime(), config_of(config)), hop_by_hop_(hop_by_hop) {}

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
    errand->leader.answered();
}

Task<> Refresher::fetch(Errand& errand) {
    const runtime::EventLoop& loop = runtime::EventLoop::current();
    const Deadline deadline = Deadline::after(loop.now(), errand.limit);
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
    request.timeout(errand.limit).response_timeout(errand.limit);
    request.max_response_size(Bytes{errand.cache->config().longest_body});
    auto answer = co_await client_.send(std::move(request));
    if (lease) {
        const auto how =
            answer ? discovery::outcome_of_status(answer->status()) : discovery::Outcome::no_answer;
        lease.finish(how, loop.now());
    }
    if (!answer || answer->status() >= 500) co_return;
    http::HeaderBlock block;
    proxy::copy_end_to_end(answer->fields(), hop_by_hop_, block);
    const Headers sent(errand.fields);
    const Headers fields(block);
    const int status = answer->status();
    errand.cache->keep(errand.subject, sent, status, fields, std::move(*answer).body(), loop.now());
}

}  // namespace flotilla::gateway
