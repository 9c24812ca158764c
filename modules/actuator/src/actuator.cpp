#include "flotilla/actuator/actuator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "flotilla/actuator/endpoints.hpp"
#include "flotilla/actuator/health_contributors.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/http/server.hpp"
#include "web_filters.hpp"
#include "web_operation.hpp"

namespace flotilla::actuator {

namespace {

using detail::WebContext;
using detail::WebOperation;

std::shared_ptr<const Authorizer> authorizer_for(
    const ActuatorConfig& config, const ActuatorSources& sources
) {
    const SecurityConfig& security = config.security;
    if (security.enabled && !*security.enabled) return nullptr;
    if (sources.authorizer) return sources.authorizer;
    if (!security.enabled && security.user.empty()) return nullptr;
    std::vector<BasicAuthorizer::User> users;
    if (!security.user.empty()) users.push_back({security.user, security.password, security.roles});
    return std::make_shared<BasicAuthorizer>(sources.runtime, std::move(users));
}

/// `/`, `/a`, never `/a/`.
std::string normal_path(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    if (path.empty() || path.starts_with('/')) return std::string(path);
    return "/" + std::string(path);
}

/// `health-path` for `/{*path}` below health.
std::string relation_of(const std::string& id, const std::string& path) {
    std::string relation = id;
    for (const std::string_view step : split(path, '/')) {
        if (!step.starts_with('{')) continue;
        relation += '-';
        relation += trim(step.substr(1, step.size() - 2));
        std::erase(relation, '*');
    }
    return relation;
}

}  // namespace

struct Actuator::Impl {
    struct Link {
        std::string relation;
        std::string path;
    };

    Impl(ActuatorConfig c, ActuatorSources s)
        : config(std::move(c)),
          sources(std::move(s)),
          context(
              std::make_shared<const WebContext>(WebContext{sources.runtime, authorizer_for(config, sources)})
          ),
          health(sources.runtime, config.health, sources.log.logger("flotilla.actuator.health")),
          exchanges(100, config.recorded_parts),
          startup(sources.runtime.clock()),
          health_endpoint(health, config.health_rules, config.health_groups) {}

    void add(Endpoint endpoint) {
        std::erase_if(endpoints, [&](const auto& known) { return known.id == endpoint.id; });
        endpoints.push_back(std::move(endpoint));
    }

    void add_own_endpoints();
    void add_own_contributors();
    void mount_operation(
        http::Router& router,
        const std::string& path,
        std::string name,
        Operation operation,
        WebOperation::Options options
    );
    void mount_endpoint(http::Router& router, const std::string& base, const Endpoint& endpoint);
    void mount_discovery(http::Router& router, const std::string& base);
    void mount_additional_paths(http::Router& main, http::Router& management);

