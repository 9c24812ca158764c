#pragma once
/// A client of Eureka registries: finds services and announces its own, with the requests of Spring's client.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/discovery/eureka_config.hpp"
#include "flotilla/discovery/means.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/eureka/applications.hpp"
#include "flotilla/eureka/instance_info.hpp"

namespace flotilla::discovery {

class EurekaClient final : public RegistryClient {
public:
    EurekaClient(Means means, EurekaClientConfig config, EurekaInstanceConfig instance = {});
    ~EurekaClient() override;

    [[nodiscard]] Snapshot instances(std::string_view service) override;
    [[nodiscard]] std::vector<std::string> services() const override;
    [[nodiscard]] ListSubscription subscribe(ListListener listener) override;

    [[nodiscard]] std::string_view name() const noexcept override { return "eureka"; }

    [[nodiscard]] bool announces() const noexcept override;
    Result<void> introduce(const SelfDescription& self) override;
    /// The same for an instance that is described already.
    void introduce(eureka::InstanceInfo self);
    Task<> run() override;
    /// With the status that `eureka.instance.initial-status` has.
    void ready() override;
    void tell_status(std::string_view status) override;
    /// Says DOWN; the farewell follows by itself, after a while or with `finish`.
    Task<> leave(Deadline deadline) override;
    Task<> finish(Deadline deadline) override;
    [[nodiscard]] bool informed() const noexcept override;

    /// Tells a change at once. Before `introduce` there is nothing to tell.
    void set_status(eureka::InstanceStatus status);
    void set_metadata(eureka::Metadata metadata);

    /// Told the whole copy whenever it has changed. Before `run`.
    void on_copy(std::function<void(const eureka::Applications&)> listener);

    /// `not_found` when it does not know us.
    Task<Result<RegistryStatus>> registry_status() override;
    Task<Result<void>> override_status(std::optional<std::string> status) override;
    [[nodiscard]] std::optional<RegistryReport> report() const override;
    /// From any thread.
    [[nodiscard]] bool registered() const noexcept;

private:
    struct Impl;

    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::discovery
