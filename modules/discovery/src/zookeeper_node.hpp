#pragma once
// A service instance as Curator's service discovery keeps it: the JSON of the node /services/<name>/<id>.

#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/discovery/zookeeper_config.hpp"

namespace flotilla::discovery {

struct ZookeeperNode {
    std::string path;  ///< below the root: `/user-service/0f8f...`
    std::string data;
};

ZookeeperNode zookeeper_node(
    const ZookeeperDiscoveryConfig& config, const SelfDescription& self, const std::string& id, WallTime now
);
/// Nothing for an instance that is not to be called: disabled, or with another status than UP. What other
/// programs have added is ignored.
Result<std::optional<ServiceInstance>> parse_zookeeper_node(std::string_view data);

/// A random one, of version 4.
std::string make_uuid(Random& random);

}  // namespace flotilla::discovery
