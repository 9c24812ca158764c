#pragma once
/// `flotilla.registry.*`: how the registry fares, in figures.

#include <cstdint>
#include <memory>
#include <optional>

#include "flotilla/metrics/registry.hpp"
#include "shared_registry.hpp"

namespace flotilla::registry {

class RegistryMeters {
public:
    RegistryMeters(metrics::Registry& meters, std::shared_ptr<SharedRegistry> registry);

    /// Counts instances by application and status anew where anything has changed. Nobody could do that at
    /// each scrape: which meters there are follows from what is registered.
    void count_instances();

private:
    std::shared_ptr<SharedRegistry> registry_;
    metrics::MultiGauge instances_;
    metrics::MultiGauge spring_instances_;  ///< of `eureka.server.metrics.enabled`
    std::optional<std::uint64_t> counted_;  ///< the version
};

}  // namespace flotilla::registry
