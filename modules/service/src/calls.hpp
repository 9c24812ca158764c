#pragma once
// What a service needs to call others, and what operators see of it.

#include <memory>

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/actuator/resilience_endpoints.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/remote/turbine_stream.hpp"
#include "flotilla/resilience/policies.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::service {

/// Made with the service, before its first call.
class Calls {
public:
    struct Means {
        config::Environment environment;
        runtime::Runtime& runtime;
        metrics::Registry& meters;
        tracing::Tracer& tracer;
        log::LogSystem& log_system;
        actuator::Actuator& operations;
        discovery::Discovery& discovery;
        discovery::LoadBalancer& balancer;
        /// Told of clients that cannot be made.
        std::function<void(const Error&)> problem;
    };

    static Result<std::unique_ptr<Calls>> make(Means means);

    [[nodiscard]] remote::Remote& remote() noexcept { return remote_; }

    [[nodiscard]] resilience::Policies& policies() noexcept { return *policies_; }

    /// `/hystrix.stream` and `/turbine.stream`, where they are switched on.
    void mount_streams(http::Router& router);
    /// Does what falls due in circuit breakers without a call, until it is cancelled.
    Task<> run();
    /// Before the server closes: nobody who watches a stream holds it up.
    void end_streams() noexcept;
    /// After the last request.
    Task<> stop();

private:
    Calls(Means means, std::unique_ptr<resilience::Policies> policies);

    Means means_;
    const std::unique_ptr<resilience::Policies> policies_;
    actuator::ResilienceStreams streams_;
    const actuator::ResilienceMeters meters_;
    remote::Remote remote_;
    remote::TurbineStream turbine_;
};

}  // namespace flotilla::service
