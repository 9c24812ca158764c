// The one binary: each part of the control plane is a role of it. A role is one line in this table.

#include "flotilla/fleet/fleet.hpp"
#include "flotilla/gateway/gateway_server.hpp"
#include "flotilla/registry/registry_server.hpp"
#include "flotilla/service/roles.hpp"

namespace {

constexpr flotilla::service::Role roles[] = {
    {"registry",
     "service registry: Eureka's protocol, Consul's DNS and HTTP",
     flotilla::registry::run_registry},
    {"gateway", "API gateway: Spring Cloud Gateway's routes", flotilla::gateway::run_gateway},
    {"up", "the whole fleet on this machine: registry, gateway, shop", flotilla::fleet::run_up},
    {"down", "stop what 'up --detach' left running", flotilla::fleet::run_down},
    {"status", "who runs where, how healthy, how big", flotilla::fleet::run_status},
};

}  // namespace

int main(int argc, char** argv) {
    return flotilla::service::run(argc, argv, roles);
}
