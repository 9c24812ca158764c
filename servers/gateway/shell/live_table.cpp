#include "live_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/gateway/answer_cache.hpp"
#include "flotilla/gateway/api_version.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::gateway {

namespace {

/// `RemoveRequestHeader` as `filter.remove-request-header.enabled` spells it.
bool is_disabled(const config::Environment& environment, std::string_view kind, const std::string& name) {
    const std::string property =
        gateway_property(environment, fmt::format("{}.{}.enabled", kind, config::canonical_name(name)));
    return environment.get_or(property, "true") == "false";
}

bool has_metadata(const RouteDefinition& route, const TableKeeper::Metadata& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& one) {
        const Json* value = route.metadata.is_object() ? route.metadata.find(one.first) : nullptr;
        if (!value) return false;
        const std::string* text = value->as_string();
        return (text ? *text : value->text()) == one.second;
    });
}

}  // namespace

TableKeeper::TableKeeper(
    Service& service, const GatewayConfig& config, Admission& admission, Components components
)
    : service_(service),
      config_(config),
      admission_(admission),
      components_(std::move(components)),
      log_(service.logger("gateway")),
      table_(std::make_shared<const LiveTable>()),
      slots_(service.runtime().size()) {
    for (const std::string& name : components_.filter_names())
        if (is_disabled(service.environment(), "filter", name)) components_.disable_filter(name);
    for (const std::string& name : components_.predicate_names())
        if (is_disabled(service.environment(), "predicate", name)) components_.disable_predicate(name);
}

std::shared_ptr<const LiveTable> TableKeeper::current() const {
    const std::size_t loop = runtime::EventLoop::current().index();
    Slot& slot = slots_[loop];
    if (slot.version != version_.load(std::memory_order_acquire)) {
        const std::scoped_lock lock(mutex_);
        slot.table = table_;
        slot.version = version_.load(std::memory_order_relaxed);
    }
    return slot.table;
}

Result<void> TableKeeper::reload() {
    const std::scoped_lock lock(mutex_);
    return reload_locked();
}

Result<ComponentMeans> TableKeeper::component_means(std::vector<std::string>& warnings) const {
    const config::Environment& environment = service_.environment();
    ComponentMeans means;
    means.log = log_;
    means.setting = [&environment](std::string_view name) {
        return environment.get_or(gateway_property(environment, name), "");
    };
    FLT_TRY(means.tokens, read_token_check(environment, service_.runtime().clock(), warnings));
    if (means.setting("filter.local-response-cache.enabled") == "true") {
        FLT_TRY(const AnswerCacheConfig cache, AnswerCacheConfig::read(means));
        means.answer_cache = std::make_shared<AnswerCache>(cache);
    }
    FLT_TRY(ApiVersionConfig versions, read_api_versions(environment));
    if (versions.has_source()) means.versions = std::make_shared<ApiVersions>(std::move(versions));
    return means;
}

RouteDefinitions TableKeeper::with_all_others(const RouteDefinitions& configured) const {
    RouteDefinitions all = configured;
    all.routes = located_;
    all.routes.insert(all.routes.end(), configured.routes.begin(), configured.routes.end());
    all.routes.insert(all.routes.end(), added_.begin(), added_.end());
    return all;
}

RouteDefinitions TableKeeper::within(const Metadata& scope, RouteDefinitions defined) const {
    if (scope.empty()) return defined;
    // In their former places, so that a tie goes to whom it went before.
    std::vector<RouteDefinition> merged;
    const std::span<const Route> in_force =
        table_->table ? table_->table->routes() : std::span<const Route>();
    for (const Route& route : in_force)
        if (!has_metadata(route.definition(), scope)) merged.push_back(route.definition());
    for (RouteDefinition& definition : defined.routes)
        if (has_metadata(definition, scope)) merged.push_back(std::move(definition));
    defined.routes = std::move(merged);
    return defined;
}

Result<void> TableKeeper::reload_locked(const Metadata& scope) {
    const config::Environment& environment = service_.environment();
    FLT_TRY(RouteDefinitions read, read_routes(environment));
    std::vector<std::string> warnings;
    FLT_TRY(const ComponentMeans means, component_means(warnings));
    FLT_TRY(CorsTable cors, read_cors(environment));
    FLT_TRY(auto table, RouteTable::compile(within(scope, with_all_others(read)), components_, means));
    auto live = std::make_shared<LiveTable>(std::move(table));
    live->cors = std::move(cors);
    live->versions = means.versions;
    live->means.reserve(live->table->routes().size());
    for (const Route& route : live->table->routes()) {
        live->means.push_back(means_of(route));
        const auto& cache = route.policies().cache;
        if (cache && std::ranges::find(live->caches, cache) == live->caches.end())
            live->caches.push_back(cache);
    }
    for (const std::string& warning : warnings) log_.warn("{}", warning);
    for (const auto& problem : live->table->problems()) log_.warn("{}", problem.message);
    log_.info("{} routes", live->table->routes().size());
    configured_ = std::move(read.routes);
    default_filters_ = std::move(read.default_filters);
    table_ = std::move(live);
    version_.fetch_add(1, std::memory_order_release);
    last_failure_.clear();
    return {};
}

