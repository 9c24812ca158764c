#pragma once
// The members of an instance that are text, by the names that JSON and XML share.

#include <optional>
#include <string>
#include <string_view>

#include "flotilla/eureka/instance_info.hpp"

namespace flotilla::eureka::detail {

struct TextMember {
    std::string_view name;
    std::string InstanceInfo::* text;
};

struct OptionalMember {
    std::string_view name;
    std::optional<std::string> InstanceInfo::* text;
};

inline constexpr TextMember text_members[] = {
    {"instanceId", &InstanceInfo::instance_id},
    {"hostName", &InstanceInfo::host_name},
    {"ipAddr", &InstanceInfo::ip_addr},
    {"sid", &InstanceInfo::sid},
};

inline constexpr OptionalMember optional_members[] = {
    {"appGroupName", &InstanceInfo::app_group_name},
    {"homePageUrl", &InstanceInfo::home_page_url},
    {"statusPageUrl", &InstanceInfo::status_page_url},
    {"healthCheckUrl", &InstanceInfo::health_check_url},
    {"secureHealthCheckUrl", &InstanceInfo::secure_health_check_url},
    {"vipAddress", &InstanceInfo::vip_address},
    {"secureVipAddress", &InstanceInfo::secure_vip_address},
    {"asgName", &InstanceInfo::asg_name},
};

}  // namespace flotilla::eureka::detail
