#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <utility>

#include "flotilla/actuator/endpoints.hpp"
#include "flotilla/config/masking.hpp"
#include "flotilla/reflect/print.hpp"
#include "secrets.hpp"

namespace flotilla::actuator {

namespace {

using config::Environment;
using config::Property;

/// Where a property can be seen: what it is worth, and how it is shown.
class PropertyView {
public:
    PropertyView(const Environment& environment, bool show) : environment_(environment), show_(show) {}

    [[nodiscard]] Json value(const Property& property) const {
        if (!show_ || tells_secret(environment_, property)) return config::masked_value;
        return config::shown_value(property.name, environment_.resolved(property));
    }

    [[nodiscard]] Json with_origin(const Property& property) const {
        Json json = Json::object({{"value", value(property)}});
        if (!property.origin.empty()) json.set("origin", property.origin);
        return json;
    }

    /// The same as text, for long documents.
    void append(std::string& out, const Property& property) const {
        out += "{\"value\":";
        append_json(out, value(property));
        if (!property.origin.empty()) {
            out += ",\"origin\":";
            reflect::print::string(out, property.origin);
        }
        out += '}';
    }

private:
    const Environment& environment_;
    bool show_;
};

void append_profiles(std::string& out, const Environment& environment) {
    out += "{\"activeProfiles\":";
    append_json(out, Json(environment.active_profiles()));
    out += ",\"defaultProfiles\":";
    append_json(out, Json(environment.default_profiles()));
}

Answer all_properties(const Environment& environment, const ValueRules& rules, const Call& call) {
    std::optional<std::regex> pattern;
    if (const std::string* text = call.query_parameter("pattern")) {
        try {
            // Strangers write patterns: the engine must not go back and forth without end, nor recurse.
            pattern.emplace(*text, std::regex::ECMAScript | std::regex_constants::__polynomial);
        } catch (const std::regex_error&) {
            return Answer::bad_request(fmt::format("Invalid pattern '{}'", *text));
        }
    }
    const PropertyView view(environment, rules.shows(call.caller));
    std::string out;
    append_profiles(out, environment);
    out += ",\"propertySources\":[";
    bool first_source = true;
    for (const auto& source : environment.sources()) {
        if (!std::exchange(first_source, false)) out += ',';
        out += "{\"name\":";
        reflect::print::string(out, source->name());
        out += ",\"properties\":{";
        bool first = true;
        for (const auto& property : source->properties()) {
            if (pattern && !std::regex_search(property.name, *pattern)) continue;
            if (!std::exchange(first, false)) out += ',';
            reflect::print::string(out, property.name);
            out += ':';
            view.append(out, property);
        }
        out += "}}";
    }
    out += "]}";
    return Answer::json_text(std::move(out));
}

Answer one_property(const Environment& environment, const ValueRules& rules, const Call& call) {
    const std::string& name = call.selector("toMatch");
    const auto winner = environment.find(name);
    if (!winner) return Answer::none();
    const PropertyView view(environment, rules.shows(call.caller));
    Json json = Json::object({
        {"property",
         Json::object({{"source", winner->source->name()}, {"value", view.value(*winner->property)}})},
        {"activeProfiles", environment.active_profiles()},
        {"defaultProfiles", environment.default_profiles()},
    });
    Json sources = Json::array();
    for (const auto& source : environment.sources()) {
        Json one = Json::object({{"name", source->name()}});
        if (const Property* property = source->find(name)) one.set("property", view.with_origin(*property));
        sources.push_back(std::move(one));
    }
    json.set("propertySources", std::move(sources));
    return Answer::of(std::move(json));
}

std::string text_of(const Json& value) {
    const std::string* text = value.as_string();
    return text ? *text : value.text();
}

Answer set_property(Environment& environment, const Call& call) {
    const Json name = call.parameter("name");
    const Json value = call.parameter("value");
    if (name.is_null() || value.is_null()) return Answer::bad_request("Missing parameters: name, value");
    const std::string key = text_of(name);
    const std::string text = text_of(value);
    const auto changed = environment.set_at_run_time({{key, Json(text)}});
    if (!changed) return Answer::bad_request(changed.error().message());
    return Answer::of(Json::object({{key, text}}));
}

Answer drop_properties(Environment& environment) {
    Json dropped = Json::object();
    std::vector<std::pair<std::string, Json>> none;
    for (const auto& source : environment.sources()) {
        if (source->precedence() != config::Precedence::manager) continue;
        for (const auto& property : source->properties()) {
            dropped.set(property.name, property.value);
            none.emplace_back(property.name, Json());
        }
    }
    const auto changed = environment.set_at_run_time(none);
    if (!changed) return Answer::failure(http::Status::internal_server_error, changed.error().message());
    return Answer::of(std::move(dropped));
}

/// Masks every leaf of a tree.
void mask_all(Json& value) {
    if (value.is_object()) {
        for (auto& member : value.members()) mask_all(member.value);
    } else if (value.is_array()) {
        for (auto& element : value.elements()) mask_all(element);
    } else if (!value.is_null()) {
        value = config::masked_value;
    }
}

/// Masks what must never be shown.
void mask_secrets(Json& value, const std::string& name) {
    if (value.is_object()) {
        for (auto& member : value.members()) mask_secrets(member.value, name + "." + member.key);
    } else if (value.is_array()) {
        for (auto& element : value.elements()) mask_secrets(element, name);
    } else if (!value.is_null()) {
        value = config::shown_value(name, value);
    }
}

/// `server` as `server-ServerConfig` has no type here: the prefix is the name.
Json bound_json(const config::BoundConfig& bound, bool show) {
    Json properties = bound.values;
    Json inputs = Json::object();
    for (const auto& input : bound.inputs) {
        const bool visible = show && !input.encrypted;
        Json value = visible ? config::shown_value(input.name, input.value) : Json(config::masked_value);
        Json one = Json::object({{"value", std::move(value)}});
        if (!input.origin.empty()) one.set("origin", input.origin);
        std::string_view name = input.name;
        if (name.starts_with(bound.prefix)) name.remove_prefix(bound.prefix.size());
        if (name.starts_with('.')) name.remove_prefix(1);
        inputs.set(std::string(name), std::move(one));
        // What was encrypted must not be seen in the struct either: its place there is not known.
        if (input.encrypted) show = false;
    }
    if (show) {
        mask_secrets(properties, bound.prefix);
    } else {
        mask_all(properties);
    }
    return Json::object(
        {{"prefix", bound.prefix}, {"properties", std::move(properties)}, {"inputs", std::move(inputs)}}
    );
}

Answer bound_structs(
    const Environment& environment, const ValueRules& rules, const std::string& application, const Call& call
) {
    const bool show = rules.shows(call.caller);
    const bool filtered = call.selectors.contains("prefix");
    Json beans = Json::object();
    for (const auto& bound : environment.bound())
        if (bound.prefix.starts_with(call.selector("prefix")))
            beans.set(bound.prefix, bound_json(bound, show));
    if (filtered && beans.empty()) return Answer::none();
    Json context = Json::object({{"beans", std::move(beans)}});
    return Answer::of(Json::object({{"contexts", Json::object({{application, std::move(context)}})}}));
}

}  // namespace

bool ValueRules::shows(const std::optional<Caller>& caller) const {
    return allows(show_values, roles, caller);
}

Endpoint env_endpoint(config::Environment environment, ValueRules rules, bool allow_post) {
    Endpoint endpoint;
    endpoint.id = "env";
    Operation::Function all = [environment, rules](const Call& call) {
        return all_properties(environment, rules, call);
    };
    Operation::Function one = [environment, rules](const Call& call) {
        return one_property(environment, rules, call);
    };
    endpoint.operations.push_back({.run = std::move(all), .place = Place::pool});
    endpoint.operations.push_back({.path = "/{toMatch}", .run = std::move(one)});
    if (allow_post) {
        Operation::Function post = [environment](const Call& call) mutable {
            return set_property(environment, call);
        };
        Operation::Function drop = [environment](const Call&) mutable {
            return drop_properties(environment);
        };
        endpoint.operations.push_back(
            {.verb = Verb::write, .run = std::move(post), .place = Place::pool, .takes_body = true}
        );
        endpoint.operations.push_back({.verb = Verb::remove, .run = std::move(drop), .place = Place::pool});
    }
    return endpoint;
}

Endpoint configprops_endpoint(config::Environment environment, ValueRules rules, std::string application) {
    Endpoint endpoint;
    endpoint.id = "configprops";
    Operation::Function read = [environment, rules, application](const Call& call) {
        return bound_structs(environment, rules, application, call);
    };
    endpoint.operations.push_back({.run = read, .place = Place::pool});
    endpoint.operations.push_back({.path = "/{prefix}", .run = std::move(read), .place = Place::pool});
    return endpoint;
}

Endpoint refresh_endpoint(std::function<Result<config::Environment::ChangedKeys>()> refresh) {
    Operation::Function run = [refresh = std::move(refresh)](const Call&) {
        const auto changed = refresh();
        if (!changed) return Answer::failure(http::Status::internal_server_error, changed.error().message());
        Json keys = Json::array();
        for (const auto& key : *changed) keys.push_back(key);
        return Answer::of(std::move(keys));
    };
    Endpoint endpoint;
    endpoint.id = "refresh";
    endpoint.operations.push_back({.verb = Verb::write, .run = std::move(run), .place = Place::pool});
    return endpoint;
}

}  // namespace flotilla::actuator
