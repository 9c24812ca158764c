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
#include "flotilla/actuator/health_config.hpp"
#include "flotilla/actuator/health_endpoint.hpp"
#include "flotilla/actuator/health_registry.hpp"
#include "flotilla/actuator/http_exchanges.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/runtime/tls.hpp"

namespace flotilla::actuator {

FLT_DESCRIBE_ENUM_KEBAB(Access, none, read_only, unrestricted)

/// `management.endpoints.web.exposure.*`
struct Exposure {
    std::vector<std::string> include{"health"};
    std::vector<std::string> exclude{};

    [[nodiscard]] bool exposes(std::string_view id) const;
};

FLT_DESCRIBE_CONFIG(
    Exposure,
    (include, "Endpoints that can be reached over HTTP; * for all."),
    (exclude, "Endpoints that cannot, whatever else is said.")
)

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

FLT_DESCRIBE_CONFIG(
    CorsConfig,
    (allowed_origins, "Origins whose pages may ask; * for any. None turns CORS off."),
    (allowed_methods, "Methods that they may use."),
    (allowed_headers, "Header fields that they may send."),
    (exposed_headers, "Header fields that they may see."),
    (allow_credentials, "Whether they may send credentials."),
    (max_age, "How long a browser may remember the answer.")
)

struct DiscoveryConfig {
    bool enabled = true;
};

FLT_DESCRIBE_CONFIG(DiscoveryConfig, (enabled, "Whether the base path lists the endpoints."))

/// `management.endpoints.web.*`
struct WebConfig {
    std::string base_path = "/actuator";
    std::map<std::string, std::string> path_mapping{};
    Exposure exposure{};
    CorsConfig cors{};
    DiscoveryConfig discovery{};
};

FLT_DESCRIBE_CONFIG(
    WebConfig,
    (base_path, "Path above all endpoints."),
    (path_mapping, "Other paths of single endpoints, by id."),
    (exposure, "Which endpoints can be reached."),
    (cors, "Which pages of other origins may ask."),
    (discovery, "The list of endpoints.")
)

/// `management.endpoints.access.*`
struct AccessConfig {
    std::optional<Access> default_access{};
    Access max_permitted = Access::unrestricted;
};

FLT_DESCRIBE_CONFIG(
    AccessConfig,
    (default_access, "Access to endpoints that have no setting of their own.", as("default")),
    (max_permitted, "The most that any endpoint allows.")
)

struct EndpointsConfig {
    WebConfig web{};
    AccessConfig access{};
    /// Older than `access`: false is the access `none`.
    std::optional<bool> enabled_by_default{};
};

FLT_DESCRIBE_CONFIG(
    EndpointsConfig,
    (web, "Endpoints over HTTP."),
    (access, "What may be done with them."),
    (enabled_by_default, "The older way to say access.default=none.")
)

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

FLT_DESCRIBE_CONFIG(CacheConfig, (time_to_live, "How long an answer may be used again."))

/// `management.endpoint.{id}.*`, what all endpoints have.
struct EndpointConfig {
    std::optional<Access> access{};
    std::optional<bool> enabled{};
    CacheConfig cache{};
    Show show_values = Show::never;  ///< of env and configprops
    std::vector<std::string> roles{};
};

FLT_DESCRIBE_CONFIG(
    EndpointConfig,
    (access, "What may be done with this endpoint."),
    (enabled, "The older way to say access=none or unrestricted."),
    (cache, "Reads without parameters may be remembered."),
    (show_values, "Whether values are shown or masked."),
    (roles, "Who is authorized; empty for everybody who is authenticated.")
)

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
    /// What is said of a port of its own wants that there is one.
    [[nodiscard]] Result<void> check_own_port(std::uint16_t main_port) const;

    /// The whole of it out of the environment; an error names the property.
    static Result<ActuatorConfig> load(config::Environment& environment);
};

}  // namespace flotilla::actuator
