#include "upstreams.hpp"

#include <chrono>

#include "flotilla/proxy/error.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::gateway {

namespace {

constexpr Duration address_lifetime = std::chrono::seconds(30);
constexpr std::size_t most = 10'000;

}  // namespace

Place place_of(const http::Url& url, const discovery::Lease& lease) {
    if (!lease) return {url.host, url.port_or_default(), url.secure()};
    const discovery::ServiceInstance& instance = lease.instance();
    // `lb:ws://` and the like say themselves whether it is TLS.
    const bool by_instance = instance.scheme.empty() ? instance.secure : instance.scheme == "https";
    return {instance.host, instance.port, url.scheme.empty() ? by_instance : url.secure()};
}

Upstreams::Upstreams(runtime::Runtime& runtime)
    : runtime_(runtime), resolver_(runtime), shards_(runtime.size()) {}

UpstreamPtr Upstreams::find(std::string_view host, std::uint16_t port, bool secure, TimePoint now) {
    Map& map = shards_[runtime::EventLoop::current().index()].map;
    const auto found = map.find(Key{host, port, secure});
    return found == map.end() || now >= found->second.good_until ? nullptr : found->second.upstream;
}

Task<Result<UpstreamPtr>> Upstreams::resolve(
    std::string host, std::uint16_t port, bool secure, Deadline deadline
) {
    const TimePoint now = runtime_.clock().now();
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    const std::string bare = bracketed ? host.substr(1, host.size() - 2) : host;
    const auto literal = runtime::Endpoint::parse(bare, port);
    runtime::Endpoint endpoint;
    if (literal) {
        endpoint = *literal;
    } else {
        const auto addresses = co_await resolver_.resolve(bare, port, deadline);
        if (!addresses || addresses->empty())
            co_return proxy::fail(proxy::ProxyErrc::refused, "'" + bare + "' has no address");
        endpoint = addresses->front();
    }
    Map& map = shards_[runtime::EventLoop::current().index()].map;
    if (map.size() >= most) map.clear();
    // In a URL an IPv6 address stands in brackets.
    std::string authority = literal && literal->is_v6() ? "[" + bare + "]" : bare;
    auto upstream = std::make_shared<const proxy::Upstream>(endpoint, std::move(authority), secure);
    const TimePoint until = literal ? TimePoint::max() : now + address_lifetime;
    if (const auto found = map.find(Key{host, port, secure}); found != map.end()) {
        // The same address keeps its object, and with it its pooled connections.
        if (!(found->second.upstream->endpoint() == endpoint)) found->second.upstream = upstream;
        found->second.good_until = until;
        co_return found->second.upstream;
    }
    auto kept = std::make_unique<const std::string>(std::move(host));
    const Key key{*kept, port, secure};
    map.emplace(key, Entry{std::move(kept), upstream, until});
    co_return upstream;
}

}  // namespace flotilla::gateway
