#pragma once
/// Settings of the actuator: `management.*`, names and defaults as in Spring Boot.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/actuator/health_endpoint.hpp"
#include "flotilla/actuator/health_registry.hpp"
#include "flotilla/actuator/http_exchanges.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/runtime/tls.hpp"

namespace flotilla::actuator {

/// `management.endpoints.web.exposure.*`
struct Exposure {
    std::vector<std::string> include{"health"};
    std::vector<std::string> exclude{};

    [[nodiscard]] bool exposes(std::string_view id) const;
};

/// `management.endpoints.web.cors.*`
struct CorsConfig {
    std::vector<std::string> allowed_origins{};  ///< none: CORS is off
    std::vector<std::string> allowed_methods{"GET", "HEAD"};
    std::vector<std::string> allowed_headers{};
    std::vector<std::string> exposed_headers{};
    bool allow_credentials = false;
    std::chrono::seconds max_age{1800};

    [[nodiscard]] bool enabled() const noexcept { return !allowed_origins.empty(); }
};

struct DiscoveryConfig {
    bool enabled = true;
};

/// `management.endpoints.web.*`
struct WebConfig {
    std::string base_path = "/actuator";
    std::map<std::string, std::string> path_mapping{};
    Exposure exposure{};
    CorsConfig cors{};
    DiscoveryConfig discovery{};
};

/// `management.endpoints.access.*`
struct AccessConfig {
    std::optional<Access> default_access{};
    Access max_permitted = Access::unrestricted;
};

struct EndpointsConfig {
    WebConfig web{};
    AccessConfig access{};
    /// Older than `access`: false is the access `none`.
    std::optional<bool> enabled_by_default{};
};

/// `management.server.*`
struct ManagementServerConfig {
    std::optional<std::int32_t> port{};  ///< none: the main port; -1: no management over HTTP
    std::optional<std::string> address{};
    std::string base_path{};
    std::optional<runtime::TlsConfig> ssl{};
};

struct CacheConfig {
    std::chrono::milliseconds time_to_live{0};
};

/// `management.endpoint.{id}.*`, what all endpoints have.
struct EndpointConfig {
    std::optional<Access> access{};
    std::optional<bool> enabled{};
    CacheConfig cache{};
    Show show_values = Show::never;  ///< of env and configprops
    std::vector<std::string> roles{};
};

/// `management.info.*.enabled`
struct InfoConfig {
    bool build = true;
    bool git = true;
    bool env = false;
    bool os = false;
    bool process = false;
    bool runtime = false;
};

/// `management.security.*` and the one user of `spring.security.user.*`.
struct SecurityConfig {
    std::optional<bool> enabled{};  ///< unless said: when there is somebody to know
    std::string user{};
    std::string password{};  ///< plain, or a bcrypt hash, with or without `{bcrypt}`
    std::vector<std::string> roles{"ENDPOINT_ADMIN"};
};

enum class ManagementPort { same, separate, disabled };

struct ActuatorConfig {
    EndpointsConfig endpoints{};
    ManagementServerConfig server{};
    std::map<std::string, EndpointConfig, std::less<>> endpoint{};  ///< by uniform id
    HealthRegistry::Settings health{};
    HealthRules health_rules{};
    HealthEndpoint::Groups health_groups{};
    bool validate_group_membership = true;
    bool health_defaults = true;
    /// `management.health.{key}.enabled`, where it is set.
    std::map<std::string, bool, std::less<>> health_enabled{};
    std::string disk_space_path = ".";
    Bytes disk_space_threshold = Bytes::mega(10);
    InfoConfig info{};
    bool record_exchanges = true;
    RecordedParts recorded_parts{};
    bool env_post = false;
    SecurityConfig security{};

    [[nodiscard]] const EndpointConfig& of(std::string_view id) const;
    /// What may be done with an endpoint: its own setting, the default, and the cap on both.
    [[nodiscard]] Access access_of(const Endpoint& endpoint) const;
    [[nodiscard]] bool exposed(const Endpoint& endpoint) const;
    [[nodiscard]] bool contributes(std::string_view health_key) const;
    [[nodiscard]] ManagementPort port_kind(std::uint16_t main_port) const;

    /// The whole of it out of the environment; an error names the property.
    static Result<ActuatorConfig> load(config::Environment& environment);
};

}  // namespace flotilla::actuator
