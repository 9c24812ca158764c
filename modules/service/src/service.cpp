#include "flotilla/service/service.hpp"

#include <algorithm>
#include <cstdio>

#include "service_impl.hpp"
#include "version.hpp"

namespace flotilla::service {

namespace {

bool asks_for(const std::vector<std::string>& arguments, std::string_view option) {
    return std::ranges::find(arguments, option) != arguments.end();
}

}  // namespace

ServiceOptions ServiceOptions::of_program(std::string name, int argc, const char* const* argv) {
    ServiceOptions options{.name = std::move(name), .variables = config::process_environment()};
    for (int i = 1; i < argc; ++i) options.arguments.emplace_back(argv[i]);
    return options;
}

Service::Service(std::string name, int argc, const char* const* argv)
    : Service(ServiceOptions::of_program(std::move(name), argc, argv)) {}

Service::Service(ServiceOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Service::~Service() = default;

Service& Service::every(Duration interval, std::string target, Job job) {
    impl_->scheduler->add(std::move(target), Schedule::fixed_rate(interval), std::move(job));
    return *this;
}

Service& Service::after_each(Duration delay, std::string target, Job job) {
    impl_->scheduler->add(std::move(target), Schedule::fixed_delay(delay), std::move(job));
    return *this;
}

Service& Service::cron(std::string_view expression, std::string target, Job job) {
    auto parsed = CronExpression::parse(expression);
    if (parsed) {
        impl_->scheduler->add(std::move(target), Schedule::cron(*std::move(parsed)), std::move(job));
    } else {
        impl_->note(parsed.error().within(target));
    }
    return *this;
}

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

actuator::Actuator& Service::actuator() noexcept {
    return *impl_->operations;
}

discovery::RegistryClient& Service::discovery() noexcept {
    return impl_->membership->client();
}

discovery::LoadBalancer& Service::balancer() noexcept {
    return impl_->membership->balancer();
}

const discovery::BalancerProperties& Service::balancing() const noexcept {
    return impl_->membership->balancing();
}

remote::Remote& Service::remote() noexcept {
    return impl_->calls->remote();
}

resilience::Policies& Service::policies() noexcept {
    return impl_->calls->policies();
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

runtime::Endpoint Service::management_endpoint() const {
    const std::lock_guard lock(impl_->endpoint_mutex);
    return impl_->management_endpoint;
}

}  // namespace flotilla::service