    ActuatorConfig config;
    ActuatorSources sources;
    std::shared_ptr<const WebContext> context;
    HealthRegistry health;
    AvailabilityState availability;
    ScheduledTasks scheduled_tasks;
    HttpExchangeRepository exchanges;
    InfoContributors info;
    StartupReport startup;
    Caches caches;
    HealthEndpoint health_endpoint;
    std::vector<Endpoint> endpoints;
    std::vector<Link> links;
    std::vector<const http::Router*> routers;
};

void Actuator::Impl::add_own_contributors() {
    if (config.contributes("ping")) health.add("ping", ping_health);
    if (config.contributes("diskSpace")) {
        health.add_blocking(
            "diskSpace",
            [path = config.disk_space_path, threshold = config.disk_space_threshold] {
                return disk_space_health(path, threshold);
            }
        );
    }
    if (config.health_groups.contains("liveness"))
        health.add("livenessState", [this] { return availability.liveness_health(); });
    if (config.health_groups.contains("readiness"))
        health.add("readinessState", [this] { return availability.readiness_health(); });

    if (config.info.build)
        info.add([this](Json& json) {
            Json section = build_info(sources.build);
            if (!section.empty()) json.set("build", std::move(section));
        });
    if (config.info.git)
        info.add([this](Json& json) {
            Json section = git_info(sources.build);
            if (!section.is_null()) json.set("git", std::move(section));
        });
    if (config.info.env)
        info.add([this](Json& json) {
            const Json tree = properties_info(sources.environment);
            for (const auto& member : tree.members()) json.set(member.key, member.value);
        });
    if (config.info.os) info.add([](Json& json) { json.set("os", os_info()); });
    if (config.info.process) info.add([](Json& json) { json.set("process", process_info()); });
    if (config.info.runtime) info.add([](Json& json) { json.set("runtime", runtime_info()); });
}

void Actuator::Impl::add_own_endpoints() {
    const auto values_of = [this](std::string_view id) {
        return ValueRules{config.of(id).show_values, config.of(id).roles};
    };
    auto refresh = sources.refresh;
    if (!refresh) refresh = [environment = sources.environment]() mutable { return environment.refresh(); };

    add(health_endpoint.endpoint());
    add(info_endpoint(info));
    add(env_endpoint(sources.environment, values_of("env"), config.env_post));
    add(configprops_endpoint(sources.environment, values_of("configprops"), sources.application));
    add(refresh_endpoint(std::move(refresh)));
    add(loggers_endpoint(sources.log));
    if (!sources.log_file.empty()) add(logfile_endpoint(sources.log_file));
    add(metrics_endpoint(sources.meters));
    add(prometheus_endpoint(sources.meters));
    add(mappings_endpoint([this] { return routers; }, sources.application));
    if (config.record_exchanges) {
        add(httpexchanges_endpoint(exchanges));
        add(httptrace_endpoint(exchanges));
    }
    add(scheduledtasks_endpoint(scheduled_tasks));
    add(caches_endpoint(caches));
    add(sbom_endpoint());
    add(thread_dump_endpoint(sources.runtime.clock(), sources.tasks));
    for (auto& endpoint : startup_endpoints(startup, sources.application)) add(std::move(endpoint));
    if (sources.shutdown) add(shutdown_endpoint(sources.shutdown));
}

void Actuator::Impl::mount_operation(
    http::Router& router,
    const std::string& path,
    std::string name,
    Operation operation,
    WebOperation::Options options
) {
    const auto web = std::make_shared<const WebOperation>(context, std::move(operation), options);
    http::Binding binding;
    binding.handler = [web](
                          http::Request& request, http::Response& response, const http::ErrorRenderer& errors
                      ) { return web->handle(request, response, errors); };
    http::RouteOptions route;
    route.name = std::move(name);
    route.produces = web->produces();
    route.consumes = web->consumes();
    router.add(web->method(), path, std::move(binding), std::move(route));
}

void Actuator::Impl::mount_endpoint(http::Router& router, const std::string& base, const Endpoint& endpoint) {
    const Access access = config.access_of(endpoint);
    std::string segment = endpoint.id;
    for (const auto& [id, mapped] : config.endpoints.web.path_mapping)
        if (uniform_endpoint_id(id) == endpoint.id) segment = mapped;
    for (const auto& operation : endpoint.operations) {
        if (operation.verb != Verb::read && access != Access::unrestricted) continue;
        const std::string path = normal_path(segment) + operation.path;
        const std::string relation = relation_of(endpoint.id, operation.path);
        const WebOperation::Options options{
            .open = endpoint.open,
            .local = endpoint.writes_are_local && operation.verb != Verb::read,
            .time_to_live = config.of(endpoint.id).cache.time_to_live
        };
        mount_operation(
            router, base + path, fmt::format("Actuator web endpoint '{}'", relation), operation, options
        );
        if (std::ranges::find(links, relation, &Link::relation) == links.end())
            links.push_back({relation, path});
    }
}

void Actuator::Impl::mount_discovery(http::Router& router, const std::string& base) {
    Operation links_of;
    links_of.run = [this](const Call& call) {
        Json links_json = Json::object();
        const auto add_link = [&](const std::string& relation, const std::string& path) {
            const bool templated = path.find('{') != std::string::npos;
            links_json.set(relation, Json::object({{"href", call.url + path}, {"templated", templated}}));
        };
        add_link("self", "");
        for (const auto& link : links) add_link(link.relation, link.path);
        return Answer::of(Json::object({{"_links", std::move(links_json)}}));
    };
    mount_operation(router, base, "Actuator root web endpoint", std::move(links_of), {});
}

void Actuator::Impl::mount_additional_paths(http::Router& main, http::Router& management) {
    for (const auto& [name, group] : config.health_groups) {
        const std::string_view text = group.additional_path;
        if (text.empty()) continue;
        const bool on_main = text.starts_with("server:");
        const std::string above =
            on_main || &main == &management ? sources.context_path : config.server.base_path;
        Operation operation;
        operation.run = [this, name](const Call& call) { return health_endpoint.read_group(name, call); };
        mount_operation(
            on_main ? main : management,
            normal_path(above) + std::string(text.substr(text.find(':') + 1)),
            fmt::format("Health group '{}'", name),
            std::move(operation),
            {.open = true}
        );
    }
}

Actuator::Actuator(ActuatorConfig config, ActuatorSources sources)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(sources))) {
    impl_->add_own_contributors();
    impl_->add_own_endpoints();
}

