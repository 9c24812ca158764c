#pragma once
/// Reads the registries of other regions, as their client.

#include <memory>
#include <vector>

#include "flotilla/discovery/eureka_client.hpp"
#include "flotilla/discovery/eureka_tls.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "shared_registry.hpp"

namespace flotilla::registry {

/// One client for each region, on the first loop. It reads whole registries and deltas every so often, and
/// follows the changes of those that push. `stop` must have run before it goes.
class RegionReader {
public:
    RegionReader(SharedRegistry& registry, discovery::Means means, discovery::EurekaTlsConfig tls);
    ~RegionReader();
    RegionReader(const RegionReader&) = delete;
    RegionReader& operator=(const RegionReader&) = delete;

    void start();
    Task<> stop();

private:
    runtime::EventLoop& loop_;
    std::vector<std::unique_ptr<discovery::EurekaClient>> clients_;
    std::unique_ptr<runtime::TaskScope> scope_;
};

}  // namespace flotilla::registry
