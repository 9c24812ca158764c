#pragma once
/// The endpoints that an Actuator has from the start, one function each. What they are given outlives them.

#include <functional>
#include <string>
#include <vector>

#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/actuator/health_endpoint.hpp"
#include "flotilla/actuator/http_exchanges.hpp"
#include "flotilla/actuator/scheduled_tasks.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/metrics/registry.hpp"

namespace flotilla::http {
class Router;
}

namespace flotilla::actuator {

/// Who sees values of properties.
struct ValueRules {
    Show show_values = Show::never;
    std::vector<std::string> roles{};

    [[nodiscard]] bool shows(const std::optional<Caller>& caller) const;
};

/// `env`: every property of every source with its origin. Values are masked unless the rules show them;
/// secrets always. `allow_post`: properties can be set and dropped at run time.
Endpoint env_endpoint(config::Environment environment, ValueRules rules, bool allow_post);
/// `configprops`: every struct that was bound.
Endpoint configprops_endpoint(config::Environment environment, ValueRules rules, std::string application);
/// `refresh`: answers with the changed keys.
Endpoint refresh_endpoint(std::function<Result<config::Environment::ChangedKeys>()> refresh);

Endpoint loggers_endpoint(log::LogSystem& log);
/// `logfile`: the text of a file, or a range of its bytes.
Endpoint logfile_endpoint(std::string file);

Endpoint metrics_endpoint(metrics::Registry& registry);
Endpoint prometheus_endpoint(metrics::Registry& registry);

/// `mappings`: the routes of these routers, as they are when it is asked for the first time.
Endpoint mappings_endpoint(
    std::function<std::vector<const http::Router*>()> routers, std::string application
);
Endpoint httpexchanges_endpoint(const HttpExchangeRepository& exchanges);
/// `httptrace`, as Boot 2 had it.
Endpoint httptrace_endpoint(const HttpExchangeRepository& exchanges);
Endpoint scheduledtasks_endpoint(const ScheduledTasks& tasks);

/// `sbom`: no program comes with a bill of materials yet, and this says so.
Endpoint sbom_endpoint();

/// `shutdown`: answers, so that `begin` is told to wait half a second. No access unless configured.
Endpoint shutdown_endpoint(std::function<void(Duration)> begin);

}  // namespace flotilla::actuator
