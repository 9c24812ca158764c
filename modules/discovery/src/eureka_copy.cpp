#include "flotilla/discovery/eureka_copy.hpp"

#include <algorithm>
#include <set>

#include "flotilla/base/text.hpp"

namespace flotilla::discovery {

namespace {

using eureka::InstanceInfo;
using eureka::InstanceStatus;

std::uint16_t port_of(const eureka::Port& port) noexcept {
    return port.number > 0 && port.number <= 65535 ? static_cast<std::uint16_t>(port.number) : 0;
}

/// Callers name an application or one of its virtual hosts.
std::set<std::string> names_of(const InstanceInfo& info) {
    std::set<std::string> names{to_lower(info.app)};
    for (const auto& vips : {info.vip_address, info.secure_vip_address}) {
        if (!vips) continue;
        for (const std::string_view vip : split_list(*vips)) names.insert(to_lower(vip));
    }
    return names;
}

void add_to(Groups& groups, const InstanceInfo& info) {
    const ServiceInstance instance = to_service_instance(info);
    for (const std::string& name : names_of(info)) groups[name].push_back(instance);
}

}  // namespace

ServiceInstance to_service_instance(const InstanceInfo& info) {
    ServiceInstance out;
    out.id = info.id();
    out.service = info.app;
    out.host = info.host_name.empty() ? info.ip_addr : info.host_name;
    out.secure = info.secure_port.enabled;
    out.port = port_of(info.secure_port.enabled ? info.secure_port : info.port);
    out.metadata = info.metadata;
    if (const std::string_view zone = info.zone(); !zone.empty()) out.metadata.try_emplace("zone", zone);
    if (info.lease_info)
        out.incarnation = static_cast<std::uint64_t>(info.lease_info->registration_timestamp);
    return out;
}

void EurekaCopy::replace(eureka::Applications full, TimePoint now) {
    const auto known = static_cast<double>(copy_.instance_count());
    const bool lost_many = static_cast<double>(full.instance_count()) < known * settings_.carry_below;
    if (lost_many) {
        for (const auto& [name, application] : copy_.by_name) {
            const eureka::Application* left = full.find(name);
            for (const eureka::InstancePtr& instance : application.instances) {
                if (left && left->find(instance->id())) continue;
                carried_.insert_or_assign(
                    std::pair(name, std::string(instance->id())), Carried{instance, now}
                );
            }
        }
    }
    copy_ = std::move(full);
    ++version_;
    drop_carried(now);
}

bool EurekaCopy::apply(const eureka::Applications& delta, TimePoint now) {
    if (!delta.by_name.empty()) ++version_;
    copy_.apply_delta(delta);
    for (const auto& [name, application] : delta.by_name) {
        for (const eureka::InstancePtr& instance : application.instances) {
            if (instance->action_type == eureka::ActionType::deleted)
                carried_.erase(std::pair(name, std::string(instance->id())));
        }
    }
    drop_carried(now);
    return copy_.reconcile_hash_code() == delta.hash_code;
}

void EurekaCopy::drop_carried(TimePoint now) {
    if (!readable_since_) readable_since_ = now;
    const auto dropped = std::erase_if(carried_, [&](const auto& entry) {
        const eureka::Application* application = copy_.find(entry.first.first);
        const bool is_back = application && application->find(entry.first.second);
        return is_back || now >= std::max(entry.second.since, *readable_since_) + settings_.carry_time;
    });
    if (dropped > 0) ++version_;
}

Groups EurekaCopy::groups() const {
    Groups groups;
    const auto wanted = [&](const InstanceInfo& info) {
        return !settings_.only_up || info.status == InstanceStatus::up;
    };
    for (const auto& [name, application] : copy_.by_name) {
        for (const eureka::InstancePtr& instance : application.instances) {
            if (wanted(*instance)) add_to(groups, *instance);
        }
    }
    for (const auto& [key, carried] : carried_) {
        if (wanted(*carried.instance)) add_to(groups, *carried.instance);
    }
    return groups;
}

}  // namespace flotilla::discovery
