#pragma once
// Where the service's spans go: a Zipkin server, when one is configured.

#include <memory>
#include <string>

#include "flotilla/config/environment.hpp"
#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/zipkin/reporter.hpp"

namespace flotilla::service {

/// Made with the service; on the first loop from `begin` to `end`. Null where nothing is to be reported.
class Reporting {
public:
    struct Means {
        runtime::Runtime& runtime;
        metrics::Registry& meters;
        discovery::LoadBalancer& balancer;
        log::Logger log;
        std::string service_name;  ///< in spans, unless `spring.zipkin.service.name` has another
    };

    static Result<std::unique_ptr<Reporting>> make(config::Environment environment, Means means);

    [[nodiscard]] std::shared_ptr<tracing::SpanSink> sink() const { return reporter_.sink(); }

    /// The service listens. `address` is what it listens on: this machine's own is asked for where that is
    /// none that others can use.
    void begin(const std::string& address, std::uint16_t port);
    /// Sends what is left, for as long as `tracing.reporter.close-timeout` allows.
    Task<> end();

private:
    Reporting(zipkin::ReporterConfig config, Means means, std::string service_name);

    const std::string service_name_;
    zipkin::Reporter reporter_;
};

}  // namespace flotilla::service
