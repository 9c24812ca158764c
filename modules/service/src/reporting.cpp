#include "reporting.hpp"

#include "flotilla/discovery/local_host.hpp"
#include "flotilla/http/url.hpp"

namespace flotilla::service {

namespace {

/// How long a message waits to hear where the server is.
constexpr Duration locate_patience = std::chrono::seconds(1);

/// The address of one instance of the service that `url` names.
Task<Result<std::string>> locate(discovery::LoadBalancer* balancer, http::Url url) {
    const TimePoint now = runtime::EventLoop::current().now();
    const discovery::PickRequest request{.now = now};
    const Deadline deadline = Deadline::after(now, locate_patience);
    auto lease = co_await balancer->choose(url.host, request, deadline);
    if (!lease) co_return fail(lease.error());
    const discovery::ServiceInstance& instance = lease->instance();
    url.balanced = false;
    if (url.scheme.empty()) url.scheme = instance.secure ? "https" : "http";
    url.host = instance.host;
    url.port = instance.port;
    co_return url.to_string();
}

zipkin::Reporter::Means reporter_means(const zipkin::ReporterConfig& config, const Reporting::Means& means) {
    zipkin::Reporter::Means all{.runtime = means.runtime, .meters = &means.meters, .log = means.log};
    if (const auto url = http::Url::parse(config.address()); url && url->balanced)
        all.locate = [balancer = &means.balancer, url = *url] { return locate(balancer, url); };
    return all;
}

}  // namespace

Result<std::unique_ptr<Reporting>> Reporting::make(config::Environment environment, Means means) {
    FLT_TRY(auto config, zipkin::read_reporter(environment));
    if (!config.enabled.value_or(false)) return std::unique_ptr<Reporting>();
    std::string name = environment.get_or("spring.zipkin.service.name", means.service_name);
    return std::unique_ptr<Reporting>(new Reporting(std::move(config), std::move(means), std::move(name)));
}

Reporting::Reporting(zipkin::ReporterConfig config, Means means, std::string service_name)
    : service_name_(std::move(service_name)), reporter_(reporter_means(config, means), config) {}

void Reporting::begin(const std::string& address, std::uint16_t port) {
    const bool any = address.empty() || address == "0.0.0.0" || address == "::";
    reporter_.start(
        {.service = service_name_, .ip = any ? discovery::find_local_address() : address, .port = port}
    );
}

Task<> Reporting::end() {
    co_await reporter_.stop();
}

}  // namespace flotilla::service
