#include "flotilla/actuator/resilience_endpoints.hpp"

#include <utility>

#include "flotilla/resilience/management.hpp"

namespace flotilla::actuator {

namespace {

using resilience::EventFilter;
using resilience::Policies;

using EventsOf = Result<Json> (*)(const Policies&, const EventFilter&);

Answer of_result(Result<Json> json) {
    if (json) return Answer::of(std::move(*json));
    return Answer::failure(http::Status::internal_server_error, json.error().message());
}

/// All events, those of one policy, those of one policy and type.
Endpoint events_endpoint(std::string id, const Policies& policies, EventsOf events) {
    const Operation::Function read = [&policies, events](const Call& call) {
        return of_result(events(policies, {.name = call.selector("name"), .type = call.selector("eventType")})
        );
    };
    Endpoint endpoint;
    endpoint.id = std::move(id);
    for (const char* path : {"", "/{name}", "/{name}/{eventType}"}) {
        endpoint.operations.push_back({.path = path, .run = read});
    }
    return endpoint;
}

Endpoint list_endpoint(std::string id, const Policies& policies, Json (*list)(const Policies&)) {
    Operation::Function read = [&policies, list](const Call&) { return Answer::of(list(policies)); };
    Endpoint endpoint;
    endpoint.id = std::move(id);
    endpoint.operations.push_back({.run = std::move(read)});
    return endpoint;
}

Answer update_state(Policies& policies, const Call& call) {
    const Json state = call.parameter("updateState");
    const auto updated = resilience::update_circuit_breaker(
        policies, call.selector("name"), state.string_or(""), policies.clock().now()
    );
    if (updated) return Answer::of(*updated);
    const bool unknown = updated.error().code() == Errc::not_found;
    return Answer::failure(
        unknown ? http::Status::not_found : http::Status::bad_request, updated.error().message()
    );
}

Endpoint circuit_breakers_endpoint(Policies& policies) {
    Operation::Function read = [&policies](const Call&) {
        return Answer::of(resilience::circuit_breakers_json(policies, policies.clock().now()));
    };
    Operation::Function write = [&policies](const Call& call) { return update_state(policies, call); };
    Endpoint endpoint;
    endpoint.id = "circuitbreakers";
    endpoint.operations.push_back({.run = std::move(read)});
    endpoint.operations.push_back({.verb = Verb::write, .path = "/{name}", .run = std::move(write)});
    return endpoint;
}

/// A component whose details are the policies, as Resilience4j has it.
Health health_of(std::vector<resilience::PolicyHealth> policies) {
    Health health;
    health.details = Json::object();
    std::vector<std::string> statuses;
    for (resilience::PolicyHealth& policy : policies) {
        statuses.push_back(policy.status);
        health.details.set(
            policy.name, Json::object({{"status", policy.status}, {"details", std::move(policy.details)}})
        );
    }
    health.status = StatusRules().aggregate(statuses);
    return health;
}

bool enabled(const config::Environment& environment, std::string_view property) {
    return environment.get(property, false).value_or(false);
}

}  // namespace

std::vector<Endpoint> resilience_endpoints(Policies& policies) {
    std::vector<Endpoint> endpoints;
    endpoints.push_back(circuit_breakers_endpoint(policies));
    endpoints.push_back(list_endpoint("retries", policies, resilience::retries_json));
    endpoints.push_back(list_endpoint("ratelimiters", policies, resilience::rate_limiters_json));
    endpoints.push_back(list_endpoint("bulkheads", policies, resilience::bulkheads_json));
    endpoints.push_back(list_endpoint("timelimiters", policies, resilience::time_limiters_json));
    endpoints.push_back(list_endpoint("timers", policies, resilience::timers_json));
    endpoints.push_back(
        events_endpoint("circuitbreakerevents", policies, resilience::circuit_breaker_events_json)
    );
    endpoints.push_back(events_endpoint("retryevents", policies, resilience::retry_events_json));
    endpoints.push_back(events_endpoint("ratelimiterevents", policies, resilience::rate_limiter_events_json));
    endpoints.push_back(events_endpoint("bulkheadevents", policies, resilience::bulkhead_events_json));
    endpoints.push_back(events_endpoint("timelimiterevents", policies, resilience::time_limiter_events_json));
    endpoints.push_back(events_endpoint("timerevents", policies, resilience::timer_events_json));
    return endpoints;
}

void add_resilience_health(
    HealthRegistry& health, Policies& policies, const config::Environment& environment
) {
    if (enabled(environment, "management.health.circuitbreakers.enabled")) {
        health.add("circuitBreakers", [&policies] {
            return health_of(resilience::circuit_breakers_health(policies, policies.clock().now()));
        });
    }
    if (enabled(environment, "management.health.ratelimiters.enabled")) {
        health.add("rateLimiters", [&policies] {
            return health_of(resilience::rate_limiters_health(policies, policies.clock().now()));
        });
    }
}

}  // namespace flotilla::actuator
