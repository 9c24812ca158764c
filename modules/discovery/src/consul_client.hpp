#pragma once
// A client of Consul's HTTP interface: blocking queries for health, registration at the agent.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/discovery/consul_config.hpp"
#include "flotilla/discovery/means.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/http/client_request.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::discovery {

/// Which index to ask with, by Consul's rules: one that went back, or is none, begins anew.
class ConsulIndex {
public:
    /// 0: answer at once.
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

    /// What `X-Consul-Index` said.
    void arrived(std::string_view text) noexcept;

    void reset() noexcept { value_ = 0; }

private:
    std::uint64_t value_ = 0;
};

/// What `/v1/health/service/{name}` answers.
Result<std::vector<ServiceInstance>> consul_instances(std::string_view body);
/// What `PUT /v1/agent/service/register` wants.
reflect::Json consul_registration(const ConsulDiscoveryConfig& config, const SelfDescription& self);

std::unique_ptr<RegistryClient> make_consul_client(
    Means means, ConsulConfig config, ConsulDiscoveryConfig discovery
);

}  // namespace flotilla::discovery
