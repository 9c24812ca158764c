#include "flotilla/discovery/eureka_copy.hpp"

#include <algorithm>
#include <set>
#include <utility>

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
    apps_by_name_.clear();
    for (const auto& [name, application] : copy_.by_name) {
        for (const eureka::InstancePtr& instance : application.instances) index(name, *instance);
    }
    for (const auto& [key, carried] : carried_) index(key.first, *carried.instance);
    changes_.everything = true;
    drop_carried(now);
}

bool EurekaCopy::apply(const eureka::Applications& delta, TimePoint now) {
    for (const auto& [name, application] : delta.by_name) {
        const eureka::Application* former = copy_.find(name);
        for (const eureka::InstancePtr& instance : application.instances) {
            index(name, *instance);
            changes_.names.merge(names_of(*instance));
            const InstanceInfo* before = former ? former->find(instance->id()) : nullptr;
            if (before) changes_.names.merge(names_of(*before));
        }
    }
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
    std::erase_if(carried_, [&](const auto& entry) {
        const eureka::Application* application = copy_.find(entry.first.first);
        const bool is_back = application && application->find(entry.first.second);
        if (!is_back && now < std::max(entry.second.since, *readable_since_) + settings_.carry_time)
            return false;
        changes_.names.merge(names_of(*entry.second.instance));
        return true;
    });
}

void EurekaCopy::index(const std::string& app, const InstanceInfo& instance) {
    for (const std::string& name : names_of(instance)) apps_by_name_[name].insert(app);
}

bool EurekaCopy::wanted(const InstanceInfo& instance) const noexcept {
    return !settings_.only_up || instance.status == InstanceStatus::up;
}

EurekaCopy::Changes EurekaCopy::take_changes() {
    return std::exchange(changes_, Changes{});
}

std::vector<ServiceInstance> EurekaCopy::instances_of(const std::string& name) const {
    std::vector<ServiceInstance> out;
    const auto apps = apps_by_name_.find(name);
    if (apps == apps_by_name_.end()) return out;
    const auto add = [&](const InstanceInfo& instance) {
        if (wanted(instance) && names_of(instance).contains(name))
            out.push_back(to_service_instance(instance));
    };
    for (const std::string& app : apps->second) {
        const eureka::Application* application = copy_.find(app);
        if (!application) continue;
        for (const eureka::InstancePtr& instance : application->instances) add(*instance);
    }
    for (const auto& [key, carried] : carried_) add(*carried.instance);
    return out;
}

Groups EurekaCopy::groups() const {
    Groups groups;
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
