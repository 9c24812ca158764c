#pragma once
// Instances that are listed in the configuration, before those of a registry.

#include <memory>
#include <vector>

#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/discovery/simple_discovery.hpp"

namespace flotilla::discovery {

/// A name that is listed is answered from the list alone, all else by the registry's client; without one, by
/// nobody.
class PinnedClient final : public RegistryClient {
public:
    PinnedClient(const std::vector<ServiceInstance>& listed, std::unique_ptr<RegistryClient> rest);

    [[nodiscard]] Snapshot instances(std::string_view service) override;
    [[nodiscard]] std::vector<std::string> services() const override;
    [[nodiscard]] ListSubscription subscribe(ListListener listener) override;
    [[nodiscard]] std::string_view name() const noexcept override;

    [[nodiscard]] bool announces() const noexcept override { return rest_ && rest_->announces(); }

    Result<void> introduce(const SelfDescription& self) override;
    Task<> run() override;
    void ready() override;
    void tell_status(std::string_view status) override;
    Task<> leave(Deadline deadline) override;
    Task<> finish(Deadline deadline) override;

    [[nodiscard]] bool informed() const noexcept override { return !rest_ || rest_->informed(); }

    [[nodiscard]] std::optional<RegistryReport> report() const override;
    Task<Result<RegistryStatus>> registry_status() override;
    Task<Result<void>> override_status(std::optional<std::string> status) override;

private:
    StaticDiscovery listed_;
    std::unique_ptr<RegistryClient> rest_;
};

}  // namespace flotilla::discovery
