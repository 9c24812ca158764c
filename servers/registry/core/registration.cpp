#include "flotilla/registry/registration.hpp"

#include "flotilla/base/text.hpp"

namespace flotilla::registry {

std::optional<std::string> refuse_registration(
    const eureka::InstanceInfo& instance, std::string_view path_app
) {
    if (instance.id().empty()) return "Missing instanceId";
    // It stands in paths, in histories and in the queues of peers.
    if (instance.id().size() > 4096) return "Too long instanceId";
    if (instance.host_name.empty()) return "Missing hostname";
    if (instance.ip_addr.empty()) return "Missing ip address";
    if (instance.app.empty()) return "Missing appName";
    if (const std::string wanted = to_upper(path_app); wanted != instance.app)
        return "Mismatched appName, expecting " + wanted + " but was " + instance.app;
    if (!instance.data_center_info) return "Missing dataCenterInfo";
    if (instance.data_center_info->name == eureka::DataCenter::unnamed) return "Missing dataCenterInfo Name";
    return std::nullopt;
}

void complete_registration(eureka::InstanceInfo& instance) {
    auto& center = instance.data_center_info;
    if (center && center->name == eureka::DataCenter::amazon && center->metadata["instance-id"].empty())
        center->metadata["instance-id"] = instance.id();
}

}  // namespace flotilla::registry
