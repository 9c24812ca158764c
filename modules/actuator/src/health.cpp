#include "flotilla/actuator/health.hpp"

#include <algorithm>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::actuator {

namespace {

Health with_status(std::string_view code, Json details) {
    Health health;
    health.status = code;
    health.details = std::move(details);
    return health;
}

/// `out-of-service` and `OUT_OF_SERVICE` are the same code.
std::string uniform_code(std::string_view code) {
    std::string uniform;
    for (const char c : code)
        if (is_ascii_alpha(c) || is_ascii_digit(c)) uniform += ascii_lower(c);
    return uniform;
}

}  // namespace

Health Health::up(Json details) {
    return with_status(status::up, std::move(details));
}

Health Health::unknown(Json details) {
    return with_status(status::unknown, std::move(details));
}

Health Health::out_of_service(Json details) {
    return with_status(status::out_of_service, std::move(details));
}

Health Health::down(std::string_view error) {
    return with_status(status::down, Json::object({{"error", error}}));
}

Health Health::of(std::vector<Component> components) {
    Health health;
    health.components = std::move(components);
    health.composite = true;
    return health;
}

std::string StatusRules::aggregate(const std::vector<std::string>& statuses) const {
    for (const auto& candidate : order) {
        const std::string code = uniform_code(candidate);
        const auto found =
            std::ranges::find_if(statuses, [&](const auto& s) { return uniform_code(s) == code; });
        if (found != statuses.end()) return *found;
    }
    return std::string(status::unknown);
}

http::Status StatusRules::http_status(std::string_view code) const {
    const std::string uniform = uniform_code(code);
    for (const auto& [mapped, http] : http_mapping)
        if (uniform_code(mapped) == uniform) return static_cast<http::Status>(http);
    return http::Status::ok;
}

void aggregate_tree(Health& health, const StatusRules& rules) {
    if (!health.composite) return;
    std::vector<std::string> statuses;
    for (auto& component : health.components) {
        aggregate_tree(component.health, rules);
        statuses.push_back(component.health.status);
    }
    health.status = rules.aggregate(statuses);
}

Json health_json(const Health& health, const HealthView& view) {
    Json json = Json::object({{"status", health.status}});
    if (!health.description.empty()) json.set("description", health.description);
    if (health.composite) {
        if (!view.components) return json;
        std::vector<const Health::Component*> sorted;
        for (const auto& component : health.components) sorted.push_back(&component);
        std::ranges::sort(sorted, {}, &Health::Component::name);
        Json components = Json::object();
        for (const auto* component : sorted)
            components.set(component->name, health_json(component->health, view));
        json.set(std::string(view.components_key), std::move(components));
    } else if (view.details && !health.details.empty()) {
        json.set("details", health.details);
    }
    return json;
}

}  // namespace flotilla::actuator
