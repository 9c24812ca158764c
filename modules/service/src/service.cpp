#include "flotilla/service/service.hpp"

#include <cstdio>

#include "flotilla/base/text.hpp"
#include "flotilla/metrics/standard_meters.hpp"
#include "metrics_setup.hpp"
#include "service_impl.hpp"
#include "signals.hpp"
#include "version.hpp"

namespace flotilla::service {

namespace {

ServiceOptions options_of(std::string name, int argc, const char* const* argv) {
    ServiceOptions options{.name = std::move(name), .variables = config::process_environment()};
    for (int i = 1; i < argc; ++i) options.arguments.emplace_back(argv[i]);
    return options;
}

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

bool asks_for(const std::vector<std::string>& arguments, std::string_view option) {
    return std::ranges::find(arguments, option) != arguments.end();
}

}  // namespace

Service::Impl::Impl(ServiceOptions given) : options(std::move(given)) {
    block_signals();
    const Clock& clock = Clock::system();
    const TimePoint began = clock.now();

    auto loaded = config::Environment::load(
        {.arguments = options.arguments,
         .variables = options.variables,
         .defaults = {{"spring.application.name", options.name}},
         .files = options.files}
    );
    environment = value_or_note(std::move(loaded), environment);
    name = environment.get_or("spring.application.name", options.name);

    const auto logging =
        value_or_note(environment.bind<LoggingProperties>("logging", config::Unknown::ignore));
    const auto traces = value_or_note(read_tracing(environment));
    const std::string& traced_name = traces.service_name.empty() ? name : traces.service_name;
    levels = levels_of(logging);
    log_system = value_or_note(make_log(logging, traced_name, clock), {});
    if (!log_system) log_system = std::make_unique<log::LogSystem>(log::LogOptions{.service = traced_name});
    log = log_system->logger("service");

    const auto measuring = value_or_note(read_metrics(environment));
    meters = std::make_unique<metrics::Registry>(
        value_or_note(registry_options(measuring, name)), clock, log_system->logger("metrics")
    );
    add_enable_filter(*meters, measuring.enable);
    tracer = std::make_unique<tracing::Tracer>(value_or_note(tracer_config(traces)), clock, spans);

    runtime = std::make_unique<runtime::Runtime>(
        value_or_note(environment.bind<runtime::RuntimeConfig>("flotilla.runtime")), clock
    );
    metrics::bind_process_meters(*meters);
    metrics::bind_log_meters(*meters, *log_system);
    metrics::bind_self_meters(*meters);
    metrics::bind_build_info(*meters, {version(), revision(), compiler()});
    bind_runtime_meters(*meters, *runtime);

    server_properties = value_or_note(environment.bind<ServerProperties>("server"));
    std::string& context_path = server_properties.context_path;
    if (context_path.empty()) context_path = server_properties.servlet.context_path;
    context_path = tidy_context_path(std::move(context_path));
    const bool problems = value_or_note(environment.get("spring.mvc.problemdetails.enabled", false));
    errors = std::make_unique<http::ErrorRenderer>(error_config(server_properties.error, problems), clock);
    router = std::make_unique<http::Router>(*errors);

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
}

Service::Impl::~Impl() = default;

void Service::Impl::note(const Error& why) {
    if (!start_error) start_error = why;
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
    if (!concerns_sampler(changed)) return;
    auto traces = read_tracing(environment);
    auto sampler = traces ? make_sampler(*traces) : fail(traces.error());
    if (sampler) {
        tracer->set_sampler(*std::move(sampler));
    } else {
        log.error("sampling stays as it is: {}", sampler.error().message());
    }
}

Service::Service(std::string name, int argc, const char* const* argv)
    : Service(options_of(std::move(name), argc, argv)) {}

Service::Service(ServiceOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Service::~Service() = default;

Service& Service::on_start(Job job) {
    impl_->start_jobs.push_back(std::move(job));
    return *this;
}

Service& Service::on_stop(Job job) {
    impl_->stop_jobs.push_back(std::move(job));
    return *this;
}

Service& Service::on_readiness(std::function<Task<>(bool)> notify) {
    impl_->readiness_listeners.push_back(std::move(notify));
    return *this;
}

void Service::report_spans_to(std::shared_ptr<tracing::SpanSink> sink) {
    impl_->spans.replace(std::move(sink));
}

void Service::cannot_start(const Error& why) {
    impl_->note(why);
}

config::Environment& Service::environment() noexcept {
    return impl_->environment;
}

log::Logger Service::logger(std::string_view name) {
    return impl_->log_system->logger(name);
}

log::LogSystem& Service::log_system() noexcept {
    return *impl_->log_system;
}

metrics::Registry& Service::meters() noexcept {
    return *impl_->meters;
}

tracing::Tracer& Service::tracer() noexcept {
    return *impl_->tracer;
}

runtime::Runtime& Service::runtime() noexcept {
    return *impl_->runtime;
}

http::Router& Service::router() noexcept {
    return *impl_->router;
}

std::string Service::path_of(std::string_view pattern) const {
    return impl_->server_properties.context_path + std::string(pattern);
}

void Service::document(std::vector<PropertyDoc> properties) {
    for (PropertyDoc& property : properties) impl_->docs.push_back(std::move(property));
}

int Service::run() {
    const auto& arguments = impl_->options.arguments;
    if (asks_for(arguments, "--version")) {
        fmt::print("{}\n", version_text(impl_->name, impl_->options.version));
        return 0;
    }
    if (asks_for(arguments, "--help") || asks_for(arguments, "-h")) {
        fmt::print("{}", usage_text(impl_->options.name, impl_->docs));
        return 0;
    }
    return impl_->run();
}

void Service::stop() {
    impl_->home().post([impl = impl_.get()] { impl->ask_to_stop(0); });
}

runtime::Endpoint Service::endpoint() const {
    const std::lock_guard lock(impl_->endpoint_mutex);
    return impl_->endpoint;
}

}  // namespace flotilla::service
