#include "remote_core.hpp"

#include <stdexcept>

#include "flotilla/base/text.hpp"
#include "flotilla/resilience/policies.hpp"

namespace flotilla::remote {

namespace {

/// What clients have besides their time limits: those are given with each request.
http::ClientConfig wire_config(http::ClientConfig config) {
    config.timeouts.total = Milliseconds(0);
    return config;
}

}  // namespace

bool names_a_service(const http::Url& url) noexcept {
    if (url.balanced) return true;
    return url.port == 0 && url.host.find_first_of(".:") == std::string::npos &&
           !iequals(url.host, "localhost");
}

RemoteCore::RemoteCore(
    runtime::Runtime& runtime_,
    config::Environment environment_,
    discovery::LoadBalancer& balancer_,
    RemoteOptions options_
)
    : runtime(runtime_),
      clock(runtime_.clock()),
      environment(std::move(environment_)),
      balancer(balancer_),
      options(std::move(options_)),
      http(runtime_, wire_config(options.http), options.telemetry),
      meters(options.telemetry.meters),
      scopes(runtime_.size()) {
    if (auto loaded = SharedSettings::load(environment))
        shared = std::move(*loaded);
    else
        problem(loaded.error());
    guards = options.guards;
    if (guards || !options.policies) return;
    constexpr std::string_view no_limits = "spring.cloud.circuitbreaker.resilience4j.disable-time-limiter";
    const auto without_limits = environment.get<bool>(no_limits, false);
    if (!without_limits) problem(without_limits.error());
    guards = guards_of(*options.policies, !without_limits.value_or(false));
}

void RemoteCore::problem(const Error& error) const {
    if (!options.on_problem) throw std::invalid_argument(error.message());
    options.on_problem(error);
}

detail::Client& RemoteCore::add(detail::ClientSpec spec) {
    detail::Client& client = clients.emplace_back(*this, std::move(spec));
    return client;
}

detail::Client& RemoteCore::plain_client(std::string_view service) {
    const std::lock_guard lock(mutex);
    if (const auto found = plain.find(service); found != plain.end()) return *found->second;
    auto settings = load_client_settings(environment, service);
    if (!settings) {
        options.telemetry.log.warn("{}", settings.error().message());
        settings = ClientSettings{};
    }
    settings->url.clear();
    detail::Client& client = add({
        .service = std::string(service),
        .context_id = std::string(service),
        .type = "Remote",
        .logger = "remote",
        .settings = std::move(*settings),
        .interceptors = interceptors,
        .error_decoder = error_decoder,
    });
    client.plain = &client.add({.name = "exchange", .signature = "(String)", .json = false});
    plain.emplace(service, &client);
    return client;
}

resilience::RetryBudget& RemoteCore::budget(std::string_view service) {
    const std::string name = to_lower(service);
    if (options.policies) return options.policies->retry_budgets().get(name);
    auto& budget = budgets[name];
    if (!budget) budget = std::make_unique<resilience::RetryBudget>();
    return *budget;
}

runtime::TaskScope& RemoteCore::scope() {
    runtime::EventLoop& loop = runtime::EventLoop::current();
    auto& scope = scopes[loop.index()];
    if (!scope) scope = std::make_unique<runtime::TaskScope>(loop);
    return *scope;
}

}  // namespace flotilla::remote
