#include "flotilla/gateway/route.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/base/url_text.hpp"
#include "flotilla/config/property_name.hpp"

namespace flotilla::gateway {

namespace {

const Json* member(const Json& json, std::string_view name) {
    const std::string wanted = config::uniform_name(name);
    for (const auto& [key, value] : json.members())
        if (config::uniform_name(key) == wanted) return &value;
    return nullptr;
}

/// RFC 3986, 3.1.
bool is_scheme(std::string_view text) {
    return !text.empty() && is_ascii_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
        return is_ascii_alpha(c) || is_ascii_digit(c) || c == '+' || c == '-' || c == '.';
    });
}

/// Whole milliseconds; what is no number is as if it were not there.
std::optional<std::int64_t> millis_of(const Json* json) {
    if (!json) return std::nullopt;
    if (const auto number = json->as_int64()) return number;
    const std::string* text = json->as_string();
    return text ? parse_integer<std::int64_t>(*text) : std::nullopt;
}

/// A service may have said it: nobody waits longer than a day.
Duration time_of(std::int64_t millis) {
    return std::chrono::milliseconds(std::clamp<std::int64_t>(millis, 0, 86'400'000));
}

}  // namespace

Result<RouteTarget> RouteTarget::parse(std::string_view uri) {
    RouteTarget made;
    if (uri.empty()) return fail(Errc::invalid_argument, "it has no uri");
    const std::size_t colon = uri.find(':');
    const std::string_view scheme = uri.substr(0, colon);
    if (colon == std::string_view::npos)
        return fail(
            Errc::invalid_argument,
            fmt::format("uri '{}' has no scheme, such as lb://NAME or http://host:80", uri)
        );
    if (scheme == "forward") {
        made.kind = Kind::forward;
        std::string_view path = uri.substr(colon + 1);
        while (path.starts_with("//")) path.remove_prefix(1);
        if (!path.starts_with('/') || !fits_request_line(path))
            return fail(
                Errc::invalid_argument,
                fmt::format("uri '{}': forward: needs a path, as forward:/fallback", uri)
            );
        made.path = path;
        return made;
    }
    static constexpr std::string_view sent[] = {"http", "https", "ws", "wss", "lb"};
    if (std::ranges::find(sent, scheme) == std::ranges::end(sent)) {
        if (!is_scheme(scheme))
            return fail(
                Errc::invalid_argument,
                fmt::format("uri '{}': '{}' is no scheme, such as lb or http", uri, scheme)
            );
        made.kind = Kind::none;
        made.url.scheme = scheme;
        return made;
    }
    auto url = http::Url::parse(uri);
    if (!url) return fail(url.error().within(fmt::format("uri '{}'", uri)));
    made.url = *std::move(url);
    if (made.url.balanced) {
        made.kind = Kind::balanced;
        made.service = made.url.host;
    }
    return made;
}

Result<Route> Route::compile(
    RouteDefinition definition,
    const std::vector<ComponentDefinition>& default_filters,
    const Components& components,
    const ComponentMeans& means
) {
    Route made;
    made.definition_ = std::move(definition);
    const auto within = [&](const Error& error) {
        const Error told = error.within("route '" + made.definition_.id + "'");
        return fail(with_origin(told, made.definition_.origin));
    };
    auto target = RouteTarget::parse(made.definition_.uri);
    if (!target) return within(target.error());
    made.target_ = *std::move(target);
    made.uri_text_ = made.definition_.uri;
    if (made.target_.kind == RouteTarget::Kind::fixed)
        made.uri_text_ = made.target_.url.scheme + "://" +
                         host_and_port(made.target_.url.host, made.target_.url.port_or_default());
    for (const auto& predicate : made.definition_.predicates) {
        auto compiled = components.make_predicate(predicate, means);
        if (!compiled) return within(compiled.error());
        made.predicates_.push_back(*std::move(compiled));
    }
    const FilterScope scope{made.definition_, means, components};
    // Both lists count from 1; on a tie the default filter comes first.
    const auto add = [&](const std::vector<ComponentDefinition>& list) -> Result<void> {
        std::int32_t place = 0;
        for (const auto& filter : list) {
            FLT_TRY(auto compiled, components.make_filter(filter, scope));
            ++place;
            const std::int32_t order = compiled->order().value_or(place);
            made.filters_.push_back({std::move(compiled), order, made.filters_.size()});
        }
        return {};
    };
    if (auto added = add(default_filters); !added) return within(added.error().within("default-filters"));
    if (auto added = add(made.definition_.filters); !added) return within(added.error());
    std::ranges::sort(made.filters_, {}, [](const Placed& placed) {
        return std::pair(placed.order, placed.written);
    });
    for (const Placed& placed : made.filters_) placed.filter->ask(made.policies_);
    if (!made.policies_.cache) made.policies_.cache = means.answer_cache;
    if (auto read = made.read_metadata(components); !read) return within(read.error());
    return made;
}

Result<void> Route::read_metadata(const Components& components) {
    if (const auto millis = millis_of(member(definition_.metadata, "connect-timeout")))
        times_.connect = time_of(*millis);
    if (const auto millis = millis_of(member(definition_.metadata, "response-timeout")))
        times_.response = *millis < 0 ? Duration::max() : time_of(*millis);
    if (const Json* cors = member(definition_.metadata, "cors")) {
        auto rules = CorsRules::from(*cors);
        if (!rules) return fail(rules.error().within("metadata.cors"));
        cors_ = *std::move(rules);
    }
    if (const Json* balancing = member(definition_.metadata, "lb")) {
        const Json* key = member(*balancing, "key");
        const std::string* const name = key ? key->as_string() : nullptr;
        if (!name) return fail(Errc::invalid_argument, "metadata.lb has a key and nothing else");
        auto resolver = components.make_key_resolver(*name);
        if (!resolver) return fail(resolver.error().within("metadata.lb.key"));
        balance_key_ = *std::move(resolver);
    }
    return {};
}

const Predicate* Route::first_failed(Exchange& exchange) const {
    const std::size_t mark = exchange.variables().size();
    for (const auto& predicate : predicates_) {
        bool holds = false;
        try {
            holds = predicate->test(exchange);
        } catch (const std::exception&) {
            holds = false;
        }
        if (holds) continue;
        exchange.variables().shrink(mark);
        return predicate.get();
    }
    return nullptr;
}

bool Route::before(Exchange& exchange) const {
    for (std::size_t i = 0; i < filters_.size(); ++i) {
        if (filters_[i].filter->before(exchange) == Next::go_on) continue;
        // Those that stand before it see what it has answered.
        for (std::size_t j = i; j-- > 0;) filters_[j].filter->after(exchange, exchange.answer());
        return false;
    }
    return true;
}

void Route::after(Exchange& exchange, Answer& answer) const {
    for (std::size_t i = filters_.size(); i-- > 0;) filters_[i].filter->after(exchange, answer);
}

Json Route::to_json() const {
    std::string predicate;
    for (std::size_t i = 0; i < predicates_.size(); ++i)
        predicate =
            i == 0 ? predicates_[i]->text() : fmt::format("({} && {})", predicate, predicates_[i]->text());
    Json json = Json::object({{"predicate", predicate}});
    if (!definition_.metadata.empty()) json["metadata"] = definition_.metadata;
    json["route_id"] = definition_.id;
    Json filters = Json::array();
    for (const Placed& placed : filters_)
        filters.push_back(fmt::format("[[{}], order = {}]", placed.filter->text(), placed.order));
    json["filters"] = std::move(filters);
    json["uri"] = uri_text_;
    json["order"] = definition_.order;
    return json;
}

}  // namespace flotilla::gateway
