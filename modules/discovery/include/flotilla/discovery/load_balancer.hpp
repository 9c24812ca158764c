#pragma once
/// One Cluster for each service that is called, kept up to date by a Discovery.
///
///     LoadBalancer balancer(discovery, config, clock);
///     const PickRequest request{.now = loop.now()};
///     FLT_CO_TRY(Lease lease, co_await balancer.choose("order-service", request, deadline));

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/discovery/balancer_config.hpp"
#include "flotilla/discovery/cluster.hpp"
#include "flotilla/discovery/discovery.hpp"

namespace flotilla::discovery {

/// The settings for a service by its name in lower case.
using BalancerConfigs = std::function<BalancerConfig(std::string_view service)>;

/// Thread-safe. Outlives every lease. Clusters are made at their first use and stay.
class LoadBalancer {
public:
    LoadBalancer(
        Discovery& discovery,
        BalancerConfigs configs,
        const Clock& clock = Clock::system(),
        Cluster::Listener listener = {}
    );
    ~LoadBalancer();
    LoadBalancer(const LoadBalancer&) = delete;
    LoadBalancer& operator=(const LoadBalancer&) = delete;

    /// The cluster of a service; valid as long as the balancer. Keep it: finding it takes a lock.
    [[nodiscard]] Cluster& cluster(std::string_view service);
    /// Picks, waiting for the source's first answer where nothing is known yet. `no_instances` names the
    /// service.
    Task<Result<Lease>> choose(std::string service, PickRequest request, Deadline deadline = {});
    /// Those made so far.
    [[nodiscard]] std::vector<Cluster*> clusters() const;

    [[nodiscard]] Discovery& discovery() noexcept { return discovery_; }

private:
    Discovery& discovery_;
    const BalancerConfigs configs_;
    const Clock& clock_;
    const Cluster::Listener listener_;
    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Cluster>, std::less<>> clusters_;
    ListSubscription subscription_;
};

}  // namespace flotilla::discovery
