#pragma once
/// The reading half of Consul's HTTP API, with blocking queries.

#include <string>

#include "flotilla/base/random.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/registry/registry_config.hpp"
#include "shared_registry.hpp"

namespace flotilla::registry {

/// Its handlers refer to it: it outlives the server.
class ConsulApi {
public:
    ConsulApi(SharedRegistry& registry, ConsulConfig config)
        : registry_(registry), config_(std::move(config)) {}

    void mount(http::Router& router);

private:
    using Request = http::Request;
    using Response = http::Response;

    /// What is asked for, and its version: the index that a client waits on.
    using Write = std::string (ConsulApi::*)(Request&);

    void add(http::Router& router, const std::string& path, Write write, bool per_service);
    Task<Response> answer(Request& request, Write write, bool per_service);
    [[nodiscard]] std::uint64_t index_of(Request& request, bool per_service);
    [[nodiscard]] std::vector<CatalogEntry> all();

    std::string services(Request& request);
    std::string service(Request& request);
    std::string nodes(Request& request);
    std::string datacenters(Request& request);
    std::string health(Request& request);
    std::string agent_self(Request& request);
    std::string leader(Request& request);

    SharedRegistry& registry_;
    ConsulConfig config_;
};

}  // namespace flotilla::registry
