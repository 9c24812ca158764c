#pragma once
// The routes in force: compiled out of what configuration, the registry and operators say, swapped whole.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "flotilla/discovery/balancer_properties.hpp"
#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/gateway/api_version.hpp"
#include "flotilla/gateway/gateway_config.hpp"
#include "flotilla/gateway/route_table.hpp"
#include "flotilla/metrics/meter_cache.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/resilience/policies.hpp"
#include "flotilla/service/service.hpp"

namespace flotilla::gateway {

/// What a route's calls need of others, found once: names cost a lock.
struct RouteMeans {
    discovery::Cluster* cluster = nullptr;
    const discovery::ServiceBalancing* balancing = nullptr;  ///< of the cluster's service
    resilience::CircuitBreaker* breaker = nullptr;
    resilience::TimeLimiter* time_limiter = nullptr;
    resilience::RetryBudget* budget = nullptr;
    // Of a route that keeps answers.
    metrics::Counter cache_hits;
    metrics::Counter cache_misses;
    resilience::AdaptiveLimiter* limiter = nullptr;  ///< null: as many calls at once as there are
};

/// One version of everything that routing reads. Requests keep the one that they began with.
struct LiveTable {
    LiveTable() = default;

    explicit LiveTable(std::shared_ptr<const RouteTable> made)
        : table(std::move(made)), timers(table->routes().size() * timers_of_a_route + some_timers) {}

    std::shared_ptr<const RouteTable> table;
    CorsTable cors;
    std::shared_ptr<const ApiVersions> versions;  ///< null: requests have none
    std::vector<RouteMeans> means;                ///< by the number of the route
    /// Those of all routes: a change that comes in by one of them concerns what others keep.
    std::vector<std::shared_ptr<AnswerCache>> caches;
    /// What is not in it is looked up by strings, under a lock.
    mutable metrics::MeterCache<metrics::Timer> timers;

private:
    static constexpr std::size_t timers_of_a_route = 8;  // a few statuses to a few methods
    static constexpr std::size_t some_timers = 4096;
};

/// Owns the definitions, makes tables of them. Thread-safe; `current` is for the loops.
class TableKeeper {
public:
    TableKeeper(Service& service, const GatewayConfig& config, Admission& admission, Components components);

    /// What configuration says now, and what has been added at run time. On an error the former table stays.
    Result<void> reload();
    /// Keys of routes' metadata with the values wanted.
    using Metadata = std::vector<std::pair<std::string, std::string>>;

    /// The same when it fails is a line in the log, once for each reason. With a `scope` only routes whose
    /// metadata has all of it come, change and go; the others stay as they are until the next reload.
    void reload_and_tell(const Metadata& scope = {});

    /// The locator's services, when they have changed.
    void notice_services();

    [[nodiscard]] std::shared_ptr<const LiveTable> current() const;

    /// What configuration, the locator and operators have defined, in matching order of kinds.
    [[nodiscard]] RouteDefinitions definitions() const;
    /// Held until the next reload. An error of what is plainly wrong: `Invalid FilterDefinition: [X]`.
    Result<void> add(std::vector<RouteDefinition> routes);
    /// The table that there would be with those; nothing changes.
    [[nodiscard]] Result<std::shared_ptr<const RouteTable>> try_out(std::vector<RouteDefinition> routes
    ) const;
    /// Whether there was one that had been added.
    bool remove(std::string_view id);

    [[nodiscard]] const Components& components() const noexcept { return components_; }

private:
    /// One for each loop, so that a request takes no lock but when the table has changed.
    struct alignas(64) Slot {
        std::uint64_t version = 0;
        std::shared_ptr<const LiveTable> table;
    };

    [[nodiscard]] Result<void> reload_locked(const Metadata& scope = {});
    /// Those in force but for the scope's, and those of the scope as they are defined now.
    [[nodiscard]] RouteDefinitions within(const Metadata& scope, RouteDefinitions defined) const;
    [[nodiscard]] Result<void> check(const std::vector<RouteDefinition>& routes) const;
    [[nodiscard]] Result<ComponentMeans> component_means(std::vector<std::string>& warnings) const;
    /// Of one order: those of the registry, of configuration, of operators.
    [[nodiscard]] RouteDefinitions with_all_others(const RouteDefinitions& configured) const;
    [[nodiscard]] RouteMeans means_of(const Route& route);

    Service& service_;
    const GatewayConfig& config_;
    Admission& admission_;  // under the mutex
    Components components_;
    log::Logger log_;
    mutable std::mutex mutex_;
    std::vector<RouteDefinition> configured_;
    std::vector<ComponentDefinition> default_filters_;
    std::vector<RouteDefinition> added_;
    std::vector<RouteDefinition> located_;
    std::vector<std::string> left_out_;  // services that the locator has no route for
    std::string last_failure_;
    std::shared_ptr<const LiveTable> table_;
    std::atomic<std::uint64_t> version_{0};
    mutable std::vector<Slot> slots_;
};

}  // namespace flotilla::gateway
