#pragma once
/// The operations endpoints of a service, behind paths on a router.
///
///     Actuator actuator(config, {.application = "order-service", .runtime = runtime, …});
///     actuator.health().add_blocking("db", [&] { return db_health(pool); });
///     actuator.add(circuit_breakers_endpoint(breakers));
///     FLT_CHECK(actuator.mount(router, router));
///
/// The endpoints of this module are in it from the start; the others come by `add`. What is exposed, under
/// which path and to whom, is configuration.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/actuator/actuator_config.hpp"
#include "flotilla/actuator/authorizer.hpp"
#include "flotilla/actuator/availability.hpp"
#include "flotilla/actuator/caches.hpp"
#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/actuator/health_endpoint.hpp"
#include "flotilla/actuator/health_registry.hpp"
#include "flotilla/actuator/http_exchanges.hpp"
#include "flotilla/actuator/info.hpp"
#include "flotilla/actuator/scheduled_tasks.hpp"
#include "flotilla/actuator/startup_report.hpp"
#include "flotilla/actuator/thread_dump.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::http {
struct Exchange;
class Router;
}  // namespace flotilla::http

namespace flotilla::actuator {

/// What the endpoints tell of. References outlive the Actuator.
struct ActuatorSources {
    std::string application = "application";
    runtime::Runtime& runtime;
    config::Environment environment;
    log::LogSystem& log;
    metrics::Registry& meters;
    /// Null: whoever `management.security` and `spring.security.user` name.
    std::shared_ptr<const Authorizer> authorizer = nullptr;
    /// Begins the shutdown after that time, and returns at once. Without it there is no such endpoint.
    std::function<void(Duration)> shutdown = {};
    /// Re-reads the configuration; `environment.refresh()` unless given.
    std::function<Result<config::Environment::ChangedKeys>()> refresh = {};
    /// Suspended coroutines, for the thread dump. Called on the blocking pool.
    std::function<std::vector<runtime::TaskInfo>()> tasks = {};
    std::string log_file = {};
    /// Of the main port, in front of what is mounted there: `/shop`.
    std::string context_path = {};
    /// For `info`, where it is known.
    BuildDetails build = {};
};

class Actuator {
public:
    Actuator(ActuatorConfig config, ActuatorSources sources);
    ~Actuator();
    Actuator(const Actuator&) = delete;
    Actuator& operator=(const Actuator&) = delete;

    [[nodiscard]] HealthRegistry& health() noexcept;
    [[nodiscard]] AvailabilityState& availability() noexcept;
    [[nodiscard]] ScheduledTasks& scheduled_tasks() noexcept;
    [[nodiscard]] InfoContributors& info() noexcept;
    [[nodiscard]] StartupReport& startup() noexcept;
    [[nodiscard]] Caches& caches() noexcept;
    [[nodiscard]] const ActuatorConfig& config() const noexcept;

    /// Before `mount`. One of the same id is replaced.
    void add(Endpoint endpoint);

    /// Puts what is exposed on `management`, and the groups with a path on the main port on `main`: the same
    /// router twice, unless there is a management port of its own. An error when a health group has a member
    /// that nobody is. Both routers outlive the server; the Actuator outlives both.
    Result<void> mount(http::Router& main, http::Router& management);

    /// Records exchanges, when they can be seen: give it to the servers. Empty when nobody would see them.
    [[nodiscard]] std::function<void(const http::Exchange&)> exchange_observer();

private:
    struct Impl;

    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::actuator
