#include "flotilla/gateway/locator.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/route.hpp"

namespace flotilla::gateway {

namespace {

/// One expression on its way through the parts that it is joined of.
class Evaluation {
public:
    Evaluation(std::string_view text, const discovery::ServiceInstance& instance, std::string_view service_id)
        : whole_(text), rest_(trim(text)), instance_(instance), service_id_(service_id) {}

    Result<std::string> run() {
        std::string value;
        while (true) {
            FLT_CHECK(term(value));
            skip_blanks();
            if (rest_.empty()) return value;
            if (!take("+")) return wrong();
            skip_blanks();
        }
    }

private:
    Result<void> term(std::string& value) {
        if (rest_.starts_with('\'')) return literal(value);
        if (take("serviceId")) {
            value += service_id_;
        } else if (take("host")) {
            value += instance_.host;
        } else if (take("port")) {
            value += std::to_string(instance_.port);
        } else if (take("metadata[")) {
            std::string key;
            FLT_CHECK(literal(key));
            if (!take("]")) return wrong();
            value += instance_.value(key);
        } else if (take("true")) {
            value += "true";
        } else if (take("false")) {
            value += "false";
        } else {
            return wrong();
        }
        return {};
    }

    /// `'it''s'` is it's.
    Result<void> literal(std::string& value) {
        if (!take("'")) return wrong();
        while (true) {
            const std::size_t end = rest_.find('\'');
            if (end == std::string_view::npos) return wrong();
            value += rest_.substr(0, end);
            rest_.remove_prefix(end + 1);
            if (!take("'")) return {};
            value += '\'';
        }
    }

    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    void skip_blanks() {
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    }

    [[nodiscard]] std::unexpected<Error> wrong() const {
        return fail(
            Errc::unsupported,
            fmt::format(
                "'{}' is no expression that is understood: texts in ' ', serviceId, host, port and "
                "metadata['key'], joined with +",
                whole_
            )
        );
    }

    std::string_view whole_;
    std::string_view rest_;
    const discovery::ServiceInstance& instance_;
    std::string_view service_id_;
};

/// With the values that its arguments have for that service.
Result<std::vector<ComponentDefinition>> evaluated(
    const std::vector<ComponentDefinition>& written,
    const discovery::ServiceInstance& instance,
    std::string_view service_id
) {
    std::vector<ComponentDefinition> made = written;
    for (ComponentDefinition& component : made) {
        for (auto& [name, value] : component.args) {
            FLT_TRY(value, evaluate_located(value, instance, service_id));
            // What Spring's own examples call the pattern of a Path or Host.
            if (name == "pattern") name = "_genkey_0";
        }
    }
    return made;
}

/// Services may tell times of theirs; where requests of others are let in is the gateway's business.
Json metadata_of(const discovery::ServiceInstance& instance) {
    Json made = Json::object();
    for (const auto& [key, value] : instance.metadata)
        if (key != "cors" && key != "lb") made[key] = value;
    return made;
}

Result<RouteDefinition> located_route(
    const LocatorConfig& config, const discovery::ServiceInstance& instance
) {
    const std::string id = to_upper(instance.service);
    const std::string shown = config.lower_case_service_id ? to_lower(id) : id;
    RouteDefinition route;
    route.id = config.route_id_prefix + id;
    FLT_TRY(route.uri, evaluate_located(config.url_expression, instance, id));
    FLT_TRY(route.predicates, evaluated(config.predicates, instance, shown));
    FLT_TRY(route.filters, evaluated(config.filters, instance, shown));
    if (config.predicates.empty()) route.predicates = {{"Path", {{"_genkey_0", "/" + shown + "/**"}}}};
    if (config.filters.empty())
        route.filters = {
            {"RewritePath", {{"regexp", "/" + shown + "/?(?<remaining>.*)"}, {"replacement", "/${remaining}"}}
            }
        };
    if (Json metadata = metadata_of(instance); metadata.size() > 0) route.metadata = std::move(metadata);
    return route;
}

}  // namespace

Result<std::string> evaluate_located(
    std::string_view expression, const discovery::ServiceInstance& instance, std::string_view service_id
) {
    return Evaluation(expression, instance, service_id).run();
}

Result<std::vector<RouteDefinition>> located_routes(
    const LocatorConfig& config,
    const std::vector<discovery::ServiceInstance>& services,
    std::vector<std::string>* left_out
) {
    std::vector<RouteDefinition> routes;
    for (const discovery::ServiceInstance& instance : services) {
        const std::string id = to_upper(instance.service);
        FLT_TRY(const std::string included, evaluate_located(config.include_expression, instance, id));
        FLT_TRY(auto route, located_route(config, instance));
        if (included != "true") continue;
        if (const auto target = RouteTarget::parse(route.uri); target) {
            routes.push_back(std::move(route));
        } else if (left_out) {
            left_out->push_back(fmt::format("service '{}': {}", instance.service, target.error().message()));
        }
    }
    return routes;
}

}  // namespace flotilla::gateway