Actuator::~Actuator() = default;

HealthRegistry& Actuator::health() noexcept {
    return impl_->health;
}

AvailabilityState& Actuator::availability() noexcept {
    return impl_->availability;
}

ScheduledTasks& Actuator::scheduled_tasks() noexcept {
    return impl_->scheduled_tasks;
}

InfoContributors& Actuator::info() noexcept {
    return impl_->info;
}

Caches& Actuator::caches() noexcept {
    return impl_->caches;
}

StartupReport& Actuator::startup() noexcept {
    return impl_->startup;
}

const ActuatorConfig& Actuator::config() const noexcept {
    return impl_->config;
}

void Actuator::add(Endpoint endpoint) {
    impl_->add(std::move(endpoint));
}

Result<void> Actuator::mount(http::Router& main, http::Router& management) {
    Impl& impl = *impl_;
    if (impl.config.validate_group_membership) FLT_CHECK(impl.health_endpoint.check_groups());
    const WebConfig& web = impl.config.endpoints.web;
    const bool shared = &main == &management;
    const std::string base = normal_path(shared ? impl.sources.context_path : impl.config.server.base_path) +
                             normal_path(web.base_path);

    for (const auto& endpoint : impl.endpoints)
        if (impl.config.exposed(endpoint)) impl.mount_endpoint(management, base, endpoint);
    if (web.discovery.enabled && !normal_path(web.base_path).empty()) impl.mount_discovery(management, base);
    impl.mount_additional_paths(main, management);
    // With the endpoints at the root of a shared port, filters would be in the way of the service's own
    // routes.
    if (!base.empty()) {
        management.before(base, [cors = web.cors](http::Request& request, http::Response& response) {
            return detail::answer_cors(cors, request, response);
        });
        management.after(base, detail::list_methods);
    }
    impl.routers = {&main};
    if (!shared) impl.routers.push_back(&management);
    return {};
}

std::function<void(const http::Exchange&)> Actuator::exchange_observer() {
    Impl& impl = *impl_;
    const bool seen = std::ranges::any_of(impl.endpoints, [&](const Endpoint& endpoint) {
        return (endpoint.id == "httpexchanges" || endpoint.id == "httptrace") &&
               impl.config.exposed(endpoint);
    });
    if (!seen) return {};
    return [&impl](const http::Exchange& exchange) {
        const http::Request& request = exchange.request;
        const Duration taken = exchange.finished - exchange.received;
        const std::string base_url = request.base_url();
        const std::string remote =
            impl.config.recorded_parts.remote_address ? request.peer().address() : std::string();
        impl.exchanges.record({
            .received = impl.sources.runtime.clock().wall_now() - taken,
            .taken = taken,
            .method = request.method_text(),
            .base_url = base_url,
            .path = request.raw_path(),
            .query = request.query(),
            .request_fields = &request.fields(),
            .status = http::code_of(exchange.response.status()),
            .response_fields = exchange.response.headers().text(),
            .principal = request.principal,
            .remote_address = remote,
        });
    };
}

}  // namespace flotilla::actuator
