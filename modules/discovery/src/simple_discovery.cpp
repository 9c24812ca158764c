#include "flotilla/discovery/simple_discovery.hpp"

#include <fmt/format.h>

#include <map>

#include "flotilla/http/url.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::discovery {

namespace {

constexpr std::string_view prefix = "spring.cloud.discovery.client.simple";

/// As Spring's SimpleDiscoveryProperties.
struct SimpleInstance {
    std::string uri;
    std::string host;
    std::uint16_t port = 0;
    bool secure = false;
    std::string instance_id;
    std::string service_id;
    std::map<std::string, std::string> metadata;
};

FLT_DESCRIBE_CONFIG(
    SimpleInstance,
    (uri, "Where the instance is: `http://host:port`."),
    (host, "The same in parts: its host."),
    (port, "Its port."),
    (secure, "Whether it speaks TLS."),
    (instance_id, "Its id; the authority of its address when there is none."),
    (service_id, "The name of its service; the key that it stands under when there is none."),
    (metadata, "What is known about it: `zone`, `weight` and so on.")
)

struct SimpleProperties {
    std::map<std::string, std::vector<SimpleInstance>> instances;
};

FLT_DESCRIBE_CONFIG(SimpleProperties, (instances, "Instances by the name of their service."))

Result<ServiceInstance> instance_of(const std::string& service, SimpleInstance given) {
    ServiceInstance out;
    out.service = given.service_id.empty() ? service : given.service_id;
    out.host = given.host;
    out.port = given.port;
    out.secure = given.secure;
    if (!given.uri.empty()) {
        FLT_TRY(const http::Url url, http::Url::parse(given.uri));
        out.host = url.host;
        out.port = url.port_or_default();
        out.secure = url.secure();
        out.scheme = url.scheme;
    }
    if (out.host.empty())
        return fail(Errc::invalid_argument, "an instance needs a uri, or a host and a port");
    if (out.port == 0) out.port = out.secure ? 443 : 80;
    out.metadata = {given.metadata.begin(), given.metadata.end()};
    out.id = given.instance_id.empty() ? out.authority() : given.instance_id;
    return out;
}

}  // namespace

Result<std::vector<ServiceInstance>> simple_instances(const config::Environment& environment) {
    config::Environment own = environment;
    FLT_TRY(const auto properties, own.bind<SimpleProperties>(prefix, config::Unknown::ignore));
    std::vector<ServiceInstance> all;
    for (const auto& [service, instances] : properties.instances) {
        for (std::size_t i = 0; i < instances.size(); ++i) {
            auto instance = instance_of(service, instances[i]);
            if (!instance)
                return fail(instance.error().within(fmt::format("{}.instances.{}[{}]", prefix, service, i)));
            all.push_back(*std::move(instance));
        }
    }
    return all;
}

StaticDiscovery::StaticDiscovery(const std::vector<ServiceInstance>& instances, std::string name)
    : name_(std::move(name)) {
    directory_.publish_by_service(instances);
}

}  // namespace flotilla::discovery
