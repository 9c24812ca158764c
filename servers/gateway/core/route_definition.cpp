#include "flotilla/gateway/route_definition.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/gateway/property_tree.hpp"

namespace flotilla::gateway {

namespace {

std::string_view kind_name(ComponentKind kind) {
    return kind == ComponentKind::predicate ? "predicate" : "filter";
}

std::string text_of(const Json& json) {
    if (const std::string* text = json.as_string()) return *text;
    return json.is_null() ? std::string() : json.text();
}

/// `{patterns: [a, b], rate: {size: 5}}` as `patterns.0`, `patterns.1`, `rate.size`.
void flatten(const std::string& path, const Json& json, ComponentDefinition& out) {
    if (json.is_object()) {
        for (const auto& [key, value] : json.members())
            flatten(path.empty() ? key : path + "." + key, value, out);
    } else if (json.is_array()) {
        std::size_t index = 0;
        for (const Json& element : json.elements())
            flatten(fmt::format("{}.{}", path, index++), element, out);
    } else {
        out.args.emplace_back(path, text_of(json));
    }
}

/// What hex digits and dashes of a UUID look like; routes without an id need one that nobody else has.
std::string made_up_id() {
    std::string bytes(16, '\0');
    for (char& byte : bytes) byte = static_cast<char>(Random::of_thread()());
    bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
    std::string id = to_hex(bytes);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) id.insert(at, 1, '-');
    return id;
}

const Json& member(const Json& json, std::string_view name) {
    const std::string wanted = config::uniform_name(name);
    for (const auto& [key, value] : json.members())
        if (config::uniform_name(key) == wanted) return value;
    static const Json none;
    return none;
}

Result<std::vector<ComponentDefinition>> components(const Json& json, ComponentKind kind) {
    std::vector<ComponentDefinition> list;
    if (json.is_null()) return list;
    if (json.is_string()) {
        FLT_TRY(auto one, component_from(json, kind));
        list.push_back(std::move(one));
        return list;
    }
    for (const Json& element : json.elements()) {
        if (element.is_null()) continue;
        FLT_TRY(auto one, component_from(element, kind));
        list.push_back(std::move(one));
    }
    return list;
}

/// A list as it is written, under the prefix that has it.
struct WrittenList {
    Json json;
    std::string property;
};

Result<WrittenList> written_list(const config::Environment& environment, std::string_view name) {
    WrittenList list;
    for (const std::string_view prefix : {newer_prefix, older_prefix}) {
        list.property = std::string(prefix).append(name);
        list.json = property_tree(environment, list.property);
        if (!list.json.is_null()) break;
    }
    // An empty text is how a file clears the list of another.
    const std::string* const text = list.json.as_string();
    if (list.json.is_null() || list.json.is_array() || (text && text->empty())) return list;
    return fail(
        Errc::invalid_argument, fmt::format("{} is a list, not '{}'", list.property, text_of(list.json))
    );
}

Result<std::int32_t> order_of(const Json& json) {
    if (json.is_null()) return 0;
    const auto number = parse_integer<std::int32_t>(text_of(json));
    if (!number) return fail(Errc::invalid_argument, fmt::format("order '{}' is no number", text_of(json)));
    return *number;
}

}  // namespace

Error with_origin(const Error& error, std::string_view origin) {
    if (origin.empty()) return error;
    return {error.code(), fmt::format("{} ({})", error.message(), origin)};
}

Result<ComponentDefinition> parse_component(std::string_view text, ComponentKind kind) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || (equals == std::string_view::npos && kind == ComponentKind::predicate))
        return fail(
            Errc::invalid_argument,
            fmt::format("unable to parse {} '{}': it must be of the form name=value", kind_name(kind), text)
        );
    ComponentDefinition made;
    made.name = text.substr(0, equals);
    if (equals == std::string_view::npos) return made;
    for (const std::string_view token : split_list(text.substr(equals + 1)))
        made.args.emplace_back(fmt::format("_genkey_{}", made.args.size()), token);
    return made;
}

Result<RouteDefinition> parse_route(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos)
        return fail(
            Errc::invalid_argument,
            fmt::format("unable to parse route '{}': it must be of the form id=uri,predicate,...", text)
        );
    RouteDefinition route;
    route.id = text.substr(0, equals);
    const auto parts = split_list(text.substr(equals + 1));
    if (parts.empty()) return fail(Errc::invalid_argument, fmt::format("route '{}' has no uri", route.id));
    route.uri = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) {
        FLT_TRY(auto predicate, parse_component(parts[i], ComponentKind::predicate));
        route.predicates.push_back(std::move(predicate));
    }
    return route;
}

