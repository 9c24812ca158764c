// What `/actuator/startup`, `/actuator/beans` and `/actuator/conditions` tell of a service.

#include <utility>

#include "service_impl.hpp"

namespace flotilla::service {

namespace {

/// A switch with what is to be read where it is on, and where it is off.
struct Switch {
    const char* name;
    bool on;
    const char* because;
    const char* otherwise;
};

}  // namespace

void Service::Impl::tell_start(TimePoint began, bool traces) {
    actuator::StartupReport& report = operations->startup();
    report.began(began);
    for (StartStep& step : start_steps) report.step(std::move(step.what), step.began, step.ended);
    start_steps.clear();

    report.component("environment", "flotilla::config::Environment");
    report.component("logSystem", "flotilla::log::LogSystem", {"environment"});
    report.component("meterRegistry", "flotilla::metrics::Registry", {"environment", "logSystem"});
    report.component("tracer", "flotilla::tracing::Tracer", {"environment"});
    report.component("runtime", "flotilla::runtime::Runtime", {"environment"});
    report.component("errorRenderer", "flotilla::http::ErrorRenderer", {"environment"});
    report.component("router", "flotilla::http::Router", {"errorRenderer"});
    report.component(
        "server", "flotilla::http::Server", {"runtime", "router", "meterRegistry", "tracer", "logSystem"}
    );
    report.component(
        "actuator", "flotilla::actuator::Actuator", {"environment", "runtime", "logSystem", "meterRegistry"}
    );
    report.component("openApi", "flotilla::openapi::Api", {"environment"});
    report.component(
        "scheduler", "flotilla::service::Scheduler", {"runtime", "meterRegistry", "tracer", "actuator"}
    );
    report.component(
        "discoveryClient", "flotilla::discovery::RegistryClient", {"environment", "runtime", "actuator"}
    );
    report.component(
        "loadBalancer", "flotilla::discovery::LoadBalancer", {"discoveryClient", "meterRegistry"}
    );
    report.component("policies", "flotilla::resilience::Policies", {"environment", "runtime"});
    report.component(
        "remote",
        "flotilla::remote::Remote",
        {"runtime", "loadBalancer", "policies", "tracer", "meterRegistry"}
    );
    if (reporting)
        report.component("spanReporter", "flotilla::zipkin::Reporter", {"runtime", "loadBalancer"});
    if (has_management_port())
        report.component("managementServer", "flotilla::http::Server", {"runtime", "actuator"});

    const actuator::ActuatorConfig& operating = operations->config();
    const Switch switches[] = {
        {"tracing", traces, "tracing.enabled is not false", "tracing.enabled is false"},
        {"spanReporter", reporting != nullptr, "spans are sent to a collector", "spans are sent nowhere"},
        {"registration",
         membership->announces(),
         "a registry is configured, and the service is to be announced there",
         "no registry is configured, or the service is not to be announced"},
        {"tls",
         server_properties.ssl && server_properties.ssl->enabled,
         "server.ssl has a certificate",
         "server.ssl has no certificate, or is not enabled"},
        {"http2",
         server_properties.http2.enabled,
         "server.http2.enabled is true",
         "server.http2.enabled is not true"},
        {"accessLog",
         server_properties.access_log,
         "server.access-log is true",
         "server.access-log is not true"},
        {"gracefulShutdown",
         server_properties.shutdown == ShutdownMode::graceful,
         "server.shutdown is graceful",
         "server.shutdown is immediate"},
        {"managementServer",
         has_management_port(),
         "management.server.port is not the service's own",
         "management.server.port is not set, or the service's own, or -1"},
        {"healthProbes",
         operating.health_groups.contains("liveness"),
         "management.endpoint.health.probes.enabled is not false",
         "management.endpoint.health.probes.enabled is false"},
        {"httpExchanges",
         operating.record_exchanges,
         "management.httpexchanges.recording.enabled is not false",
         "management.httpexchanges.recording.enabled is false"},
    };
    for (const Switch& each : switches)
        report.feature(each.name, each.on, each.on ? each.because : each.otherwise);
}

}  // namespace flotilla::service
