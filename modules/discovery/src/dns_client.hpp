#pragma once
// Services that are found by DNS. There is nothing to register at.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dns_answer.hpp"
#include "flotilla/discovery/dns_config.hpp"
#include "flotilla/discovery/means.hpp"
#include "flotilla/discovery/registry_client.hpp"

namespace flotilla::discovery {

/// Asks for a name; blocks.
using DnsLookup = std::function<Result<DnsAnswer>(const std::string& name, DnsRecord record)>;

/// What asks the servers that the configuration, or else the system, names; over TCP where UDP is too small.
DnsLookup system_dns(const DnsConfig& config);

/// Of the records, those of the best priority; addresses where they came along.
std::vector<ServiceInstance> dns_instances(
    const std::string& service, const DnsAnswer& answer, const DnsConfig& config
);
std::string dns_name(const DnsConfig& config, std::string_view service);

std::unique_ptr<RegistryClient> make_dns_client(Means means, DnsConfig config);
std::unique_ptr<RegistryClient> make_dns_client(Means means, DnsConfig config, DnsLookup lookup);

}  // namespace flotilla::discovery
