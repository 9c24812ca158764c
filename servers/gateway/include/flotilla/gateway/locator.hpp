#pragma once
/// A route for each service that the registry knows: `spring.cloud.gateway.discovery.locator.*`.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/discovery/service_instance.hpp"
#include "flotilla/gateway/route_definition.hpp"

namespace flotilla::gateway {

/// Texts are expressions: see `evaluate_located`.
struct LocatorConfig {
    bool enabled = false;
    std::string route_id_prefix = "ReactiveCompositeDiscoveryClient_";
    bool lower_case_service_id = false;  ///< in predicates and filters
    std::string include_expression = "true";
    std::string url_expression = "'lb://'+serviceId";
    /// None: `Path=/SERVICE/**`.
    std::vector<ComponentDefinition> predicates{};
    /// None: a RewritePath that takes the service's name off. Others stand in its place.
    std::vector<ComponentDefinition> filters{};
};

/// `'/'+serviceId+'/**'`: texts in quotation marks, `serviceId`, `host`, `port` and `metadata['key']`, joined
/// with `+`. Nothing else of Spring's expressions is understood, and nothing is ever run.
Result<std::string> evaluate_located(
    std::string_view expression, const discovery::ServiceInstance& instance, std::string_view service_id
);

/// Their routes; `services` has one instance of each, whose metadata the route gets, but for what the gateway
/// itself would act on beyond times. Whether the expressions are any good shows with any instance. A service
/// whose URI cannot be routed to gets none, and a line in `left_out`.
Result<std::vector<RouteDefinition>> located_routes(
    const LocatorConfig& config,
    const std::vector<discovery::ServiceInstance>& services,
    std::vector<std::string>* left_out = nullptr
);

}  // namespace flotilla::gateway
