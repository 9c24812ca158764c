#pragma once
// Services in ZooKeeper, in the layout of Curator's service discovery.

#include <memory>

#include "flotilla/discovery/means.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/discovery/zookeeper_config.hpp"

namespace flotilla::discovery {

std::unique_ptr<RegistryClient> make_zookeeper_client(
    Means means, ZookeeperConfig config, ZookeeperDiscoveryConfig discovery
);

}  // namespace flotilla::discovery
