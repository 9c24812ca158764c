#pragma once
// `loadbalancer.requests.*`: what Spring Cloud LoadBalancer counts, with the template of the path for `uri`.

#include <string>
#include <string_view>

#include "flotilla/discovery/service_instance.hpp"
#include "flotilla/metrics/meter_cache.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/remote/call_error.hpp"

namespace flotilla::remote {

/// What an attempt is about.
struct BalancedCall {
    std::string_view method;
    std::string_view uri;  ///< the template; empty for none
    std::string_view service;
    const discovery::ServiceInstance* instance = nullptr;
};

/// Safe from any thread; does nothing without a registry. Every meter is looked up by a hash of its tags.
class BalancerMeters {
public:
    explicit BalancerMeters(metrics::Registry* registry) : registry_(registry) {}

    void began(const BalancedCall& call);
    void answered(const BalancedCall& call, int status, Duration taken);
    void failed(const BalancedCall& call, ErrorKind kind, Duration taken);
    /// Nobody was there to be asked.
    void discarded(const BalancedCall& call);

private:
    void ended(const BalancedCall& call);

    metrics::Registry* registry_;
    metrics::MeterCache<metrics::Gauge> active_;
    metrics::MeterCache<metrics::Timer> success_;
    metrics::MeterCache<metrics::Timer> failed_;
    metrics::MeterCache<metrics::Counter> discard_;
};

}  // namespace flotilla::remote
