#include "balancer_meters.hpp"

#include <fmt/format.h>

#include <functional>

#include "flotilla/http/outcome.hpp"

namespace flotilla::remote {

namespace {

constexpr std::string_view unknown = "UNKNOWN";

std::uint64_t mix(std::uint64_t into, std::uint64_t value) noexcept {
    return (into ^ value) * 0x9E37'79B9'7F4A'7C15ULL + (into >> 29);
}

std::uint64_t key_of(const BalancedCall& call, std::uint64_t what) noexcept {
    const std::hash<std::string_view> hash;
    std::uint64_t key = mix(what, hash(call.method));
    key = mix(key, hash(call.uri));
    key = mix(key, hash(call.service));
    if (call.instance) {
        key = mix(key, hash(call.instance->id));
        key = mix(key, hash(call.instance->host));
        key = mix(key, call.instance->port);
    }
    return key | 1;  // never 0
}

std::string_view or_unknown(std::string_view text) noexcept {
    return text.empty() ? unknown : text;
}

metrics::Tags tags_of(const BalancedCall& call) {
    const metrics::Tags tags{
        {"method", call.method}, {"uri", or_unknown(call.uri)}, {"serviceId", or_unknown(call.service)}
    };
    if (!call.instance) return tags;
    const fmt::format_int port(call.instance->port);
    return tags.with(metrics::Tags{
        {"serviceInstance.host", or_unknown(call.instance->host)},
        {"serviceInstance.port", std::string_view(port.data(), port.size())},
        {"serviceInstance.instanceId", or_unknown(call.instance->id)}
    });
}

}  // namespace

void BalancerMeters::began(const BalancedCall& call) {
    if (!registry_ || !call.instance) return;
    const auto make = [&] {
        return registry_->gauge(
            "loadbalancer.requests.active", tags_of(call), {.description = "Attempts that are under way"}
        );
    };
    active_.get(key_of(call, 0), make).add(1);
}

void BalancerMeters::ended(const BalancedCall& call) {
    const auto make = [&] { return registry_->gauge("loadbalancer.requests.active", tags_of(call)); };
    active_.get(key_of(call, 0), make).add(-1);
}

void BalancerMeters::answered(const BalancedCall& call, int status, Duration taken) {
    if (!registry_ || !call.instance) return;
    ended(call);
    const auto make = [&] {
        const fmt::format_int code(status);
        const auto tags = tags_of(call).with(metrics::Tags{
            {"outcome", http::outcome_of_status(status)},
            {"status", std::string_view(code.data(), code.size())}
        });
        return registry_->timer(
            "loadbalancer.requests.success", tags, {.description = "Attempts with an answer"}
        );
    };
    success_.get(key_of(call, static_cast<std::uint64_t>(status)), make).record(taken);
}

void BalancerMeters::failed(const BalancedCall& call, ErrorKind kind, Duration taken) {
    if (!registry_ || !call.instance) return;
    ended(call);
    const auto make = [&] {
        const auto tags = tags_of(call).with("exception", to_text(kind));
        return registry_->timer(
            "loadbalancer.requests.failed", tags, {.description = "Attempts without an answer"}
        );
    };
    failed_.get(key_of(call, static_cast<std::uint64_t>(kind)), make).record(taken);
}

void BalancerMeters::discarded(const BalancedCall& call) {
    if (!registry_) return;
    const auto make = [&] {
        return registry_->counter(
            "loadbalancer.requests.discard", tags_of(call), {.description = "Calls with nobody to ask"}
        );
    };
    discard_.get(key_of(call, 0), make).increment();
}

}  // namespace flotilla::remote
