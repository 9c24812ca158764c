#include "flotilla/actuator/actuator_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/config/property_name.hpp"

namespace flotilla::actuator {

namespace {

void apply_status(StatusRules& rules, const HealthStatusConfig& config) {
    if (!config.order.empty()) rules.order = config.order;
    if (!config.http_mapping.empty()) rules.http_mapping = config.http_mapping;
}

HealthRules rules_of(const HealthConfig& config) {
    HealthRules rules;
    rules.show_details = config.show_details;
    rules.show_components = config.show_components;
    rules.roles = config.roles;
    apply_status(rules.status, config.status);
    return rules;
}

HealthEndpoint::Groups groups_of(const HealthConfig& config, const HealthRules& whole) {
    HealthEndpoint::Groups groups;
    if (config.probes.enabled) {
        const bool paths = config.probes.add_additional_paths;
        HealthGroup& liveness = groups["liveness"];
        liveness.include = {"livenessState"};
        liveness.rules = whole;
        if (paths) liveness.additional_path = "server:/livez";
        HealthGroup& readiness = groups["readiness"];
        readiness.include = {"readinessState"};
        readiness.rules = whole;
        if (paths) readiness.additional_path = "server:/readyz";
    }
    for (const auto& [name, own] : config.group) {
        HealthGroup& group = groups[name];
        group.rules = whole;
        if (!own.include.empty()) group.include = own.include;
        if (group.include.empty()) group.include = {"*"};
        group.exclude = own.exclude;
        if (own.show_details) group.rules.show_details = *own.show_details;
        if (own.show_components) group.rules.show_components = own.show_components;
        if (!own.roles.empty()) group.rules.roles = own.roles;
        apply_status(group.rules.status, own.status);
        if (!own.additional_path.empty()) group.additional_path = own.additional_path;
    }
    return groups;
}

Result<void> check_additional_paths(const HealthEndpoint::Groups& groups) {
    for (const auto& [name, group] : groups) {
        const std::string_view text = group.additional_path;
        if (text.empty()) continue;
        const std::size_t colon = text.find(':');
        const std::string_view where = text.substr(0, colon);
        const std::string_view path =
            colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
        const bool known = where == "server" || where == "management";
        if (!known || path.size() < 2 || path.front() != '/' || path.find('/', 1) != std::string_view::npos) {
            return fail(
                Errc::invalid_argument,
                fmt::format(
                    "management.endpoint.health.group.{}.additional-path: expected server:/name or "
                    "management:/name, "
                    "got '{}'",
                    name,
                    text
                )
            );
        }
    }
    return {};
}

/// The next segment of every property that is set below `prefix`.
std::vector<std::string> keys_below(const config::Environment& environment, std::string_view prefix) {
    std::vector<std::string> keys;
    for (const auto& name : environment.names()) {
        if (!istarts_with(name, prefix)) continue;
        const std::string_view rest = std::string_view(name).substr(prefix.size());
        std::string key(rest.substr(0, rest.find_first_of(".[")));
        if (std::ranges::find(keys, key) == keys.end()) keys.push_back(std::move(key));
    }
    return keys;
}

/// Whoever is configured by environment variables alone is in no list of names.
constexpr std::string_view usual_endpoints[] = {
    "beans",
    "conditions",
    "configprops",
    "env",
    "gateway",
    "health",
    "httpexchanges",
    "info",
    "loggers",
    "logfile",
    "mappings",
    "metrics",
    "prometheus",
    "refresh",
    "scheduledtasks",
    "shutdown",
    "startup",
    "threaddump",
};
constexpr std::string_view usual_contributors[] = {
    "ping", "diskspace", "livenessstate", "readinessstate", "ssl", "db"
};

std::vector<std::string> configured_endpoints(const config::Environment& environment) {
    constexpr std::string_view prefix = "management.endpoint.";
    std::vector<std::string> keys = keys_below(environment, prefix);
    for (const auto id : usual_endpoints) {
        const bool set = std::ranges::any_of(
            std::initializer_list<std::string_view>{
                "access", "enabled", "cache.time-to-live", "show-values", "roles"
            },
            [&](std::string_view field) {
                return environment.contains(fmt::format("{}{}.{}", prefix, id, field));
            }
        );
        if (set && std::ranges::find(keys, id) == keys.end()) keys.emplace_back(id);
    }
    return keys;
}

Result<void> read_contributors(const config::Environment& environment, ActuatorConfig& config) {
    FLT_TRY(config.health_defaults, environment.get<bool>("management.health.defaults.enabled", true));
    std::vector<std::string> keys = keys_below(environment, "management.health.");
    keys.insert(keys.end(), std::begin(usual_contributors), std::end(usual_contributors));
    for (const auto& key : keys) {
        const std::string name = fmt::format("management.health.{}.enabled", key);
        if (key == "defaults" || !environment.contains(name)) continue;
        FLT_TRY(const bool enabled, environment.get<bool>(name, true));
        config.health_enabled[config::uniform_name(key)] = enabled;
    }
    return {};
}

Result<void> read_server(const config::Environment& environment, ManagementServerConfig& server) {
    if (environment.contains("management.server.port")) {
        FLT_TRY(const auto port, environment.get<std::int32_t>("management.server.port", 0));
        server.port = port;
    }
    server.address = environment.get("management.server.address");
    server.base_path = environment.get_or("management.server.base-path", "");
    FLT_TRY(const bool tls, environment.get<bool>("management.server.ssl.enabled", true));
    if (!tls || (!environment.contains("management.server.ssl.certificate") &&
                 !environment.contains("management.server.ssl.key-store") &&
                 !environment.contains("management.server.ssl.bundle"))) {
        return {};
    }
    const auto text = [&](const char* name) {
        return environment.get_or(std::string("management.server.ssl.") + name, "");
    };
    runtime::TlsConfig& ssl = server.ssl.emplace();
    ssl.certificate = text("certificate");
    ssl.certificate_private_key = text("certificate-private-key");
    ssl.key_password = text("key-password");
    ssl.key_store = text("key-store");
    ssl.key_store_password = text("key-store-password");
    ssl.trust_certificate = text("trust-certificate");
    ssl.bundle = text("bundle");
    const std::string client_auth = to_lower(text("client-auth"));
    if (client_auth == "want") ssl.client_auth = runtime::ClientAuth::want;
    if (client_auth == "need") ssl.client_auth = runtime::ClientAuth::need;
    return {};
}

Result<void> read_info(const config::Environment& environment, InfoConfig& info) {
    const std::pair<const char*, bool*> switches[] = {
        {"build", &info.build},
        {"git", &info.git},
        {"env", &info.env},
        {"os", &info.os},
        {"process", &info.process},
        {"runtime", &info.runtime},
        {"java", &info.runtime},
    };
    for (const auto& [name, target] : switches) {
        FLT_TRY(
            const bool on, environment.get<bool>(fmt::format("management.info.{}.enabled", name), *target)
        );
        *target = on;
    }
    return {};
}

Result<void> read_exchanges(const config::Environment& environment, ActuatorConfig& config) {
    FLT_TRY(
        config.record_exchanges, environment.get<bool>("management.httpexchanges.recording.enabled", true)
    );
    FLT_TRY(
        const auto parts,
        environment.get<std::vector<std::string>>("management.httpexchanges.recording.include", {})
    );
    for (const auto& part : parts) {
        const std::string name = to_kebab(to_lower(part));
        if (name == "cookie-headers") config.recorded_parts.cookie_headers = true;
        if (name == "authorization-header") config.recorded_parts.authorization_header = true;
        if (name == "principal") config.recorded_parts.principal = true;
        if (name == "remote-address") config.recorded_parts.remote_address = true;
    }
    return {};
}

Result<void> read_security(const config::Environment& environment, SecurityConfig& security) {
    if (environment.contains("management.security.enabled")) {
        FLT_TRY(const bool enabled, environment.get<bool>("management.security.enabled", false));
        security.enabled = enabled;
    }
    security.password = environment.get_or("spring.security.user.password", "");
    security.user = environment.get_or("spring.security.user.name", security.password.empty() ? "" : "user");
    FLT_TRY(
        security.roles,
        environment.get<std::vector<std::string>>("spring.security.user.roles", security.roles)
    );
    return {};
}

}  // namespace

bool Exposure::exposes(std::string_view id) const {
    const auto names = [&](const std::vector<std::string>& list) {
        return std::ranges::any_of(list, [&](const auto& entry) {
            return entry == "*" || uniform_endpoint_id(entry) == id;
        });
    };
    return names(include) && !names(exclude);
}

const EndpointConfig& ActuatorConfig::of(std::string_view id) const {
    static const EndpointConfig usual;
    const auto found = endpoint.find(id);
    return found == endpoint.end() ? usual : found->second;
}

Access ActuatorConfig::access_of(const Endpoint& which) const {
    const EndpointConfig& own = of(which.id);
    const auto from_flag = [](std::optional<bool> enabled) -> std::optional<Access> {
        if (!enabled) return std::nullopt;
        return *enabled ? Access::unrestricted : Access::none;
    };
    std::optional<Access> access = own.access;
    if (!access) access = from_flag(own.enabled);
    if (!access) access = endpoints.access.default_access;
    if (!access) access = from_flag(endpoints.enabled_by_default);
    if (!access) access = which.default_access;
    return std::min(access.value_or(Access::unrestricted), endpoints.access.max_permitted);
}

bool ActuatorConfig::exposed(const Endpoint& which) const {
    return access_of(which) != Access::none && endpoints.web.exposure.exposes(which.id);
}

bool ActuatorConfig::contributes(std::string_view health_key) const {
    const auto found = health_enabled.find(config::uniform_name(health_key));
    return found == health_enabled.end() ? health_defaults : found->second;
}

ManagementPort ActuatorConfig::port_kind(std::uint16_t main_port) const {
    if (!server.port) return ManagementPort::same;
    if (*server.port < 0) return ManagementPort::disabled;
    return *server.port != 0 && *server.port == main_port ? ManagementPort::same : ManagementPort::separate;
}

Result<void> ActuatorConfig::check_own_port(std::uint16_t main_port) const {
    if (port_kind(main_port) != ManagementPort::same) return {};
    const char* said = server.address ? "address" : server.ssl ? "ssl" : nullptr;
    if (!said) return {};
    return fail(
        Errc::invalid_argument,
        fmt::format(
            "management.server.{} needs a management.server.port that is not the service's own ({})",
            said,
            main_port
        )
    );
}

Result<ActuatorConfig> ActuatorConfig::load(config::Environment& environment) {
    ActuatorConfig config;
    FLT_TRY(
        config.endpoints, environment.bind<EndpointsConfig>("management.endpoints", config::Unknown::ignore)
    );
    for (const auto& key : configured_endpoints(environment)) {
        FLT_TRY(
            auto own, environment.bind<EndpointConfig>("management.endpoint." + key, config::Unknown::ignore)
        );
        config.endpoint.insert_or_assign(uniform_endpoint_id(key), std::move(own));
    }
    FLT_TRY(
        const auto health,
        environment.bind<HealthConfig>("management.endpoint.health", config::Unknown::ignore)
    );
    config.health_rules = rules_of(health);
    config.health_groups = groups_of(health, config.health_rules);
    FLT_CHECK(check_additional_paths(config.health_groups));
    config.validate_group_membership = health.validate_group_membership;
    config.health.slow_threshold = health.logging.slow_indicator_threshold;
    FLT_TRY(
        config.health.timeout, environment.get<Duration>("management.health.timeout", config.health.timeout)
    );
    FLT_CHECK(read_contributors(environment, config));
    config.disk_space_path = environment.get_or("management.health.diskspace.path", config.disk_space_path);
    FLT_TRY(
        config.disk_space_threshold,
        environment.get<Bytes>("management.health.diskspace.threshold", config.disk_space_threshold)
    );
    FLT_CHECK(read_server(environment, config.server));
    FLT_CHECK(read_info(environment, config.info));
    FLT_CHECK(read_exchanges(environment, config));
    FLT_TRY(config.env_post, environment.get<bool>("management.endpoint.env.post.enabled", false));
    FLT_CHECK(read_security(environment, config.security));
    return config;
}

}  // namespace flotilla::actuator
