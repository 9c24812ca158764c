#include "version.hpp"

#include <fmt/format.h>

#include <chrono>

#include "flotilla/base/units.hpp"
#include "flotilla/discovery/backends_described.hpp"
#include "flotilla/discovery/balancer_described.hpp"
#include "flotilla/discovery/eureka_described.hpp"
#include "flotilla/openapi/openapi_config.hpp"
#include "flotilla/zipkin/reporter_config.hpp"
#include "properties.hpp"
#include "ssl_bundles.hpp"

namespace flotilla::service {

namespace {

std::vector<PropertyDoc> common_properties() {
    std::vector<PropertyDoc> all;
    const auto add = [&](std::vector<PropertyDoc> some) { all.insert(all.end(), some.begin(), some.end()); };
    add(documented_properties<ServerProperties>("server"));
    add(documented_properties<SslBundles>("spring.ssl.bundle"));
    add(
        {{"management.server.port", "A port of their own for the operations endpoints; -1: none at all.", ""},
         {"management.endpoints.web.exposure.include",
          "Which operations endpoints answer; * for all.",
          "health"},
         {"management.endpoint.health.show-details",
          "Who sees the parts of health: never, when-authorized or always.",
          "never"},
         {"spring.application.name", "The name of the service for everybody else.", ""},
         {"spring.profiles.active", "Profiles whose files count.", ""},
         {"spring.config.additional-location", "Further files or folders with properties.", ""},
         {"spring.mvc.problemdetails.enabled", "Error bodies as problem details (RFC 9457).", "false"}}
    );
    add(documented_properties<LifecycleProperties>("spring.lifecycle"));
    add(documented_properties<ShutdownProperties>("flotilla.shutdown"));
    add(documented_properties<runtime::RuntimeConfig>("flotilla.runtime"));
    add(documented_properties<LoggingProperties>("logging"));
    add(documented_properties<TracingProperties>("tracing"));
    add(documented_properties<zipkin::ReporterConfig>("tracing.reporter"));
    add(documented_properties<MetricsProperties>("metrics"));
    add(documented_properties<ObservationProperties>("observations"));
    add(
        {{"encrypt.key", "The key of {cipher} values: a password, or an RSA private key in PEM.", ""},
         {"encrypt.key-store.location", "A PKCS#12 key store with their RSA key.", ""},
         {"encrypt.fail-on-error", "Whether a {cipher} value that nobody can decrypt ends the start.", "true"}
        }
    );
    add(documented_properties<openapi::OpenApiConfig>("springdoc"));
    add(
        {{"flotilla.discovery.type",
          "Where services are found: eureka, consul, zookeeper, dns, simple or none.",
          "what is configured"}}
    );
    add(documented_properties<discovery::EurekaClientConfig>("eureka.client"));
    add(documented_properties<discovery::EurekaInstanceConfig>("eureka.instance"));
    add(documented_properties<discovery::ConsulConfig>("spring.cloud.consul"));
    add(documented_properties<discovery::ConsulDiscoveryConfig>("spring.cloud.consul.discovery"));
    add(documented_properties<discovery::ZookeeperConfig>("spring.cloud.zookeeper"));
    add(documented_properties<discovery::ZookeeperDiscoveryConfig>("spring.cloud.zookeeper.discovery"));
    add(documented_properties<discovery::DnsConfig>("flotilla.discovery.dns"));
    add(documented_properties<discovery::SpringBalancerConfig>("spring.cloud.loadbalancer"));
    add(documented_properties<discovery::HealthCheckConfig>("spring.cloud.loadbalancer.health-check"));
    add(documented_properties<discovery::BalancerConfig>("flotilla.loadbalancer"));
    return all;
}

}  // namespace

std::string version() {
    return FLOTILLA_VERSION;
}

std::string revision() {
    return FLOTILLA_REVISION;
}

std::string compiler() {
#ifdef __clang__
    return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

actuator::BuildDetails build_details(const std::string& name, const std::string& own_version) {
    actuator::BuildDetails build{.artifact = name, .name = name, .version = own_version};
    if (!own_version.empty() && own_version != version()) return build;
    build.version = version();
    build.group = "flotilla";
    if (revision() != "unknown") build.commit = revision();
    constexpr std::chrono::seconds committed{FLOTILLA_COMMIT_TIME};
    if (committed.count() > 0) build.time = build.commit_time = format_iso_time(WallTime(committed));
    return build;
}

std::string version_text(const std::string& name, const std::string& own_version) {
    const std::string built = fmt::format("{}, {}", revision(), compiler());
    if (own_version == version()) return fmt::format("{} {} ({})", name, version(), built);
    return fmt::format(
        "{}{}{} (flotilla {}, {})", name, own_version.empty() ? "" : " ", own_version, version(), built
    );
}

std::string usage_text(const std::string& name, const std::vector<PropertyDoc>& own) {
    std::string text = fmt::format(
        "usage: {} [--some.property=value ...]\n\n"
        "Every property can also stand in application.yml or application.properties (here, or in config/),\n"
        "or in the environment: server.port is SERVER_PORT.\n",
        name
    );
    if (!own.empty()) text += fmt::format("\nof {}:\n\n{}", name, help_text(own));
    text += fmt::format("\nof every service:\n\n{}", help_text(common_properties()));
    return text;
}

}  // namespace flotilla::service
