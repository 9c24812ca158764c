#include "flotilla/discovery/eureka_config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/base/url_text.hpp"

namespace flotilla::discovery {

namespace {

using eureka::InstanceInfo;

std::string or_else(const std::string& text, std::string otherwise) {
    return text.empty() ? std::move(otherwise) : text;
}

std::string with_slash(std::string_view url) {
    return std::string(url) + (url.ends_with('/') ? "" : "/");
}

/// Keys of zones keep their case; but a variable of the environment cannot have any.
const std::string* urls_of(const EurekaClientConfig& config, std::string_view zone) {
    for (const auto& [name, urls] : config.service_url) {
        if (iequals(name, zone) && !urls.empty()) return &urls;
    }
    return nullptr;
}

std::vector<std::string> zones_of(const EurekaClientConfig& config) {
    std::vector<std::string> zones;
    for (const auto& [region, list] : config.availability_zones) {
        if (region != config.region) continue;
        for (const std::string_view zone : split_list(list)) zones.emplace_back(zone);
    }
    if (zones.empty()) zones.emplace_back("defaultZone");
    return zones;
}

}  // namespace

std::vector<std::string> registry_urls(const EurekaClientConfig& config, std::string_view own_zone) {
    std::vector<std::string> zones = zones_of(config);
    if (config.prefer_same_zone_eureka) {
        const auto own = std::find_if(zones.begin(), zones.end(), [&](const std::string& zone) {
            return iequals(zone, own_zone);
        });
        if (own != zones.end()) std::rotate(zones.begin(), own, zones.end());
    }
    std::vector<std::string> urls;
    for (const std::string& zone : zones) {
        const std::string* listed = urls_of(config, zone);
        if (!listed) listed = urls_of(config, "defaultZone");
        const std::string fallback = "http://localhost:8761/eureka/";
        for (const std::string_view url : split_list(listed ? *listed : fallback)) {
            std::string whole = with_slash(url);
            if (std::find(urls.begin(), urls.end(), whole) == urls.end()) urls.push_back(std::move(whole));
        }
    }
    return urls;
}

Result<InstanceInfo> make_instance(const EurekaInstanceConfig& config, const SelfDescription& self) {
    InstanceInfo info;
    const std::string application = or_else(config.appname, or_else(self.application, "unknown"));
    info.app = to_upper(application);
    info.ip_addr = or_else(config.ip_address, self.ip_address);
    info.host_name = config.prefer_ip_address ? info.ip_addr : or_else(config.hostname, self.host_name);
    if (info.host_name.empty())
        return fail(Errc::invalid_argument, "eureka.instance.hostname: none is known");
    if (info.ip_addr.empty()) info.ip_addr = info.host_name;

    const bool secure = config.secure_port_enabled || self.secure;
    const bool plain = config.non_secure_port_enabled && !self.secure;
    const std::uint16_t plain_port = config.non_secure_port != 0 ? config.non_secure_port
                                     : self.secure               ? 80
                                                                 : self.port;
    const std::uint16_t secure_port = config.secure_port != 0 ? config.secure_port
                                      : self.secure           ? self.port
                                                              : 443;
    info.port = {plain_port, plain};
    info.secure_port = {secure_port, secure};
    const std::uint16_t shown = self.port != 0 ? self.port : secure && !plain ? secure_port : plain_port;
    info.instance_id =
        or_else(config.instance_id, fmt::format("{}:{}:{}", info.host_name, to_lower(application), shown));

    info.vip_address = or_else(config.virtual_host_name, application);
    info.secure_vip_address = or_else(config.secure_virtual_host_name, application);
    if (!config.app_group_name.empty()) info.app_group_name = to_upper(config.app_group_name);
    if (!config.asg_name.empty()) info.asg_name = config.asg_name;

    const std::string scheme = self.secure ? "https" : "http";
    const std::string host = host_in_url(info.host_name);
    const std::uint16_t operations_port = self.management_port != 0 ? self.management_port : shown;
    const auto url = [&](std::uint16_t port, const std::string& path) {
        return fmt::format("{}://{}:{}{}{}", scheme, host, port, path.starts_with('/') ? "" : "/", path);
    };
    info.home_page_url =
        or_else(config.home_page_url, url(shown, self.context_path + config.home_page_url_path));
    info.status_page_url = or_else(
        config.status_page_url,
        url(operations_port, or_else(config.status_page_url_path, self.operations_path + "/info"))
    );
    info.health_check_url = or_else(
        config.health_check_url,
        url(operations_port, or_else(config.health_check_url_path, self.operations_path + "/health"))
    );
    if (!config.secure_health_check_url.empty()) {
        info.secure_health_check_url = config.secure_health_check_url;
    } else if (self.secure) {
        info.secure_health_check_url = info.health_check_url;
    }

    info.metadata = {config.metadata_map.begin(), config.metadata_map.end()};
    info.metadata.try_emplace("management.port", std::to_string(operations_port));
    eureka::LeaseInfo lease;
    lease.renewal_interval_in_secs = static_cast<std::int32_t>(config.lease_renewal_interval_in_seconds);
    lease.duration_in_secs = static_cast<std::int32_t>(config.lease_expiration_duration_in_seconds);
    info.lease_info = lease;
    if (!eureka::parse_status(config.initial_status)) {
        return fail(
            Errc::invalid_argument,
            "eureka.instance.initial-status: '" + config.initial_status + "' is no status"
        );
    }
    info.status = eureka::InstanceStatus::starting;
    return info;
}

}  // namespace flotilla::discovery
