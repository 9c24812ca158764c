#pragma once
/// Settings of a Consul client, under Spring's names: `spring.cloud.consul.*` and
/// `spring.cloud.consul.discovery.*`.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace flotilla::discovery {

/// `spring.cloud.consul.*`
struct ConsulConfig {
    std::string host = "localhost";
    std::uint16_t port = 8500;
    std::string scheme = "http";
    std::string token;
};

/// `spring.cloud.consul.discovery.heartbeat.*`
struct ConsulHeartbeatConfig {
    bool enabled = false;  ///< we tell Consul that we are alive, in place of Consul asking us
    std::chrono::seconds ttl{30};
};

/// `spring.cloud.consul.discovery.*`
struct ConsulDiscoveryConfig {
    bool enabled = true;
    bool register_ = true;
    bool deregister = true;
    std::string service_name;  ///< that of the application when empty
    std::string instance_id;
    std::string hostname;
    std::string ip_address;
    bool prefer_ip_address = false;
    std::uint16_t port = 0;
    std::vector<std::string> tags{};
    std::map<std::string, std::string> metadata{};
    std::string instance_zone;
    std::string health_check_path;  ///< `/actuator/health` when empty
    std::string health_check_url;
    std::string health_check_interval = "10s";
    std::string health_check_timeout;
    std::string health_check_critical_timeout;
    bool register_health_check = true;
    ConsulHeartbeatConfig heartbeat{};
    bool query_passing = true;  ///< Spring's default is false, which finds dead ones too
    std::string default_query_tag;
    std::chrono::seconds watch_time{55};  ///< how long Consul holds a question that has no news
};

}  // namespace flotilla::discovery
