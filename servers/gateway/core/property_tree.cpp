#include "flotilla/gateway/property_tree.hpp"

#include <algorithm>
#include <span>

#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/config/property_name.hpp"

namespace flotilla::gateway {

namespace {

using config::NameStep;
using reflect::Json;

constexpr std::size_t longest_list = 100'000;

bool is_below(std::string_view name, std::string_view prefix) {
    return name.starts_with(prefix) &&
           (name.size() == prefix.size() || name[prefix.size()] == '.' || name[prefix.size()] == '[');
}

void put(Json& tree, std::span<const NameStep> steps, Json value) {
    Json* at = &tree;
    for (const NameStep& step : steps) {
        const auto index = step.bracketed ? parse_integer<std::size_t>(step.text) : std::nullopt;
        if (index && *index < longest_list && (at->is_null() || at->is_array())) {
            Json::Array& elements = at->elements();
            if (elements.size() <= *index) elements.resize(*index + 1);
            at = &elements[*index];
        } else if (at->is_null() || at->is_object()) {
            at = &(*at)[step.text];
        } else {
            return;
        }
    }
    *at = std::move(value);
}

}  // namespace

Json property_tree(const config::Environment& environment, std::string_view name) {
    const std::string prefix = config::uniform_name(name);
    const std::size_t depth = config::split_name(name).size();
    for (const auto& source : environment.sources()) {
        Json tree;
        const auto& properties = source->properties();
        for (std::size_t i = 0; i < properties.size(); ++i) {
            if (!is_below(source->uniform(i), prefix)) continue;
            const auto steps = config::split_name(properties[i].name);
            if (steps.size() < depth) continue;
            put(tree, std::span(steps).subspan(depth), environment.resolved(properties[i]));
        }
        if (!tree.is_null()) return tree;
    }
    return {};
}

}  // namespace flotilla::gateway
