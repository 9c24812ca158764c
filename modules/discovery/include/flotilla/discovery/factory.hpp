#pragma once
/// The registry client that the configuration asks for.

#include <memory>
#include <optional>

#include "flotilla/base/result.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/discovery/means.hpp"
#include "flotilla/discovery/registry_client.hpp"

namespace flotilla::discovery {

enum class DiscoveryType : std::uint8_t {
    none,    ///< nobody is found
    simple,  ///< also `static`: those listed under `spring.cloud.discovery.client.simple.instances`
    eureka,
    consul,
    zookeeper,
    dns,
};

/// `flotilla.discovery.type`; where that is not set, the registry that has been configured
/// (`eureka.client.service-url` or `eureka.client.enabled=true`, `spring.cloud.consul.host`,
/// `spring.cloud.zookeeper.connect-string`), else simple where instances are listed. Nobody becomes a client
/// of a registry that was not named.
Result<DiscoveryType> discovery_type(const config::Environment& environment);

/// Instances that are listed in the configuration are found with every type, before those of the registry.
Result<std::unique_ptr<RegistryClient>> make_registry_client(
    const config::Environment& environment, Means means
);

}  // namespace flotilla::discovery