Result<ComponentDefinition> component_from(const Json& json, ComponentKind kind) {
    if (const std::string* text = json.as_string()) return parse_component(*text, kind);
    if (!json.is_object())
        return fail(
            Errc::invalid_argument, fmt::format("a {} is a text, or has a name and args", kind_name(kind))
        );
    ComponentDefinition made;
    made.name = text_of(member(json, "name"));
    if (made.name.empty())
        return fail(
            Errc::invalid_argument, fmt::format("a {} has no name: {}", kind_name(kind), json.text())
        );
    flatten({}, member(json, "args"), made);
    return made;
}

Result<RouteDefinition> route_from(const Json& json) {
    if (const std::string* text = json.as_string()) return parse_route(*text);
    if (!json.is_object())
        return fail(Errc::invalid_argument, "a route is an object, or a text id=uri,predicate,...");
    static const std::vector<std::string> known{
        "id", "uri", "predicates", "filters", "order", "metadata", "enabled"
    };
    RouteDefinition route;
    route.id = text_of(member(json, "id"));
    const std::string shown = route.id.empty() ? "route without an id" : "route '" + route.id + "'";
    if (route.id.empty()) route.id = made_up_id();
    const auto within = [&shown](const Error& error) { return fail(error.within(shown)); };
    for (const auto& [key, value] : json.members()) {
        if (std::ranges::find(known, config::uniform_name(key)) == known.end())
            return within(Error(
                Errc::invalid_argument,
                fmt::format("'{}' is no member of a route; there are: {}", key, join(known, ", "))
            ));
    }
    route.uri = text_of(member(json, "uri"));
    auto predicates = components(member(json, "predicates"), ComponentKind::predicate);
    if (!predicates) return within(predicates.error());
    auto filters = components(member(json, "filters"), ComponentKind::filter);
    if (!filters) return within(filters.error());
    auto order = order_of(member(json, "order"));
    if (!order) return within(order.error());
    route.predicates = *std::move(predicates);
    route.filters = *std::move(filters);
    route.order = *order;
    route.metadata = member(json, "metadata");
    route.enabled = text_of(member(json, "enabled")) != "false";
    return route;
}

Json to_json(const ComponentDefinition& definition) {
    Json args = Json::object();
    for (const auto& [name, value] : definition.args) args[name] = value;
    return Json::object({{"name", definition.name}, {"args", std::move(args)}});
}

Json to_json(const RouteDefinition& definition) {
    Json predicates = Json::array();
    for (const auto& predicate : definition.predicates) predicates.push_back(to_json(predicate));
    Json filters = Json::array();
    for (const auto& filter : definition.filters) filters.push_back(to_json(filter));
    return Json::object(
        {{"id", definition.id},
         {"predicates", std::move(predicates)},
         {"filters", std::move(filters)},
         {"uri", definition.uri},
         {"metadata", definition.metadata.is_null() ? Json::object() : definition.metadata},
         {"order", definition.order}}
    );
}

std::string gateway_property(const config::Environment& environment, std::string_view name) {
    std::string newer = std::string(newer_prefix) + std::string(name);
    if (environment.contains(newer)) return newer;
    return std::string(older_prefix) + std::string(name);
}

Result<std::vector<ComponentDefinition>> read_components(
    const config::Environment& environment, std::string_view name, ComponentKind kind
) {
    FLT_TRY(const WrittenList written, written_list(environment, name));
    auto read = components(written.json, kind);
    if (!read) return fail(read.error().within(name));
    return read;
}

Result<RouteDefinitions> read_routes(const config::Environment& environment) {
    RouteDefinitions read;
    FLT_TRY(const WrittenList routes, written_list(environment, "routes"));
    std::vector<std::string> origins = origins_of_elements(environment, routes.property);
    origins.resize(routes.json.elements().size());
    for (const Json& json : routes.json.elements()) {
        std::string& origin = origins[read.routes.size()];
        auto route = route_from(json);
        if (!route) return fail(with_origin(route.error(), origin));
        route->origin = std::move(origin);
        read.routes.push_back(*std::move(route));
    }
    FLT_TRY(read.default_filters, read_components(environment, "default-filters", ComponentKind::filter));
    FLT_TRY(
        read.fail_on_error,
        environment.get(gateway_property(environment, "fail-on-route-definition-error"), true)
    );
    return read;
}

}  // namespace flotilla::gateway
