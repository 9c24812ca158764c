// How the parts of a service are made out of its configuration.

#include "decryption.hpp"
#include "flotilla/actuator/runtime_meters.hpp"
#include "flotilla/metrics/standard_meters.hpp"
#include "flotilla/remote/deadline.hpp"
#include "metrics_setup.hpp"
#include "service_impl.hpp"
#include "signals.hpp"
#include "ssl_bundles.hpp"
#include "version.hpp"

namespace flotilla::service {

namespace {

/// `/shop`, or nothing.
std::string tidy_context_path(std::string path) {
    while (path.ends_with('/')) path.pop_back();
    if (!path.empty() && !path.starts_with('/')) path.insert(path.begin(), '/');
    return path;
}

http::ErrorConfig error_config(const ErrorProperties& properties, bool problem_details) {
    return {
        .include_message = properties.include_message,
        .include_binding_errors = properties.include_binding_errors,
        .include_stacktrace = properties.include_stacktrace,
        .include_exception = properties.include_exception,
        .problem_details = problem_details
    };
}

/// Paths on the main port lie below the context path.
void move_below(const std::string& context_path, bool own_port, actuator::ActuatorConfig& config) {
    constexpr std::string_view on_main = "server:";
    if (!own_port) config.endpoints.web.base_path = context_path + config.endpoints.web.base_path;
    for (auto& [name, group] : config.health_groups) {
        if (group.additional_path.starts_with(on_main))
            group.additional_path.insert(on_main.size(), context_path);
    }
}

}  // namespace

Service::Impl::Impl(ServiceOptions given) : options(std::move(given)) {
    block_signals();
    const Clock& clock = Clock::system();
    const TimePoint began = clock.now();

    auto part_made = [&, part = began](std::string what) mutable {
        const TimePoint now = clock.now();
        start_steps.push_back({std::move(what), part, now});
        part = now;
    };
    auto defaults = options.defaults;
    defaults.emplace_back("spring.application.name", options.name);
    auto loaded = load_decrypted(
        {.arguments = options.arguments,
         .variables = options.variables,
         .defaults = std::move(defaults),
         .files = options.files}
    );
    environment = value_or_note(std::move(loaded), environment);
    name = environment.get_or("spring.application.name", options.name);
    part_made("environment");

    const auto logging =
        value_or_note(environment.bind<LoggingProperties>("logging", config::Unknown::ignore));
    const auto traces = value_or_note(read_tracing(environment));
    const std::string& traced_name = traces.service_name.empty() ? name : traces.service_name;
    levels = levels_of(logging);
    log_system = value_or_note(make_log(logging, traced_name, clock), {});
    if (!log_system) log_system = std::make_unique<log::LogSystem>(log::LogOptions{.service = traced_name});
    log = log_system->logger("service");
    for (const std::string& each : undecipherable(environment))
        log.warn("{}: cannot decrypt the value, it is left empty", each);
    part_made("log");

    const auto measuring = value_or_note(read_metrics(environment));
    auto for_meters = value_or_note(registry_options(measuring, name));
    for_meters.long_task_timers =
        value_or_note(environment.bind<ObservationProperties>("observations", config::Unknown::ignore))
            .long_task_timer;
    meters = std::make_unique<metrics::Registry>(std::move(for_meters), clock, log_system->logger("metrics"));
    add_enable_filter(*meters, measuring.enable);
    tracer = std::make_unique<tracing::Tracer>(value_or_note(tracer_config(traces)), clock, spans);

    runtime = std::make_unique<runtime::Runtime>(
        value_or_note(environment.bind<runtime::RuntimeConfig>("flotilla.runtime")), clock
    );
    metrics::bind_process_meters(*meters);
    metrics::bind_disk_meters(*meters, {"."});
    metrics::bind_log_meters(*meters, *log_system);
    metrics::bind_self_meters(*meters);
    metrics::bind_build_info(*meters, {version(), revision(), compiler()});
    actuator::bind_runtime_meters(*meters, *runtime);
    part_made("runtime");

    server_properties = value_or_note(environment.bind<ServerProperties>("server"));
    if (const auto used = use_bundles(environment, "server.ssl", server_properties.ssl); !used)
        note(used.error());
    std::string& context_path = server_properties.context_path;
    if (context_path.empty()) context_path = server_properties.servlet.context_path;
    context_path = tidy_context_path(std::move(context_path));
    const bool problems = value_or_note(environment.get("spring.mvc.problemdetails.enabled", false));
    errors = std::make_unique<http::ErrorRenderer>(error_config(server_properties.error, problems), clock);
    router = std::make_unique<http::Router>(*errors);
    router->on_mistake([this](const Error& mistake) { note(mistake); });
    management_router = std::make_unique<http::Router>(*errors);
    management_router->on_mistake([this](const Error& mistake) { note(mistake); });

    auto managing = value_or_note(actuator::ActuatorConfig::load(environment));
    if (const auto used = use_bundles(environment, "management.server.ssl", managing.server.ssl); !used)
        note(used.error());
    if (const auto fits = managing.check_own_port(server_properties.port); !fits) note(fits.error());
    const bool own_port = managing.port_kind(server_properties.port) != actuator::ManagementPort::same;
    move_below(context_path, own_port, managing);
    operations = std::make_unique<actuator::Actuator>(
        std::move(managing),
        actuator::ActuatorSources{
            .application = name,
            .runtime = *runtime,
            .environment = environment,
            .log = *log_system,
            .meters = *meters,
            .shutdown = [this](Duration delay) { stop_after(delay); },
            .tasks = [this] { return running_tasks(); },
            .log_file = logging.file.name,
            .build = build_details(name, options.version)
        }
    );
    api = std::make_unique<openapi::Api>(
        value_or_note(environment.bind<openapi::OpenApiConfig>("springdoc", config::Unknown::ignore)),
        openapi::ApiIdentity{
            .title = name,
            .version = options.version,
            .context_path = context_path,
            .operations_path = own_port ? std::string() : operations->config().endpoints.web.base_path,
            .problem_details = problems
        }
    );
    scheduler = std::make_unique<Scheduler>(Scheduler::Means{
        *runtime,
        *meters,
        *tracer,
        operations->scheduled_tasks(),
        log_system->logger("scheduler"),
        value_or_note(quiet_jobs(traces))
    });
    part_made("operations");

    const Membership::Means for_membership{
        environment, *runtime, *meters, *operations, log_system->logger("discovery")
    };
    auto member = Membership::make(for_membership);
    if (!member) {
        note(member.error());
        // There has to be one until the error is told.
        auto alone = for_membership;
        alone.environment = config::Environment::of({});
        member = Membership::make(std::move(alone));
    }
    membership = std::move(member).value();
    part_made("discovery");

    const Calls::Means for_calls{
        environment,
        *runtime,
        *meters,
        *tracer,
        *log_system,
        *operations,
        membership->client(),
        membership->balancer(),
        [this](const Error& why) { note(why); }
    };
    auto outgoing = Calls::make(for_calls);
    if (!outgoing) {
        note(outgoing.error());
        auto unconfigured = for_calls;
        unconfigured.environment = config::Environment::of({});
        outgoing = Calls::make(std::move(unconfigured));
    }
    calls = std::move(outgoing).value();
    part_made("calls");
    remote::honour_deadlines(*router);
    report_spans(traced_name, traces.enabled);
    part_made("tracing");

    const auto phases =
        value_or_note(environment.bind<LifecycleProperties>("spring.lifecycle", config::Unknown::ignore));
    const auto draining = value_or_note(environment.bind<ShutdownProperties>("flotilla.shutdown"));
    life = LifeCycle(
        {.drain_delay = draining.drain_delay,
         .phase_timeout = phases.timeout_per_shutdown_phase,
         .graceful = server_properties.shutdown == ShutdownMode::graceful},
        began
    );
    subscription = environment.subscribe([this](const auto& changed) { apply_changes(changed); });
    tell_start(began, traces.enabled);
}

Service::Impl::~Impl() {
    actuator::unbind_runtime_meters(*meters, *runtime);
}

void Service::Impl::report_spans(const std::string& service_name, bool tracing) {
    const Reporting::Means means{
        *runtime, *meters, membership->balancer(), log_system->logger("zipkin"), service_name
    };
    auto made = Reporting::make(environment, means);
    if (!made) {
        note(made.error());
    } else if (*made && tracing) {
        reporting = *std::move(made);
        spans.replace(reporting->sink());
    }
}

void Service::Impl::note(const Error& why) {
    if (!start_error) start_error = why;
}

bool Service::Impl::has_management_port() const {
    return operations->config().port_kind(server_properties.port) == actuator::ManagementPort::separate;
}

Result<void> Service::Impl::mount_operations() {
    const auto kind = operations->config().port_kind(server_properties.port);
    http::Router& operators = kind == actuator::ManagementPort::same ? *router : *management_router;
    calls->mount_streams(operators);
    FLT_CHECK(operations->mount(*router, operators));
    api->mount(*router);
    return {};
}

void Service::Impl::apply_changes(const config::Environment::ChangedKeys& changed) {
    auto logging = environment.bind<LoggingProperties>("logging", config::Unknown::ignore);
    if (logging) {
        Levels now = levels_of(*logging);
        change_levels(*log_system, levels, now);
        levels = std::move(now);
    } else {
        log.error("log levels stay as they are: {}", logging.error().message());
    }
    if (concerns_distribution(changed)) {
        auto measuring = read_metrics(environment);
        auto now = measuring ? registry_options(*measuring, name) : fail(measuring.error());
        if (now) {
            meters->set_distribution(std::move(now->distribution));
        } else {
            log.error("metrics.distribution stays as it is: {}", now.error().message());
        }
    }
    if (!concerns_sampler(changed)) return;
    auto traces = read_tracing(environment);
    auto sampler = traces ? make_sampler(*traces) : fail(traces.error());
    if (sampler) {
        tracer->set_sampler(*std::move(sampler));
    } else {
        log.error("sampling stays as it is: {}", sampler.error().message());
    }
}

}  // namespace flotilla::service
