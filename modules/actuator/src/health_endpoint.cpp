#include "flotilla/actuator/health_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::actuator {

namespace {

/// `a/b` is asked for through `a`.
std::string_view first_step(std::string_view path) {
    return path.substr(0, path.find('/'));
}

/// Takes out of the tree what does not belong to the group.
void keep_members(Health& health, const HealthGroup& group, const std::string& prefix) {
    std::erase_if(health.components, [&](Health::Component& component) {
        const std::string path = prefix + component.name;
        const bool inner_node = component.health.composite && !component.health.components.empty();
        if (!inner_node) return !group.includes(path);
        keep_members(component.health, group, path + "/");
        return component.health.components.empty();
    });
}

}  // namespace

bool HealthRules::shows_details(const std::optional<Caller>& caller) const {
    return allows(show_details, roles, caller);
}

bool HealthRules::shows_components(const std::optional<Caller>& caller) const {
    return allows(show_components.value_or(show_details), roles, caller);
}

bool HealthGroup::includes(std::string_view path) const {
    const auto matches = [&](const std::string& member) {
        if (member == "*" || member == path) return true;
        // A member takes everything below it with it.
        return path.starts_with(member) && path.substr(member.size()).starts_with('/');
    };
    return std::ranges::any_of(include, matches) && std::ranges::none_of(exclude, matches);
}

HealthEndpoint::HealthEndpoint(const HealthRegistry& registry, HealthRules rules, Groups groups)
    : registry_(registry), rules_(std::move(rules)), groups_(std::move(groups)) {}

Result<void> HealthEndpoint::check_groups() const {
    const auto known = registry_.names();
    for (const auto& [name, group] : groups_) {
        for (const auto* members : {&group.include, &group.exclude}) {
            for (const auto& member : *members) {
                if (member == "*" || std::ranges::find(known, first_step(member)) != known.end()) continue;
                return fail(
                    Errc::invalid_argument,
                    fmt::format("health group '{}': there is no health contributor '{}'", name, member)
                );
            }
        }
    }
    return {};
}

Task<Answer> HealthEndpoint::read(std::string path, const Call& call) const {
    std::vector<std::string> steps;
    for (const auto step : split(path, '/')) steps.emplace_back(step);
    while (!steps.empty() && steps.back().empty()) steps.pop_back();
    const HealthGroup* group = nullptr;
    if (!steps.empty()) {
        if (const auto found = groups_.find(steps.front()); found != groups_.end()) {
            group = &found->second;
            steps.erase(steps.begin());
        }
    }
    return read_part(group, std::move(steps), call);
}

Task<Answer> HealthEndpoint::read_group(std::string name, const Call& call) const {
    const auto found = groups_.find(name);
    return read_part(found == groups_.end() ? nullptr : &found->second, {}, call);
}

Task<Answer> HealthEndpoint::read_part(
    const HealthGroup* group, std::vector<std::string> path, const Call& call
) const {
    const HealthRules& rules = group ? group->rules : rules_;
    if (!path.empty() && !rules.shows_components(call.caller)) co_return Answer::none();

    HealthRegistry::Filter wanted =
        [group, first = path.empty() ? std::string() : path.front()](std::string_view name) {
            if (!first.empty() && name != first) return false;
            if (!group) return true;
            return group->includes(name) || std::ranges::any_of(group->include, [&](const auto& member) {
                       return member.find('/') != std::string::npos && first_step(member) == name;
                   });
        };
    Health whole;
    if (registry_.immediate(wanted)) {
        whole = registry_.check_immediate(wanted, rules.status);
    } else {
        whole = co_await registry_.check(std::move(wanted), rules.status);
    }
    if (group) {
        keep_members(whole, *group, "");
        aggregate_tree(whole, rules.status);
    }
    co_return render(std::move(whole), group, path, call);
}

Answer HealthEndpoint::render(
    Health whole, const HealthGroup* group, const std::vector<std::string>& path, const Call& call
) const {
    const Health* node = &whole;
    for (const auto& step : path) {
        const auto found = std::ranges::find(node->components, step, &Health::Component::name);
        if (found == node->components.end()) return Answer::none();
        node = &found->health;
    }
    const HealthRules& rules = group ? group->rules : rules_;
    const HealthView view{
        .components = rules.shows_components(call.caller),
        .details = rules.shows_details(call.caller),
        .components_key = call.version == ApiVersion::v2 ? "details" : "components"
    };
    Json json = health_json(*node, view);
    if (!group && node->composite && !groups_.empty()) {
        Json names = Json::array();
        for (const auto& [name, ignored] : groups_) names.push_back(name);
        json.set("groups", std::move(names));
    }
    return Answer::of(std::move(json), rules.status.http_status(node->status));
}

Endpoint HealthEndpoint::endpoint() const {
    Endpoint endpoint;
    endpoint.id = "health";
    endpoint.open = true;
    Operation::Coroutine whole = [this](const Call& call) { return read("", call); };
    Operation::Coroutine part = [this](const Call& call) { return read(call.selector("path"), call); };
    endpoint.operations.push_back({.run = std::move(whole)});
    endpoint.operations.push_back({.path = "/{*path}", .run = std::move(part)});
    return endpoint;
}

}  // namespace flotilla::actuator
