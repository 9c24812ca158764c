#pragma once
// A service's place in its fleet: it finds others, and others find it.

#include <memory>
#include <string>

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/discovery/balancer_properties.hpp"
#include "flotilla/discovery/health_check.hpp"
#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::service {

/// Made with the service, on the first loop from `begin` to `farewell`. Where no registry is configured it
/// does nothing, and nobody notices.
class Membership {
public:
    struct Means {
        config::Environment environment;
        runtime::Runtime& runtime;
        metrics::Registry& meters;
        actuator::Actuator& operations;
        log::Logger log;
    };

    static Result<std::unique_ptr<Membership>> make(Means means);

    [[nodiscard]] discovery::RegistryClient& client() noexcept { return *client_; }

    [[nodiscard]] discovery::LoadBalancer& balancer() noexcept { return *balancer_; }

    [[nodiscard]] const discovery::BalancerProperties& balancing() const noexcept { return balancing_; }

    [[nodiscard]] bool announces() const noexcept { return client_->announces(); }

    /// The port is known. Names that are missing in `self` are looked up.
    Task<Result<void>> begin(discovery::SelfDescription self, runtime::TaskScope& scope);
    /// The service takes requests, or wants none any more: then the word is out when this returns.
    Task<> tell(bool ready);
    /// The last request was answered.
    Task<> farewell();

private:
    Membership(
        Means means,
        std::unique_ptr<discovery::RegistryClient> client,
        discovery::BalancerProperties balancing,
        bool tell_health,
        Duration health_interval
    );

    void add_health();
    void add_endpoint();
    void note(const discovery::ClusterEvent& event);
    [[nodiscard]] actuator::Health health() const;
    Task<> tell_health();
    Task<actuator::Answer> read_status(const actuator::Call& call);
    Task<actuator::Answer> write_status(const actuator::Call& call);

    Means means_;
    const std::unique_ptr<discovery::RegistryClient> client_;
    const discovery::BalancerProperties balancing_;
    const bool tells_health_;
    const Duration health_interval_;
    std::unique_ptr<discovery::LoadBalancer> balancer_;
    std::unique_ptr<discovery::HealthChecker> checker_;
    bool ready_ = false;
};

}  // namespace flotilla::service