void TableKeeper::reload_and_tell(const Metadata& scope) {
    const std::scoped_lock lock(mutex_);
    const auto reloaded = reload_locked(scope);
    if (reloaded || reloaded.error().message() == last_failure_) return;
    last_failure_ = reloaded.error().message();
    log_.error("the routes stay as they are: {}", last_failure_);
}

RouteMeans TableKeeper::means_of(const Route& route) {
    RouteMeans means;
    auto& policies = service_.policies();
    if (route.target().kind == RouteTarget::Kind::balanced) {
        // `_` is a slip of the pen for `-`, which the course makes once.
        const std::string name = replace_all(to_lower(route.target().service), "_", "-");
        if (route.target().service.find('_') != std::string::npos)
            log_.warn(
                "route '{}': lb://{} is taken for lb://{}", route.id(), route.target().service, to_upper(name)
            );
        means.cluster = &service_.balancer().cluster(name);
        means.balancing = &service_.balancing().of(name);
        means.budget = &policies.retry_budgets().get(name);
        means.limiter = admission_.limiter_of(name);
    } else {
        means.budget = &policies.retry_budgets().get(route.uri_text());
        if (route.target().kind != RouteTarget::Kind::forward)
            means.limiter = admission_.limiter_of(route.uri_text());
    }
    if (route.policies().cache) {
        const auto gets = [&](std::string_view result) {
            return service_.meters().counter(
                "cache.gets",
                {{"cache", route.id()}, {"cache.manager", "gateway"}, {"name", route.id()}, {"result", result}
                },
                {.description = "Requests whose answer a route may have kept"}
            );
        };
        means.cache_hits = gets("hit");
        means.cache_misses = gets("miss");
    }
    if (route.policies().breaker) {
        const std::string& configured = route.policies().breaker->name;
        const std::string& name = configured.empty() ? route.id() : configured;
        means.breaker = &policies.circuit_breakers().get(name, name);
        means.time_limiter = &policies.time_limiters().get(name, name);
    }
    return means;
}

// ---- the locator

void TableKeeper::notice_services() {
    if (!config_.locator.enabled) return;
    discovery::Discovery& discovery = service_.discovery();
    std::vector<std::string> names = discovery.services();
    std::ranges::sort(names);
    std::vector<discovery::ServiceInstance> services;
    for (const std::string& name : names) {
        const discovery::Snapshot list = discovery.instances(name);
        if (!list->instances.empty()) services.push_back(list->instances.back());
    }
    // The expressions were tried at the start.
    std::vector<std::string> left_out;
    auto located = located_routes(config_.locator, services, &left_out);
    if (!located) return;
    {
        const std::scoped_lock lock(mutex_);
        for (const std::string& reason : left_out)
            if (std::ranges::find(left_out_, reason) == left_out_.end())
                log_.warn("no route is located: {}", reason);
        left_out_ = std::move(left_out);
        if (*located == located_) return;
        located_ = *std::move(located);
    }
    reload_and_tell();
}

// ---- what operators do

RouteDefinitions TableKeeper::definitions() const {
    const std::scoped_lock lock(mutex_);
    return with_all_others({.routes = configured_, .default_filters = default_filters_, .fail_on_error = true}
    );
}

Result<void> TableKeeper::check(const std::vector<RouteDefinition>& routes) const {
    for (const RouteDefinition& route : routes) {
        const auto invalid = [](std::string_view what, const std::string& name) {
            return fail(Errc::invalid_argument, fmt::format("Invalid {}Definition: [{}]", what, name));
        };
        for (const auto& filter : route.filters)
            if (!components_.has_filter(filter.name)) return invalid("Filter", filter.name);
        for (const auto& predicate : route.predicates)
            if (!components_.has_predicate(predicate.name)) return invalid("Predicate", predicate.name);
        FLT_CHECK(RouteTarget::parse(route.uri));
        for (const auto* list : {&route.filters, &route.predicates})
            for (const auto& component : *list)
                for (const auto& [name, value] : component.args)
                    if (value.find("#{") != std::string::npos && !value.starts_with("#{@"))
                        return fail(
                            Errc::invalid_argument,
                            fmt::format("'{}' is an expression, which is never evaluated", value)
                        );
    }
    return {};
}

Result<std::shared_ptr<const RouteTable>> TableKeeper::try_out(std::vector<RouteDefinition> routes) const {
    FLT_CHECK(check(routes));
    RouteDefinitions all = definitions();
    std::erase_if(all.routes, [&](const RouteDefinition& one) {
        return std::ranges::find(routes, one.id, &RouteDefinition::id) != routes.end();
    });
    all.routes.insert(all.routes.end(), routes.begin(), routes.end());
    std::vector<std::string> warnings;
    FLT_TRY(const ComponentMeans means, component_means(warnings));
    return RouteTable::compile(all, components_, means);
}

Result<void> TableKeeper::add(std::vector<RouteDefinition> routes) {
    FLT_CHECK(check(routes));
    const std::scoped_lock lock(mutex_);
    for (RouteDefinition& route : routes) {
        std::erase_if(added_, [&](const RouteDefinition& one) { return one.id == route.id; });
        added_.push_back(std::move(route));
    }
    return {};
}

bool TableKeeper::remove(std::string_view id) {
    const std::scoped_lock lock(mutex_);
    return std::erase_if(added_, [&](const RouteDefinition& one) { return one.id == id; }) > 0;
}

}  // namespace flotilla::gateway
