#pragma once
/// Settings of the registry, by the names that Spring gives them: `eureka.server.*`, `eureka.dashboard.*`,
/// `eureka.consul.*`. Intervals are milliseconds where their name says so.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace flotilla::registry {

/// `eureka.server.metrics.*`
struct EurekaServerMetricsConfig {
    bool enabled = false;
};

/// `eureka.server.*`
struct EurekaServerConfig {
    bool enable_self_preservation = true;
    double renewal_percent_threshold = 0.85;
    std::int64_t renewal_threshold_update_interval_ms = 900'000;
    std::int32_t expected_client_renewal_interval_seconds = 30;
    std::int64_t eviction_interval_timer_in_ms = 60'000;
    std::int64_t wait_time_in_ms_when_sync_empty = 300'000;
    std::int64_t retention_time_in_ms_in_delta_queue = 180'000;
    bool disable_delta = false;
    bool sync_when_timestamp_differs = true;
    bool strict_lease = false;
    std::int32_t min_available_instances_for_peer_replication = -1;
    std::string my_url;
    std::int64_t peer_node_connect_timeout_ms = 1'000;
    std::int64_t peer_node_read_timeout_ms = 5'000;
    std::size_t max_elements_in_peer_replication_pool = 10'000;
    std::int64_t max_time_for_replication = 30'000;
    std::int32_t registry_sync_retries = 0;
    std::int64_t registry_sync_retry_wait_ms = 30'000;
    std::size_t max_instances = 200'000;
    std::map<std::string, std::string> remote_region_urls_with_name{};
    std::map<std::string, std::vector<std::string>> remote_region_app_whitelist{};
    std::uint32_t remote_region_registry_fetch_interval = 30;  ///< seconds
    std::int64_t remote_region_connect_timeout_ms = 1'000;
    std::int64_t remote_region_read_timeout_ms = 1'000;
    bool disable_transparent_fallback_to_other_region = false;
    EurekaServerMetricsConfig metrics{};
};

/// `eureka.compat.*`: what the original does, and we do not.
struct CompatConfig {
    /// OUT_OF_SERVICE and UNKNOWN are DOWN where a single instance is shown as XML, as its override too.
    bool v1_status = false;
};

/// `eureka.dashboard.*`
struct DashboardConfig {
    bool enabled = true;
    std::string path = "/";
};

/// `eureka.consul.*`: the second face of the registry, DNS and HTTP as Consul speaks them.
struct ConsulConfig {
    bool http_enabled = true;
    bool dns_enabled = true;
    std::string dns_address = "0.0.0.0";
    std::uint16_t dns_port = 8600;
    std::string domain = "consul";
    std::string alt_domain;
    std::string datacenter = "dc1";
    bool only_passing = true;
    std::uint32_t ttl_seconds = 0;
    std::size_t udp_answer_limit = 3;
};

}  // namespace flotilla::registry
