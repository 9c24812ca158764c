#include "server_properties.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "flotilla/config/property_name.hpp"
#include "registry_config_described.hpp"

namespace flotilla::registry {

namespace {

using config::Environment;

constexpr std::string_view prefix = "eureka.server";

/// Of Spring's EurekaServerConfigBean and what that server reads besides, without those of
/// EurekaServerConfig.
constexpr std::string_view without_effect[] = {
    "a-s-g-cache-expiry-timeout-ms",
    "a-s-g-query-timeout-ms",
    "a-s-g-update-interval-ms",
    "a-w-s-access-id",
    "a-w-s-secret-key",
    "batch-replication",
    "binding-strategy",
    "delta-retention-timer-interval-in-ms",
    "disable-delta-for-remote-regions",
    "e-i-p-bind-rebind-retries",
    "e-i-p-binding-retry-interval-ms",
    "e-i-p-binding-retry-interval-ms-when-unbound",
    "enable-replicated-request-compression",
    "experimental",
    "g-zip-content-from-remote-region",
    "initial-capacity-of-response-cache",
    "json-codec-name",
    "list-auto-scaling-groups-role-name",
    "log-identity-headers",
    "max-idle-thread-age-in-minutes-for-peer-replication",
    "max-idle-thread-in-minutes-age-for-status-replication",
    "max-elements-in-status-replication-pool",
    "max-threads-for-peer-replication",
    "max-threads-for-status-replication",
    "min-threads-for-peer-replication",
    "min-threads-for-status-replication",
    "number-of-replication-retries",
    "peer-eureka-nodes-update-interval-ms",
    "peer-eureka-status-refresh-time-interval-ms",
    "peer-node-connection-idle-timeout-seconds",
    "peer-node-total-connections",
    "peer-node-total-connections-per-host",
    "prime-aws-replica-connections",
    "rate-limiter-burst-size",
    "rate-limiter-enabled",
    "rate-limiter-full-fetch-average-rate",
    "rate-limiter-privileged-clients",
    "rate-limiter-registry-fetch-average-rate",
    "rate-limiter-throttle-standard-clients",
    "remote-region-connection-idle-timeout-seconds",
    "remote-region-fetch-thread-pool-size",
    "remote-region-total-connections",
    "remote-region-total-connections-per-host",
    "remote-region-trust-store",
    "remote-region-trust-store-password",
    "remote-region-urls",
    "response-cache-auto-expiration-in-seconds",
    "response-cache-update-interval-ms",
    "route53-bind-rebind-retries",
    "route53-binding-retry-interval-ms",
    "route53-domain-t-t-l",
    "use-read-only-response-cache",
};

const std::map<std::string, std::string_view>& by_uniform_name() {
    static const auto names = [] {
        std::map<std::string, std::string_view> all;
        for (const std::string_view name : without_effect) all.emplace(config::uniform_name(name), name);
        return all;
    }();
    return names;
}

/// The name of ours that a property under the prefix has as its next step; empty for every other property.
std::string_view without_effect_in(std::string_view property) {
    const auto steps = config::split_name(property);
    if (steps.size() < 3 || config::uniform_name(steps[0].text) != "eureka" ||
        config::uniform_name(steps[1].text) != "server")
        return {};
    const auto found = by_uniform_name().find(config::uniform_name(steps[2].text));
    return found == by_uniform_name().end() ? std::string_view() : found->second;
}

}  // namespace

std::vector<std::string> properties_without_effect(const Environment& environment) {
    std::set<std::string> found;
    const auto add = [&found](std::string_view name) {
        found.insert(std::string(prefix) + "." + std::string(name));
    };
    for (const std::string& property : environment.names())
        if (const auto name = without_effect_in(property); !name.empty()) add(name);
    // Variables of the environment are not among the names.
    for (const std::string_view name : without_effect)
        if (environment.contains(std::string(prefix) + "." + std::string(name))) add(name);
    return {found.begin(), found.end()};
}

Result<void> check_server_properties(const Environment& environment) {
    std::map<config::Precedence, std::vector<config::SourcePtr>> rest;
    for (const config::SourcePtr& source : environment.sources()) {
        std::vector<config::Property> properties = source->properties();
        std::erase_if(properties, [](const config::Property& property) {
            return !without_effect_in(property.name).empty();
        });
        rest[source->precedence()].push_back(std::make_shared<config::PropertySource>(
            source->name(), source->precedence(), std::move(properties)
        ));
    }
    Environment without = Environment::of({});
    FLT_CHECK(without.set_sources(rest));
    FLT_CHECK(without.bind<EurekaServerConfig>(prefix));
    return {};
}

}  // namespace flotilla::registry
