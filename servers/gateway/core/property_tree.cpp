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

std::vector<reflect::ReadError::Step> steps_of(std::span<const config::NameStep> names) {
    std::vector<reflect::ReadError::Step> steps;
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

}  // namespace

Json property_tree(const config::Environment& environment, std::string_view name) {
    const std::string prefix = config::uniform_name(name);
    const std::size_t depth = config::split_name(name).size();
    for (const auto& source : environment.sources()) {
        reflect::PropertyTree tree;
        bool any = false;
        const auto& properties = source->properties();
        for (std::size_t i = 0; i < properties.size(); ++i) {
            if (!is_below(source->uniform(i), prefix)) continue;
            const auto steps = config::split_name(properties[i].name);
            if (steps.size() < depth) continue;
            tree.put(steps_of(std::span(steps).subspan(depth)), environment.resolved(properties[i]));
            any = true;
        }
        if (any) return tree.build();
    }
    return {};
}

}  // namespace flotilla::gateway
