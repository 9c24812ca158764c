#pragma once
/// The gateway on a Service: the role `flotilla gateway`, and for a `main` of your own, with filters of your
/// own:
///
///     Service service(gateway::gateway_options("edge", argc, argv));
///     gateway::Components components = gateway::Components::standard();
///     components.filter("AddTeam", {}, make_add_team);
///     const gateway::GatewayServer server(service, std::move(components));
///     return service.run();

#include <memory>
#include <string>

#include "flotilla/gateway/components.hpp"
#include "flotilla/service/service.hpp"

namespace flotilla::gateway {

/// With what holds for a gateway unless somebody says otherwise: port 8000.
service::ServiceOptions gateway_options(std::string name, int argc, const char* const* argv);

/// Answers every path that the service has no route of its own for; made before `run`, gone after it. Routes
/// that cannot be made are a reason not to start.
class GatewayServer {
public:
    explicit GatewayServer(Service& service, Components components = Components::standard());
    ~GatewayServer();
    GatewayServer(const GatewayServer&) = delete;
    GatewayServer& operator=(const GatewayServer&) = delete;

    /// Reads configuration again; what is wrong with it, while the former routes stay.
    Result<void> reload();

private:
    struct Impl;

    std::unique_ptr<Impl> impl_;
};

/// The role: the exit code of the process.
int run_gateway(int argc, const char* const* argv);

}  // namespace flotilla::gateway
