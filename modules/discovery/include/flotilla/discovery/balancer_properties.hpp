#pragma once
/// How calls are balanced, out of the configuration: Spring's `spring.cloud.loadbalancer.*` and, for what
/// Spring does not have, `flotilla.loadbalancer.*`; each also for one service, below `clients.<service>`.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "flotilla/base/result.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/discovery/balancer_config.hpp"
#include "flotilla/discovery/health_check.hpp"

namespace flotilla::discovery {

/// `spring.cloud.loadbalancer.sticky-session.*`
struct StickySessionConfig {
    std::string instance_id_cookie_name = "sc-lb-instance-id";
    bool add_service_instance_cookie = false;
};

/// `spring.cloud.loadbalancer.subset.*`
struct SubsetConfig {
    std::uint32_t size = 100;
    std::string instance_id;
};

/// `spring.cloud.loadbalancer.*`
struct SpringBalancerConfig {
    /// default, zone-preference, health-check, weighted, subset, same-instance-preference,
    /// request-based-sticky-session.
    std::string configurations = "default";
    std::string zone;
    std::string hint_header_name = "X-SC-LB-Hint";
    std::map<std::string, std::string> hint{};
    StickySessionConfig sticky_session{};
    SubsetConfig subset{};
};

/// What holds for one service.
struct ServiceBalancing {
    BalancerConfig balancer;
    HealthCheckConfig checks;
    bool sticky = false;
    StickySessionConfig sticky_session;
    std::string hint;  ///< for calls that bring none
    std::string hint_header_name;
};

/// Read once; safe to share.
class BalancerProperties {
public:
    /// Everything is checked, also what is set for single services.
    static Result<BalancerProperties> load(const config::Environment& environment);

    /// For a service by its name: `order-service` is `ORDER_SERVICE`.
    [[nodiscard]] const ServiceBalancing& of(std::string_view service) const;

    /// Whether instances of any service are to be asked how they are.
    [[nodiscard]] bool any_checks() const noexcept;

private:
    ServiceBalancing by_default_;
    std::map<std::string, ServiceBalancing, std::less<>> by_service_;  // however the name is spelled
};

}  // namespace flotilla::discovery
