#pragma once
/// Settings of a ZooKeeper client, under Spring's names: `spring.cloud.zookeeper.*` and
/// `spring.cloud.zookeeper.discovery.*`.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace flotilla::discovery {

/// `spring.cloud.zookeeper.*`
struct ZookeeperConfig {
    std::string connect_string = "localhost:2181";
    std::chrono::milliseconds session_timeout{60'000};
};

/// `spring.cloud.zookeeper.discovery.*`
struct ZookeeperDiscoveryConfig {
    bool enabled = true;
    bool register_ = true;
    std::string root = "/services";
    std::string instance_id;  ///< a random UUID when empty
    std::string instance_host;
    std::uint16_t instance_port = 0;
    std::uint16_t instance_ssl_port = 0;
    std::string initial_status = "UP";
    std::map<std::string, std::string> metadata{};
};

}  // namespace flotilla::discovery
