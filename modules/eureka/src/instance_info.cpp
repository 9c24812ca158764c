#include "flotilla/eureka/instance_info.hpp"

#include <array>

namespace flotilla::eureka {

namespace {

constexpr std::array<std::string_view, 5> status_names{"UP", "DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN"};
constexpr std::array<std::string_view, 3> action_names{"ADDED", "MODIFIED", "DELETED"};
constexpr std::array<std::string_view, 4> data_center_names{"", "MyOwn", "Netflix", "Amazon"};

bool names(const std::optional<std::string>& list, std::string_view name) noexcept {
    if (!list) return false;
    std::string_view rest = *list;
    while (true) {
        const std::size_t comma = rest.find(',');
        if (rest.substr(0, comma) == name) return true;
        if (comma == std::string_view::npos) return false;
        rest.remove_prefix(comma + 1);
    }
}

std::string_view amazon_value(const InstanceInfo& instance, std::string_view key) noexcept {
    if (!instance.data_center_info || instance.data_center_info->name != DataCenter::amazon) return {};
    const auto found = instance.data_center_info->metadata.find(key);
    return found == instance.data_center_info->metadata.end() ? std::string_view() : found->second;
}

}  // namespace

std::string_view to_text(InstanceStatus status) noexcept {
    return status_names[static_cast<std::size_t>(status)];
}

std::optional<InstanceStatus> parse_status(std::string_view text) noexcept {
    for (std::size_t i = 0; i < status_names.size(); ++i)
        if (status_names[i] == text) return static_cast<InstanceStatus>(i);
    return std::nullopt;
}

std::string_view to_text(ActionType action) noexcept {
    return action_names[static_cast<std::size_t>(action)];
}

std::optional<ActionType> parse_action(std::string_view text) noexcept {
    for (std::size_t i = 0; i < action_names.size(); ++i)
        if (action_names[i] == text) return static_cast<ActionType>(i);
    return std::nullopt;
}

std::string_view to_text(DataCenter name) noexcept {
    return data_center_names[static_cast<std::size_t>(name)];
}

std::string_view InstanceInfo::id() const noexcept {
    if (!instance_id.empty()) return instance_id;
    if (const auto amazon = amazon_value(*this, "instance-id"); !amazon.empty()) return amazon;
    return host_name;
}

std::string_view InstanceInfo::zone() const noexcept {
    if (const auto found = metadata.find("zone"); found != metadata.end()) return found->second;
    return amazon_value(*this, "availability-zone");
}

bool InstanceInfo::has_vip(std::string_view name) const noexcept {
    return names(vip_address, name);
}

bool InstanceInfo::has_secure_vip(std::string_view name) const noexcept {
    return names(secure_vip_address, name);
}

}  // namespace flotilla::eureka
