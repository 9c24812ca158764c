#pragma once
/// Routes as they are written, before anything has been made of them: text in, text kept.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::config {
class Environment;
}

namespace flotilla::gateway {

using reflect::Json;

/// A predicate or filter: its name and its arguments in order. Those of the short form (`Path=/a/**,/b/**`)
/// have no names yet: `_genkey_0`, `_genkey_1`.
struct ComponentDefinition {
    std::string name;
    std::vector<std::pair<std::string, std::string>> args{};

    friend bool operator==(const ComponentDefinition&, const ComponentDefinition&) = default;
};

struct RouteDefinition {
    std::string id;
    std::string uri;
    std::vector<ComponentDefinition> predicates{};
    std::vector<ComponentDefinition> filters{};
    std::int32_t order = 0;
    Json metadata{};  ///< an object, or null when there is none
    bool enabled = true;
    std::string origin{};  ///< `application.yml - 3:9`; empty where no file says it

    friend bool operator==(const RouteDefinition&, const RouteDefinition&) = default;
};

/// All that configuration says of routes.
struct RouteDefinitions {
    std::vector<RouteDefinition> routes{};
    std::vector<ComponentDefinition> default_filters{};
    bool fail_on_error = true;  ///< a route that cannot be made ends the start; otherwise it is left out
};

/// Which of the two texts is read: it matters for the error, and a predicate needs its `=`.
enum class ComponentKind : std::uint8_t { predicate, filter };

/// The same error with the place in a file behind its message, where there is one.
Error with_origin(const Error& error, std::string_view origin);

/// `Name=token, token`: empty tokens are dropped.
Result<ComponentDefinition> parse_component(std::string_view text, ComponentKind kind);
/// `id=uri,Predicate=x,Predicate=y`.
Result<RouteDefinition> parse_route(std::string_view text);

/// A component as YAML or JSON has it: its short form as text, or `name` and `args`.
Result<ComponentDefinition> component_from(const Json& json, ComponentKind kind);
/// A whole route as YAML or JSON has it. The id may be missing; it is made up then.
Result<RouteDefinition> route_from(const Json& json);
/// As `/actuator/gateway/routedefinitions` shows it.
Json to_json(const RouteDefinition& definition);
Json to_json(const ComponentDefinition& definition);

/// Properties of the gateway have two prefixes: Spring's older one, which the course uses, and its newer one,
/// which wins.
inline constexpr std::string_view older_prefix = "spring.cloud.gateway.";
inline constexpr std::string_view newer_prefix = "spring.cloud.gateway.server.webflux.";

/// Under the prefix that has it: `gateway_property(environment, "httpclient.connect-timeout")`.
std::string gateway_property(const config::Environment& environment, std::string_view name);

Result<RouteDefinitions> read_routes(const config::Environment& environment);
/// A list of them: `default-filters`.
Result<std::vector<ComponentDefinition>> read_components(
    const config::Environment& environment, std::string_view name, ComponentKind kind
);

}  // namespace flotilla::gateway
