#pragma once
/// Circuit breakers and the other policies: endpoints, health, meters and the streams for dashboards.
///
///     ResilienceStreams streams(policies);
///     for (Endpoint& endpoint : resilience_endpoints(policies)) actuator.add(std::move(endpoint));
///     for (Endpoint& endpoint : streams.endpoints()) actuator.add(std::move(endpoint));
///     add_resilience_health(actuator.health(), policies, environment);
///     const ResilienceMeters meters(registry, policies);
///     streams.mount(router);
///
/// The policies outlive all of it.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/actuator/health_registry.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/resilience/hystrix.hpp"
#include "flotilla/resilience/policies.hpp"

namespace flotilla::http {
class Router;
}

namespace flotilla::actuator {

/// `circuitbreakers`, `retries`, `ratelimiters`, `bulkheads`, `timelimiters`, `timers`, and for each of them
/// its events.
std::vector<Endpoint> resilience_endpoints(resilience::Policies& policies);

/// Components `circuitBreakers` and `rateLimiters`, each when `management.health.circuitbreakers.enabled` or
/// `management.health.ratelimiters.enabled` says so.
void add_resilience_health(
    HealthRegistry& health, resilience::Policies& policies, const config::Environment& environment
);

/// `resilience4j.*` meters of the policies that there are and that will be, for as long as it lives. The
/// registry outlives the policies' calls; make it before the first one.
class ResilienceMeters {
public:
    ResilienceMeters(metrics::Registry& registry, resilience::Policies& policies);
    ~ResilienceMeters();
    ResilienceMeters(const ResilienceMeters&) = delete;
    ResilienceMeters& operator=(const ResilienceMeters&) = delete;

private:
    struct Bound;

    std::shared_ptr<Bound> bound_;
};

/// What flows: `/hystrix.stream` for the Hystrix dashboard, `streamcircuitbreakerevents` and
/// `hystrixstreamcircuitbreakerevents` with the events of breakers as they happen. Made before the first
/// call; outlives the servers.
class ResilienceStreams {
public:
    static constexpr int max_hystrix_clients = 5;

    explicit ResilienceStreams(
        resilience::Policies& policies, Duration interval = std::chrono::milliseconds(500)
    );
    ~ResilienceStreams();
    ResilienceStreams(const ResilienceStreams&) = delete;
    ResilienceStreams& operator=(const ResilienceStreams&) = delete;

    /// For callers to tell of their fallbacks.
    [[nodiscard]] resilience::HystrixMetrics& hystrix() noexcept;

    /// `GET /hystrix.stream`
    void mount(http::Router& router);
    /// Ends the streams that run, and those that begin later: the server closes.
    void stop() noexcept;
    [[nodiscard]] std::vector<Endpoint> endpoints();

private:
    struct Shared;

    std::shared_ptr<Shared> shared_;
};

}  // namespace flotilla::actuator
