#pragma once
/// Settings of `/actuator/health`: `management.endpoint.health.*`.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/actuator/health_endpoint.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::actuator {

FLT_DESCRIBE_ENUM_KEBAB(Show, never, when_authorized, always)

struct HealthStatusConfig {
    std::vector<std::string> order{};
    std::map<std::string, int> http_mapping{};
};

FLT_DESCRIBE_CONFIG(
    HealthStatusConfig,
    (order, "Statuses, the worst first."),
    (http_mapping, "HTTP status of a health status; replaces all defaults.")
)

struct HealthGroupConfig {
    std::vector<std::string> include{};
    std::vector<std::string> exclude{};
    std::optional<Show> show_details{};
    std::optional<Show> show_components{};
    std::vector<std::string> roles{};
    HealthStatusConfig status{};
    std::string additional_path{};
};

FLT_DESCRIBE_CONFIG(
    HealthGroupConfig,
    (include, "Members: contributors, a/b for nested ones, * for all."),
    (exclude, "Contributors that are not members."),
    (show_details, "Who sees details."),
    (show_components, "Who sees components."),
    (roles, "Who is authorized."),
    (status, "Order and HTTP mapping of this group."),
    (additional_path, "server:/path or management:/path, one segment.")
)

struct HealthProbesConfig {
    bool enabled = true;
    bool add_additional_paths = false;
};

FLT_DESCRIBE_CONFIG(
    HealthProbesConfig,
    (enabled, "Groups liveness and readiness."),
    (add_additional_paths, "/livez and /readyz on the main port.")
)

struct HealthLoggingConfig {
    std::chrono::milliseconds slow_indicator_threshold{10'000};
};

FLT_DESCRIBE_CONFIG(
    HealthLoggingConfig, (slow_indicator_threshold, "Contributors slower than this are logged.")
)

/// `management.endpoint.health.*`
struct HealthConfig {
    Show show_details = Show::never;
    std::optional<Show> show_components{};
    std::vector<std::string> roles{};
    HealthStatusConfig status{};
    std::map<std::string, HealthGroupConfig> group{};
    HealthProbesConfig probes{};
    HealthLoggingConfig logging{};
    bool validate_group_membership = true;
};

FLT_DESCRIBE_CONFIG(
    HealthConfig,
    (show_details, "Who sees details."),
    (show_components, "Who sees components; as details unless set."),
    (roles, "Who is authorized; empty for everybody who is authenticated."),
    (status, "Order and HTTP mapping."),
    (group, "Groups by name."),
    (probes, "Groups for orchestrators."),
    (logging, "What is logged."),
    (validate_group_membership, "Whether an unknown member stops the start.")
)

}  // namespace flotilla::actuator
