#include "flotilla/discovery/factory.hpp"

#include "consul_client.hpp"
#include "dns_client.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/discovery/backends_described.hpp"
#include "flotilla/discovery/eureka_client.hpp"
#include "flotilla/discovery/eureka_described.hpp"
#include "flotilla/discovery/simple_discovery.hpp"
#include "pinned_client.hpp"
#include "zookeeper_client.hpp"

namespace flotilla::discovery {

FLT_DESCRIBE_ENUM_KEBAB(DiscoveryType, none, simple, eureka, consul, zookeeper, dns)

namespace {

using config::Environment;

/// `eureka.client.service-url.a`, `eureka.client.serviceUrl.a`
bool has_any_below(const Environment& environment, std::string_view prefix) {
    const std::string uniform = config::uniform_name(prefix);
    for (const std::string& name : environment.names()) {
        if (config::uniform_name(name).starts_with(uniform)) return true;
    }
    return false;
}

Result<bool> names_eureka(const Environment& environment) {
    FLT_TRY(const bool enabled, environment.get("eureka.client.enabled", true));
    FLT_TRY(const bool registers, environment.get("eureka.client.register-with-eureka", true));
    FLT_TRY(const bool reads, environment.get("eureka.client.fetch-registry", true));
    if (!enabled || (!registers && !reads)) return false;
    // A variable of the environment is not among the names.
    return environment.contains("eureka.client.enabled") ||
           environment.contains("eureka.client.service-url.defaultZone") ||
           has_any_below(environment, "eureka.client.service-url");
}

Result<std::unique_ptr<RegistryClient>> make_eureka(Environment environment, Means means) {
    FLT_TRY(auto client, environment.bind<EurekaClientConfig>("eureka.client", config::Unknown::ignore));
    FLT_TRY(
        auto instance, environment.bind<EurekaInstanceConfig>("eureka.instance", config::Unknown::ignore)
    );
    FLT_CHECK(tls_of(client.tls));
    // What is wrong with the description is told now, and not when the port is known.
    SelfDescription example;
    example.host_name = "localhost";
    FLT_CHECK(make_instance(instance, example));
    return std::make_unique<EurekaClient>(means, std::move(client), std::move(instance));
}

Result<std::unique_ptr<RegistryClient>> make_consul(Environment environment, Means means) {
    FLT_TRY(auto consul, environment.bind<ConsulConfig>("spring.cloud.consul", config::Unknown::ignore));
    FLT_TRY(
        auto discovery,
        environment.bind<ConsulDiscoveryConfig>("spring.cloud.consul.discovery", config::Unknown::ignore)
    );
    return make_consul_client(means, std::move(consul), std::move(discovery));
}

Result<std::unique_ptr<RegistryClient>> make_zookeeper(Environment environment, Means means) {
    FLT_TRY(
        auto zookeeper, environment.bind<ZookeeperConfig>("spring.cloud.zookeeper", config::Unknown::ignore)
    );
    FLT_TRY(
        auto discovery,
        environment.bind<ZookeeperDiscoveryConfig>(
            "spring.cloud.zookeeper.discovery", config::Unknown::ignore
        )
    );
    return make_zookeeper_client(means, std::move(zookeeper), std::move(discovery));
}

Result<std::unique_ptr<RegistryClient>> make_dns(Environment environment, Means means) {
    FLT_TRY(auto dns, environment.bind<DnsConfig>("flotilla.discovery.dns"));
    return make_dns_client(means, std::move(dns));
}

Result<std::unique_ptr<RegistryClient>> make_client(
    DiscoveryType type, const Environment& environment, Means means
) {
    switch (type) {
        case DiscoveryType::none:
        case DiscoveryType::simple:
            break;
        case DiscoveryType::eureka:
            return make_eureka(environment, means);
        case DiscoveryType::consul:
            return make_consul(environment, means);
        case DiscoveryType::zookeeper:
            return make_zookeeper(environment, means);
        case DiscoveryType::dns:
            return make_dns(environment, means);
    }
    return nullptr;
}

}  // namespace

Result<DiscoveryType> discovery_type(const Environment& environment) {
    if (const auto type = environment.get("flotilla.discovery.type")) {
        // A list in the configuration is often called so.
        if (iequals(*type, "static")) return DiscoveryType::simple;
        return environment.get("flotilla.discovery.type", DiscoveryType::none);
    }
    FLT_TRY(const bool wanted, environment.get("spring.cloud.discovery.enabled", true));
    if (wanted) {
        FLT_TRY(const bool eureka, names_eureka(environment));
        if (eureka) return DiscoveryType::eureka;
        if (environment.contains("spring.cloud.consul.host")) return DiscoveryType::consul;
        if (environment.contains("spring.cloud.zookeeper.connect-string")) return DiscoveryType::zookeeper;
    }
    return has_any_below(environment, "spring.cloud.discovery.client.simple.instances")
               ? DiscoveryType::simple
               : DiscoveryType::none;
}

Result<std::unique_ptr<RegistryClient>> make_registry_client(const Environment& environment, Means means) {
    FLT_TRY(const DiscoveryType type, discovery_type(environment));
    FLT_TRY(const auto listed, simple_instances(environment));
    FLT_TRY(auto client, make_client(type, environment, means));
    if (client && listed.empty()) return client;
    return std::make_unique<PinnedClient>(listed, std::move(client));
}

}  // namespace flotilla::discovery
