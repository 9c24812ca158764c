#include "flotilla/gateway/property_tree.hpp"

#include <span>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/reflect/leaves.hpp"

namespace flotilla::gateway {

namespace {

using reflect::Json;

constexpr std::size_t longest_list = 100'000;

bool is_below(std::string_view name, std::string_view prefix) {
    return name.starts_with(prefix) &&
           (name.size() == prefix.size() || name[prefix.size()] == '.' || name[prefix.size()] == '[');
}

using Steps = std::vector<reflect::ReadError::Step>;

Steps steps_of(std::span<const config::NameStep> names) {
    Steps steps;
    for (const config::NameStep& name : names) {
        const auto index = name.bracketed ? parse_integer<std::size_t>(name.text) : std::nullopt;
        if (index && *index < longest_list) {
            steps.emplace_back(*index);
        } else {
            steps.emplace_back(std::string(name.text));
        }
    }
    return steps;
}

/// Each property below the name in the first source that has any, with the steps that lead to it from there;
/// whether there is one.
template <class Use>
bool for_each_below(const config::Environment& environment, std::string_view name, const Use& use) {
    const std::string prefix = config::uniform_name(name);
    const std::size_t depth = config::split_name(name).size();
    for (const auto& source : environment.sources()) {
        bool any = false;
        const auto& properties = source->properties();
        for (std::size_t i = 0; i < properties.size(); ++i) {
            if (!is_below(source->uniform(i), prefix)) continue;
            const auto steps = config::split_name(properties[i].name);
            if (steps.size() < depth) continue;
            use(properties[i], steps_of(std::span(steps).subspan(depth)));
            any = true;
        }
        if (any) return true;
    }
    return false;
}

}  // namespace

Json property_tree(const config::Environment& environment, std::string_view name) {
    reflect::PropertyTree tree;
    const auto put = [&](const config::Property& property, const Steps& steps) {
        tree.put(steps, environment.resolved(property));
    };
    return for_each_below(environment, name, put) ? tree.build() : Json();
}

std::vector<std::string> origins_of_elements(const config::Environment& environment, std::string_view name) {
    std::vector<std::string> origins;
    for_each_below(environment, name, [&](const config::Property& property, const Steps& steps) {
        const auto* const index = steps.empty() ? nullptr : std::get_if<std::size_t>(&steps.front());
        if (!index) return;
        if (origins.size() <= *index) origins.resize(*index + 1);
        if (origins[*index].empty()) origins[*index] = property.origin;
    });
    return origins;
}

}  // namespace flotilla::gateway
