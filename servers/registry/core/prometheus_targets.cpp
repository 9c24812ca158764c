#include "flotilla/registry/prometheus_targets.hpp"

#include <algorithm>
#include <tuple>

#include "flotilla/base/text.hpp"
#include "flotilla/base/url_text.hpp"
#include "flotilla/reflect/value.hpp"
#include "flotilla/registry/catalog.hpp"

namespace flotilla::registry {

namespace {

using reflect::Json;

constexpr std::string_view label_prefix = "prometheus.label.";
constexpr std::string_view usual_path = "/actuator/prometheus";
/// Where an instance is that says nothing of a zone, as for Eureka's clients.
constexpr std::string_view usual_zone = "defaultZone";

bool is_wanted(InstanceStatus status, const TargetQuery& query) {
    return query.any_status || status == InstanceStatus::up || status == InstanceStatus::starting ||
           status == InstanceStatus::out_of_service;
}

std::string_view zone_of(const InstanceInfo& instance) {
    const std::string_view zone = instance.zone();
    return zone.empty() ? usual_zone : zone;
}

std::string_view metadata_of(const InstanceInfo& instance, std::string_view key) {
    const auto found = instance.metadata.find(key);
    return found == instance.metadata.end() ? std::string_view() : std::string_view(found->second);
}

/// Prometheus: `[a-zA-Z_][a-zA-Z0-9_]*`
bool is_label_name(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const auto is_further = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_further);
}

std::string path_of(const InstanceInfo& instance) {
    std::string path(metadata_of(instance, "prometheus.path"));
    if (path.empty()) {
        path = metadata_of(instance, "management.context-path");
        while (path.ends_with('/')) path.pop_back();
        path += usual_path;
    }
    if (!path.starts_with('/')) path.insert(path.begin(), '/');
    return path;
}

std::string address_of(const InstanceInfo& instance) {
    const auto management = parse_integer<std::uint16_t>(metadata_of(instance, "management.port"));
    const std::int32_t port = management && *management != 0 ? *management : port_of(instance);
    return host_in_url(instance.ip_addr) + ":" + std::to_string(port);
}

struct Target {
    std::string service;
    std::string address;
    InstancePtr instance;
};

Json group_of(const Target& target) {
    const InstanceInfo& instance = *target.instance;
    const bool secure = !instance.port.enabled && instance.secure_port.enabled;
    Json labels = Json::object(
        {{"__metrics_path__", path_of(instance)},
         {"__scheme__", secure ? "https" : "http"},
         {"job", target.service},
         {"application", target.service},
         {"instance_id", instance.id()},
         {"zone", zone_of(instance)},
         {"__meta_flotilla_status", to_text(instance.status)}}
    );
    for (const auto& [key, value] : instance.metadata) {
        if (!key.starts_with(label_prefix)) continue;
        const std::string name = key.substr(label_prefix.size());
        // Those with two underscores are settings of Prometheus.
        if (is_label_name(name) && !name.starts_with("__")) labels.set(name, value);
    }
    return Json::object({{"targets", Json::array({target.address})}, {"labels", std::move(labels)}});
}

}  // namespace

std::string prometheus_targets(const std::vector<CatalogEntry>& all, const TargetQuery& query) {
    const std::string wanted_service = query.app ? service_name_of(*query.app) : std::string();
    std::vector<Target> targets;
    for (const CatalogEntry& entry : all) {
        const InstanceInfo& instance = *entry.instance;
        if (!is_wanted(instance.status, query)) continue;
        if (query.zone && zone_of(instance) != *query.zone) continue;
        std::string service = service_name_of(instance.app);
        if (query.app && service != wanted_service) continue;
        targets.push_back({std::move(service), address_of(instance), entry.instance});
    }
    std::ranges::sort(targets, [](const Target& a, const Target& b) {
        return std::tuple(std::string_view(a.service), std::string_view(a.address), a.instance->id()) <
               std::tuple(std::string_view(b.service), std::string_view(b.address), b.instance->id());
    });
    Json answer = Json::array();
    for (const Target& target : targets) answer.push_back(group_of(target));
    return answer.text();
}

}  // namespace flotilla::registry
