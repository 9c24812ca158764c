#include "flotilla/eureka/applications.hpp"

#include <algorithm>
#include <utility>

namespace flotilla::eureka {

const InstanceInfo* Application::find(std::string_view id) const noexcept {
    for (const auto& instance : instances)
        if (instance->id() == id) return instance.get();
    return nullptr;
}

void Application::put(InstancePtr instance) {
    for (auto& mine : instances) {
        if (mine->id() == instance->id()) {
            mine = std::move(instance);
            return;
        }
    }
    instances.push_back(std::move(instance));
}

bool Application::remove(std::string_view id) {
    const auto found = std::ranges::find(instances, id, [](const InstancePtr& mine) { return mine->id(); });
    if (found == instances.end()) return false;
    instances.erase(found);
    return true;
}

const Application* Applications::find(std::string_view app) const noexcept {
    const auto found = by_name.find(app);
    return found == by_name.end() ? nullptr : &found->second;
}

void Applications::put(InstancePtr instance) {
    auto found = by_name.find(instance->app);
    if (found == by_name.end())
        found = by_name.emplace(instance->app, Application{.name = instance->app}).first;
    found->second.put(std::move(instance));
}

bool Applications::remove(std::string_view app, std::string_view id) {
    const auto found = by_name.find(app);
    if (found == by_name.end() || !found->second.remove(id)) return false;
    if (found->second.instances.empty()) by_name.erase(found);
    return true;
}

std::size_t Applications::instance_count() const noexcept {
    std::size_t count = 0;
    for (const auto& [name, application] : by_name) count += application.instances.size();
    return count;
}

std::string Applications::reconcile_hash_code() const {
    StatusCounts counts;
    for (const auto& [name, application] : by_name)
        for (const auto& instance : application.instances) counts.add(instance->status);
    return counts.hash_code();
}

void Applications::apply_delta(const Applications& delta) {
    for (const auto& [name, application] : delta.by_name) {
        for (const auto& instance : application.instances) {
            if (instance->action_type == ActionType::deleted) {
                remove(name, instance->id());
            } else {
                put(instance);
            }
        }
    }
    version = delta.version;
    hash_code = delta.hash_code;
}

std::string StatusCounts::hash_code() const {
    // ascending by name, which the enumeration is not
    constexpr InstanceStatus order[] = {
        InstanceStatus::down,
        InstanceStatus::out_of_service,
        InstanceStatus::starting,
        InstanceStatus::unknown,
        InstanceStatus::up
    };
    std::string code;
    for (const InstanceStatus status : order) {
        if (of(status) == 0) continue;
        code.append(to_text(status));
        code.push_back('_');
        code.append(std::to_string(of(status)));
        code.push_back('_');
    }
    return code;
}

}  // namespace flotilla::eureka
