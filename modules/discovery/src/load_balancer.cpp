#include "flotilla/discovery/load_balancer.hpp"

#include "flotilla/base/random.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/discovery/error.hpp"

namespace flotilla::discovery {

LoadBalancer::LoadBalancer(
    Discovery& discovery, BalancerConfigs configs, const Clock& clock, Cluster::Listener listener
)
    : discovery_(discovery), configs_(std::move(configs)), clock_(clock), listener_(std::move(listener)) {
    subscription_ = discovery_.subscribe([this](const Snapshot& list) {
        Cluster* concerned = nullptr;
        {
            const std::lock_guard lock(mutex_);
            const auto found = clusters_.find(list->service);
            if (found != clusters_.end()) concerned = found->second.get();
        }
        if (concerned) concerned->update(*list, clock_.now());
    });
}

LoadBalancer::~LoadBalancer() = default;

Cluster& LoadBalancer::cluster(std::string_view service) {
    std::string key = to_lower(service);
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = clusters_.find(key); found != clusters_.end()) return *found->second;
    }
    auto fresh = std::make_unique<Cluster>(key, configs_(key), Random::of_thread()(), listener_);
    fresh->update(*discovery_.instances(key), clock_.now());
    Cluster* cluster = nullptr;
    {
        const std::lock_guard lock(mutex_);
        cluster = clusters_.try_emplace(std::move(key), std::move(fresh)).first->second.get();
    }
    // A change that came before it could be told; an older list is ignored.
    cluster->update(*discovery_.instances(cluster->service()), clock_.now());
    return *cluster;
}

Task<Result<Lease>> LoadBalancer::choose(std::string service, PickRequest request, Deadline deadline) {
    Cluster& callee = cluster(service);
    if (Lease lease = callee.pick(request)) co_return std::move(lease);
    FLT_CO_TRY(const Snapshot list, co_await discovery_.find(service, deadline));
    callee.update(*list, clock_.now());
    if (Lease lease = callee.pick(request)) co_return std::move(lease);
    co_return fail(DiscoveryErrc::no_instances, "No instances available for " + service);
}

std::vector<Cluster*> LoadBalancer::clusters() const {
    std::vector<Cluster*> all;
    const std::lock_guard lock(mutex_);
    all.reserve(clusters_.size());
    for (const auto& [name, cluster] : clusters_) all.push_back(cluster.get());
    return all;
}

}  // namespace flotilla::discovery
