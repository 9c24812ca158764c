#pragma once
// Instances as registries have them, for tests.

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "flotilla/eureka/applications.hpp"

namespace flotilla::discovery {

inline eureka::InstanceInfo info(
    std::string app, std::string host, eureka::InstanceStatus status = eureka::InstanceStatus::up
) {
    eureka::InstanceInfo out;
    out.host_name = host;
    out.ip_addr = "10.0.0.5";
    out.instance_id = fmt::format("{}:{}:8080", host, app);
    out.vip_address = app;
    for (char& c : app) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    out.app = app;
    out.port = {8080, true};
    out.secure_port = {443, false};
    out.status = status;
    out.lease_info = eureka::LeaseInfo{};
    return out;
}

inline eureka::Applications applications(const std::vector<eureka::InstanceInfo>& infos) {
    eureka::Applications out;
    for (const auto& each : infos) out.put(std::make_shared<const eureka::InstanceInfo>(each));
    out.hash_code = out.reconcile_hash_code();
    return out;
}

/// What `infos` have become, in a registry whose hash code is `hash`.
inline eureka::Applications delta_of(
    std::vector<eureka::InstanceInfo> infos, eureka::ActionType action, std::string hash
) {
    eureka::Applications out;
    for (auto& each : infos) {
        each.action_type = action;
        out.put(std::make_shared<const eureka::InstanceInfo>(std::move(each)));
    }
    out.hash_code = std::move(hash);
    return out;
}

}  // namespace flotilla::discovery
