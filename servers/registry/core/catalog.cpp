#include "flotilla/registry/catalog.hpp"

#include <algorithm>
#include <map>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::registry {

namespace {

using reflect::Json;

Json metadata_json(const InstanceInfo& instance) {
    Json meta = Json::object();
    for (const auto& [key, value] : instance.metadata) meta.set(key, value);
    return meta;
}

Json checks_json(const CatalogEntry& entry, const std::string& service, const Json& tags) {
    const InstanceInfo& instance = *entry.instance;
    const std::string id(instance.id());
    Json check = Json::object(
        {{"Node", instance.host_name},
         {"CheckID", "service:" + id},
         {"Name", "eureka lease"},
         {"Status", to_text(check_of(entry))},
         {"Notes", ""},
         {"Output", entry.expired ? std::string_view("the lease has run out") : to_text(instance.status)},
         {"ServiceID", id},
         {"ServiceName", service},
         {"ServiceTags", tags}}
    );
    return Json::array({std::move(check)});
}

Json empty_object() {
    return Json::object();
}

}  // namespace

std::string_view to_text(Check check) noexcept {
    constexpr std::string_view names[] = {"passing", "warning", "critical"};
    return names[static_cast<std::size_t>(check)];
}

Check check_of(const CatalogEntry& entry) noexcept {
    if (entry.expired) return Check::critical;
    switch (entry.instance->status) {
        case InstanceStatus::up:
            return Check::passing;
        case InstanceStatus::starting:
            return Check::warning;
        default:
            return Check::critical;
    }
}

std::string service_name_of(std::string_view app) {
    std::string name = to_lower(app);
    std::ranges::replace(name, '_', '-');
    return name;
}

std::vector<std::string> tags_of(const InstanceInfo& instance) {
    std::vector<std::string> tags;
    if (const auto found = instance.metadata.find("tags"); found != instance.metadata.end())
        for (const std::string_view tag : split_list(found->second)) tags.emplace_back(tag);
    if (const std::string_view zone = instance.zone(); !zone.empty())
        tags.push_back("zone=" + std::string(zone));
    return tags;
}

std::int32_t port_of(const InstanceInfo& instance) noexcept {
    return !instance.port.enabled && instance.secure_port.enabled ? instance.secure_port.number
                                                                  : instance.port.number;
}

std::vector<CatalogEntry> entries_of(InstanceRegistry& registry, std::string_view service, Moment at) {
    const std::string name = to_lower(service);
    return registry.catalog([&name](std::string_view app) { return service_name_of(app) == name; }, at);
}

std::string consul_health(const std::vector<CatalogEntry>& entries, std::string_view datacenter) {
    Json answer = Json::array();
    for (const CatalogEntry& entry : entries) {
        const InstanceInfo& instance = *entry.instance;
        const std::string service = service_name_of(instance.app);
        const Json tags = tags_of(instance);
        Json node = Json::object(
            {{"ID", ""},
             {"Node", instance.host_name},
             {"Address", instance.ip_addr},
             {"Datacenter", datacenter},
             {"TaggedAddresses", Json::object({{"lan", instance.ip_addr}})},
             {"Meta", empty_object()}}
        );
        Json about = Json::object(
            {{"ID", instance.id()},
             {"Service", service},
             {"Tags", tags},
             {"Address", instance.ip_addr},
             {"Meta", metadata_json(instance)},
             {"Port", port_of(instance)},
             {"Weights", Json::object({{"Passing", 1}, {"Warning", 1}})}}
        );
        answer.push_back(Json::object(
            {{"Node", std::move(node)},
             {"Service", std::move(about)},
             {"Checks", checks_json(entry, service, tags)}}
        ));
    }
    return answer.text();
}

std::string consul_service(const std::vector<CatalogEntry>& entries, std::string_view datacenter) {
    Json answer = Json::array();
    for (const CatalogEntry& entry : entries) {
        const InstanceInfo& instance = *entry.instance;
        answer.push_back(Json::object(
            {{"ID", ""},
             {"Node", instance.host_name},
             {"Address", instance.ip_addr},
             {"Datacenter", datacenter},
             {"TaggedAddresses", Json::object({{"lan", instance.ip_addr}})},
             {"NodeMeta", empty_object()},
             {"ServiceID", instance.id()},
             {"ServiceName", service_name_of(instance.app)},
             {"ServiceAddress", instance.ip_addr},
             {"ServiceTags", Json(tags_of(instance))},
             {"ServiceMeta", metadata_json(instance)},
             {"ServicePort", port_of(instance)},
             {"ServiceWeights", Json::object({{"Passing", 1}, {"Warning", 1}})}}
        ));
    }
    return answer.text();
}

std::string consul_services(const std::vector<CatalogEntry>& all) {
    std::map<std::string, std::vector<std::string>> services{{"consul", {}}};
    for (const CatalogEntry& entry : all) {
        std::vector<std::string>& tags = services[service_name_of(entry.instance->app)];
        for (std::string& tag : tags_of(*entry.instance))
            if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(std::move(tag));
    }
    Json answer = Json::object();
    for (const auto& [name, tags] : services) answer.set(name, tags.empty() ? Json::array() : Json(tags));
    return answer.text();
}

std::string consul_nodes(const std::vector<CatalogEntry>& all, std::string_view datacenter) {
    std::map<std::string, std::string> nodes;
    for (const CatalogEntry& entry : all) nodes.emplace(entry.instance->host_name, entry.instance->ip_addr);
    Json answer = Json::array();
    for (const auto& [name, address] : nodes) {
        answer.push_back(Json::object(
            {{"ID", ""},
             {"Node", name},
             {"Address", address},
             {"Datacenter", datacenter},
             {"TaggedAddresses", Json::object({{"lan", address}})},
             {"Meta", empty_object()}}
        ));
    }
    return answer.text();
}

}  // namespace flotilla::registry
