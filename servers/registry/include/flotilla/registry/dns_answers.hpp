#pragma once
/// Consul's names over DNS: which records answer a question.
///
///     [tag.]user-service.service[.dc1.dc].consul      _user-service._tcp[.service].consul
///     h1.node.consul                                  0a000005.addr.consul

#include <string_view>

#include "flotilla/base/random.hpp"
#include "flotilla/registry/dns_message.hpp"
#include "flotilla/registry/instance_registry.hpp"
#include "flotilla/registry/registry_config.hpp"

namespace flotilla::registry {

enum class Transport : std::uint8_t { udp, tcp };

/// Pure, but for the random order of records. Names outside the domain are refused.
DnsReply answer_dns(
    const DnsQuery& query,
    const ConsulConfig& config,
    InstanceRegistry& registry,
    Random& random,
    Transport transport,
    Moment at
);

/// The whole way from a message to its reply; empty when there is none.
std::string serve_dns(
    std::string_view message,
    const ConsulConfig& config,
    InstanceRegistry& registry,
    Random& random,
    Transport transport,
    Moment at
);

}  // namespace flotilla::registry
