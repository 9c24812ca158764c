#include "region_reader.hpp"

#include <string>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::registry {

namespace {

/// No region is called so: a registry then answers with what is its own. Two regions that read each other
/// would otherwise keep each other's dead alive.
constexpr std::string_view nobody_elses = "own-region-only";

std::uint32_t seconds_of(std::int64_t milliseconds) {
    return static_cast<std::uint32_t>((milliseconds + 999) / 1000);
}

discovery::EurekaClientConfig client_config(
    const EurekaServerConfig& config, const std::string& url, discovery::EurekaTlsConfig tls
) {
    discovery::EurekaClientConfig client;
    client.register_with_eureka = false;
    client.filter_only_up_instances = false;
    client.service_url = {{"defaultZone", url}};
    client.fetch_remote_regions_registry = nobody_elses;
    client.registry_fetch_interval_seconds = config.remote_region_registry_fetch_interval;
    client.eureka_server_connect_timeout_seconds = seconds_of(config.remote_region_connect_timeout_ms);
    client.eureka_server_read_timeout_seconds = seconds_of(config.remote_region_read_timeout_ms);
    client.tls = std::move(tls);
    return client;
}

std::string url_of(const EurekaServerConfig& config, const std::string& region) {
    for (const auto& [name, url] : config.remote_region_urls_with_name)
        if (iequals(name, region)) return url;
    return {};
}

}  // namespace

RegionReader::RegionReader(SharedRegistry& registry, discovery::Means means, discovery::EurekaTlsConfig tls)
    : loop_(means.runtime.loop(0)) {
    const EurekaServerConfig& config = registry.config();
    const std::vector<std::string>& regions = registry.regions().all();
    for (std::size_t i = 0; i < regions.size(); ++i) {
        auto client = std::make_unique<discovery::EurekaClient>(
            means, client_config(config, url_of(config, regions[i]), tls)
        );
        client->on_copy([&registry, i](const eureka::Applications& copy) {
            registry.with([&](InstanceRegistry& core, Moment at) { core.set_region(i, copy, at); });
        });
        clients_.push_back(std::move(client));
    }
}

RegionReader::~RegionReader() = default;

void RegionReader::start() {
    scope_ = std::make_unique<runtime::TaskScope>(loop_);
    for (const auto& client : clients_) scope_->spawn("read a region", client->run());
}

Task<> RegionReader::stop() {
    if (scope_) co_await scope_->stop();
}

}  // namespace flotilla::registry
