#pragma once
/// Asks instances now and then whether they are well, and tells their clusters.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/discovery/means.hpp"

namespace flotilla::discovery {

/// `spring.cloud.loadbalancer.health-check.*`
struct HealthCheckConfig {
    bool enabled = false;
    std::string path = "/actuator/health";  ///< empty: an instance is always well
    std::uint16_t port = 0;                 ///< 0: where its calls go
    std::chrono::milliseconds initial_delay{0};
    std::chrono::milliseconds interval{25'000};
    bool repeat_health_check = true;
    std::uint32_t unhealthy_threshold = 1;  ///< bad answers in a row
    std::uint32_t healthy_threshold = 1;    ///< good answers in a row
};

/// Whose turn it is, and what answers amount to. Pure.
class CheckSchedule {
public:
    CheckSchedule(HealthCheckConfig config, Random random) : config_(std::move(config)), random_(random) {}

    /// Who is to be asked now, of those that there are. One that is new is asked after the initial delay; the
    /// others by interval, not all at the same moment.
    [[nodiscard]] std::vector<std::string> due(const std::vector<std::string>& there, TimePoint now);
    /// What the cluster is to be told; nothing while it stays as it is.
    [[nodiscard]] std::optional<bool> answered(const std::string& id, bool well, TimePoint now);

private:
    struct Check {
        TimePoint due;
        bool asked = false;
        bool well = true;
        std::uint32_t against = 0;  // answers in a row that say otherwise
    };

    const HealthCheckConfig config_;
    Random random_;
    std::map<std::string, Check, std::less<>> checks_;
};

/// Checks the clusters of a balancer for whose service that is wanted. Only 200 is well; the answer has to
/// come within the interval.
class HealthChecker {
public:
    using Configs = std::function<HealthCheckConfig(std::string_view service)>;

    /// What it is given outlives it.
    HealthChecker(Means means, LoadBalancer& balancer, Configs configs);
    ~HealthChecker();

    /// Until it is cancelled.
    Task<> run();

private:
    struct Impl;

    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::discovery
