#pragma once
/// Settings of a Eureka client, under Spring's names: `eureka.client.*` and `eureka.instance.*`.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/discovery/eureka_tls.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/eureka/instance_info.hpp"

namespace flotilla::discovery {

/// `eureka.client.healthcheck.*`
struct EurekaHealthConfig {
    bool enabled = false;
};

/// `eureka.client.*`
struct EurekaClientConfig {
    bool enabled = true;
    bool register_with_eureka = true;
    bool fetch_registry = true;
    /// Comma separated addresses by zone; `defaultZone` is for every zone without an entry.
    std::map<std::string, std::string> service_url{};
    std::string region = "us-east-1";
    std::map<std::string, std::string> availability_zones{};  ///< comma separated zones by region
    bool prefer_same_zone_eureka = true;
    bool filter_only_up_instances = true;
    bool disable_delta = false;
    std::string fetch_remote_regions_registry;  ///< comma separated
    std::uint32_t registry_fetch_interval_seconds = 30;
    std::uint32_t instance_info_replication_interval_seconds = 30;
    std::uint32_t initial_instance_info_replication_interval_seconds = 40;
    std::uint32_t eureka_server_connect_timeout_seconds = 5;
    std::uint32_t eureka_server_read_timeout_seconds = 8;
    std::uint32_t heartbeat_executor_exponential_back_off_bound = 10;
    std::uint32_t cache_refresh_executor_exponential_back_off_bound = 10;
    bool should_unregister_on_shutdown = true;
    EurekaHealthConfig healthcheck{};
    EurekaTlsConfig tls{};

    // Ours.
    bool push = true;  ///< listen to a registry that tells changes by itself
    /// Timers come early by up to this share of their time, so that a fleet does not ask all at once.
    std::uint32_t jitter_percent = 10;
    std::uint32_t unregister_delay_seconds = 3;  ///< between the word that we are down and the farewell
};

/// `eureka.instance.*`. Empty texts and zeros are filled in from what the service knows of itself.
struct EurekaInstanceConfig {
    std::string appname;
    std::string instance_id;
    std::string hostname;
    std::string ip_address;
    bool prefer_ip_address = false;
    std::uint16_t non_secure_port = 0;
    std::uint16_t secure_port = 0;
    bool non_secure_port_enabled = true;
    bool secure_port_enabled = false;
    std::string virtual_host_name;
    std::string secure_virtual_host_name;
    std::string app_group_name;
    std::string asg_name;
    std::string home_page_url_path = "/";
    std::string home_page_url;
    std::string status_page_url_path;
    std::string status_page_url;
    std::string health_check_url_path;
    std::string health_check_url;
    std::string secure_health_check_url;
    std::uint32_t lease_renewal_interval_in_seconds = 30;
    std::uint32_t lease_expiration_duration_in_seconds = 90;
    std::string initial_status = "UP";
    std::map<std::string, std::string> metadata_map{};
};

/// The instance as it registers, with the status that it has before it is ready: STARTING.
Result<eureka::InstanceInfo> make_instance(const EurekaInstanceConfig& config, const SelfDescription& self);

/// Addresses of registries in the order in which they are asked: those of the own zone first, then the other
/// zones as they follow. Each ends with a slash.
std::vector<std::string> registry_urls(const EurekaClientConfig& config, std::string_view own_zone = {});

}  // namespace flotilla::discovery
