#include "zookeeper_node.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::discovery {

namespace {

using reflect::Json;

constexpr std::string_view status_key = "instance_status";

Json uri_spec() {
    const auto part = [](std::string_view value, bool variable) {
        return Json::object({{"value", value}, {"variable", variable}});
    };
    return Json::object(
        {{"parts",
          Json::array(
              {part("scheme", true),
               part("://", false),
               part("address", true),
               part(":", false),
               part("port", true)}
          )}}
    );
}

std::uint16_t port_of(const Json& value) {
    const auto number = value.as_int64().value_or(0);
    return number > 0 && number <= 65535 ? static_cast<std::uint16_t>(number) : 0;
}

}  // namespace

ZookeeperNode zookeeper_node(
    const ZookeeperDiscoveryConfig& config, const SelfDescription& self, const std::string& id, WallTime now
) {
    const std::string address = config.instance_host.empty() ? self.host_name : config.instance_host;
    const std::uint16_t port = config.instance_port != 0 ? config.instance_port : self.port;
    const std::uint16_t ssl_port = config.instance_ssl_port != 0 ? config.instance_ssl_port
                                   : self.secure                 ? self.port
                                                                 : 0;
    Json metadata = Json::object({{std::string(status_key), config.initial_status}});
    for (const auto& [key, value] : config.metadata) metadata.set(key, value);
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    Json node = Json::object(
        {{"name", self.application},
         {"id", id},
         {"address", address},
         {"port", self.secure ? Json() : Json(port)},
         {"sslPort", ssl_port != 0 ? Json(ssl_port) : Json()},
         {"payload",
          Json::object(
              {{"@class", "org.springframework.cloud.zookeeper.discovery.ZookeeperInstance"},
               {"id", self.application},
               {"name", self.application},
               {"metadata", std::move(metadata)}}
          )},
         {"registrationTimeUTC", milliseconds},
         {"serviceType", "DYNAMIC"},
         {"uriSpec", uri_spec()}}
    );
    return {fmt::format("/{}/{}", self.application, id), node.text()};
}

Result<std::optional<ServiceInstance>> parse_zookeeper_node(std::string_view data) {
    FLT_TRY(const Json node, reflect::parse_json(data));
    ServiceInstance out;
    out.id = node["id"].string_or("");
    out.service = node["name"].string_or("");
    out.host = node["address"].string_or("");
    const std::uint16_t ssl_port = port_of(node["sslPort"]);
    out.secure = ssl_port != 0;
    out.port = out.secure ? ssl_port : port_of(node["port"]);
    if (out.id.empty() || out.host.empty() || out.port == 0)
        return fail(Errc::malformed, "an instance needs an id, an address and a port");
    if (!node["enabled"].as_bool().value_or(true)) return std::optional<ServiceInstance>();
    for (const auto& [key, value] : node["payload"]["metadata"].members()) {
        out.metadata[key] = value.is_string() ? std::string(value.string_or("")) : value.text();
    }
    out.incarnation = node["registrationTimeUTC"].as_uint64().value_or(0);
    const std::string_view status = out.value(status_key);
    if (!status.empty() && !iequals(status, "UP")) return std::optional<ServiceInstance>();
    return std::optional(std::move(out));
}

std::string make_uuid(Random& random) {
    const std::uint64_t high = (random() & ~std::uint64_t{0xf000}) | 0x4000;
    const std::uint64_t low = (random() & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
    return fmt::format(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffffffffffff
    );
}

}  // namespace flotilla::discovery
