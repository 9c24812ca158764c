#pragma once
/// The registry on a Service: the role `flotilla registry`, and for a `main` of your own:
///
///     Service service(registry::registry_options("registry", argc, argv));
///     registry::RegistryServer server(service);
///     return service.run();

#include <cstdint>
#include <memory>
#include <string>

#include "flotilla/registry/registry_config.hpp"
#include "flotilla/service/service.hpp"

namespace flotilla::registry {

/// With what holds for a registry unless somebody says otherwise: port 8761, no registration of its own.
service::ServiceOptions registry_options(std::string name, int argc, const char* const* argv);

/// Adds routes, jobs and hooks; made before `run`, gone after it.
class RegistryServer {
public:
    explicit RegistryServer(Service& service);
    ~RegistryServer();
    RegistryServer(const RegistryServer&) = delete;
    RegistryServer& operator=(const RegistryServer&) = delete;

    /// Where DNS is answered, once it is; for tests, which ask for port 0.
    [[nodiscard]] std::uint16_t dns_port() const noexcept;

private:
    struct Impl;

    std::unique_ptr<Impl> impl_;
};

/// The role: the exit code of the process.
int run_registry(int argc, const char* const* argv);

}  // namespace flotilla::registry
