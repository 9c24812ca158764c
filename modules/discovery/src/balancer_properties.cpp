#include "flotilla/discovery/balancer_properties.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "flotilla/base/text.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/discovery/balancer_described.hpp"

namespace flotilla::discovery {

namespace {

constexpr std::string_view spring = "spring.cloud.loadbalancer";
constexpr std::string_view ours = "flotilla.loadbalancer";
constexpr std::string_view path_of_service = "spring.cloud.loadbalancer.health-check.path.";

Result<void> apply_configurations(const SpringBalancerConfig& given, ServiceBalancing& out) {
    for (const std::string_view name : split_list(given.configurations)) {
        if (name == "zone-preference") {
            out.balancer.zone_preference = true;
        } else if (name == "health-check") {
            out.checks.enabled = true;
        } else if (name == "weighted") {
            out.balancer.algorithm = Algorithm::weighted;
        } else if (name == "same-instance-preference") {
            out.balancer.same_instance = true;
        } else if (name == "subset") {
            out.balancer.subset_size = given.subset.size;
            if (!given.subset.instance_id.empty()) out.balancer.subset_id = given.subset.instance_id;
        } else if (name == "request-based-sticky-session") {
            out.sticky = true;
        } else if (name != "default") {
            return fail(
                Errc::invalid_argument,
                "spring.cloud.loadbalancer.configurations: '" + std::string(name) + "' is not known"
            );
        }
    }
    return {};
}

/// Settings of `prefix` and `own_prefix` over those that hold already.
Result<void> read_over(
    config::Environment environment,
    const std::string& prefix,
    const std::string& own_prefix,
    std::string_view service,
    SpringBalancerConfig& given,
    ServiceBalancing& out
) {
    using config::Unknown;
    FLT_TRY(given, environment.bind_over(given, prefix, Unknown::ignore));
    // Spring has paths by service in one map; `clients.<service>` is nearer.
    if (!service.empty())
        out.checks.path = environment.get_or(std::string(path_of_service).append(service), out.checks.path);
    FLT_TRY(out.checks, environment.bind_over(out.checks, prefix + ".health-check", Unknown::ignore));
    out.sticky_session = given.sticky_session;
    out.hint_header_name = given.hint_header_name;
    FLT_CHECK(apply_configurations(given, out));
    if (!given.zone.empty()) out.balancer.zone = given.zone;
    out.checks.path = environment.get_or(prefix + ".health-check.path.default", out.checks.path);
    for (const std::string_view key : {std::string_view("default"), service})
        for (const auto& [name, hint] : given.hint)
            if (config::uniform_name(name) == config::uniform_name(key)) out.hint = hint;
    FLT_TRY(out.balancer, environment.bind_over(out.balancer, own_prefix, Unknown::ignore));
    return {};
}

std::string find_local_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// Services that have settings of their own.
std::set<std::string> named_services(const config::Environment& environment) {
    static constexpr std::string_view places[] = {
        "spring.cloud.loadbalancer.clients.", "flotilla.loadbalancer.clients.", path_of_service
    };
    std::set<std::string> services;
    for (const std::string& name : environment.names()) {
        const std::string uniform = config::uniform_name(name);
        for (const std::string_view place : places) {
            const std::string before = config::uniform_name(place);
            if (!uniform.starts_with(before)) continue;
            const auto depth = static_cast<std::size_t>(std::ranges::count(before, '.'));
            const auto steps = config::split_name(name);
            if (steps.size() > depth) services.insert(to_lower(steps[depth].text));
        }
    }
    services.erase("default");
    return services;
}

}  // namespace

Result<BalancerProperties> BalancerProperties::load(const config::Environment& environment) {
    BalancerProperties properties;
    SpringBalancerConfig given;
    properties.by_default_.balancer.subset_id =
        environment.get_or("spring.application.name", "") + "@" + find_local_name();
    given.zone = environment.get_or("eureka.instance.metadata-map.zone", "");
    FLT_CHECK(
        read_over(environment, std::string(spring), std::string(ours), "", given, properties.by_default_)
    );
    std::set<std::string> services = named_services(environment);
    for (const auto& [service, hint] : given.hint) services.insert(to_lower(service));
    for (const std::string& service : services) {
        ServiceBalancing own = properties.by_default_;
        SpringBalancerConfig own_given = given;
        FLT_CHECK(read_over(
            environment,
            std::string(spring) + ".clients." + service,
            std::string(ours) + ".clients." + service,
            service,
            own_given,
            own
        ));
        properties.by_service_.emplace(config::uniform_name(service), std::move(own));
    }
    return properties;
}

bool BalancerProperties::any_checks() const noexcept {
    return by_default_.checks.enabled ||
           std::ranges::any_of(by_service_, [](const auto& own) { return own.second.checks.enabled; });
}

const ServiceBalancing& BalancerProperties::of(std::string_view service) const {
    const auto own = by_service_.find(config::uniform_name(service));
    return own == by_service_.end() ? by_default_ : own->second;
}

}  // namespace flotilla::discovery
