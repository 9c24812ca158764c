#include "flotilla/discovery/registry_client.hpp"

namespace flotilla::discovery {

Task<Result<RegistryStatus>> RegistryClient::registry_status() {
    co_return fail(Errc::unsupported, std::string(name()) + " keeps no status of its own");
}

Task<Result<void>> RegistryClient::override_status(std::optional<std::string>) {
    co_return fail(Errc::unsupported, std::string(name()) + " keeps no status of its own");
}

}  // namespace flotilla::discovery
