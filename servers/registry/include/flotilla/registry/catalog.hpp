#pragma once
/// How instances look to those who know services and checks rather than applications and leases: Consul's
/// catalog.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/registry/instance_registry.hpp"

namespace flotilla::registry {

/// UP is passing, STARTING is a warning; everything else, and an instance whose lease has run out, is
/// critical.
enum class Check : std::uint8_t { passing, warning, critical };

std::string_view to_text(Check check) noexcept;
Check check_of(const CatalogEntry& entry) noexcept;

/// `USER_SERVICE` is `user-service`.
std::string service_name_of(std::string_view app);
/// Metadata `tags` (a comma list), and `zone=<zone>`.
std::vector<std::string> tags_of(const InstanceInfo& instance);
/// The port that is open: the secure one only where the plain one is closed.
std::int32_t port_of(const InstanceInfo& instance) noexcept;

/// Those of one service.
std::vector<CatalogEntry> entries_of(InstanceRegistry& registry, std::string_view service, Moment at);

/// `/v1/health/service/{name}`
std::string consul_health(const std::vector<CatalogEntry>& entries, std::string_view datacenter);
/// `/v1/catalog/service/{name}`
std::string consul_service(const std::vector<CatalogEntry>& entries, std::string_view datacenter);
/// `/v1/catalog/services`
std::string consul_services(const std::vector<CatalogEntry>& all);
/// `/v1/catalog/nodes`
std::string consul_nodes(const std::vector<CatalogEntry>& all, std::string_view datacenter);

}  // namespace flotilla::registry
