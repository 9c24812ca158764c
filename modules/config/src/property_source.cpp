#include "flotilla/config/property_source.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "flotilla/base/text.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/reflect/leaves.hpp"

extern char** environ;

namespace flotilla::config {

std::string Property::text() const {
    if (const std::string* text = value.as_string()) return *text;
    if (value.is_null() || value.is_array() || value.is_object()) return {};
    return value.text();
}

PropertySource::PropertySource(std::string name, Precedence precedence, std::vector<Property> properties)
    : name_(std::move(name)), precedence_(precedence), properties_(std::move(properties)) {
    by_name_.reserve(properties_.size());
    for (std::size_t i = 0; i < properties_.size(); ++i) {
        const std::string& own = properties_[i].name;
        const bool from_environment = precedence_ == Precedence::system_environment;
        uniform_.push_back(uniform_name(own));
        by_name_.insert_or_assign(from_environment ? to_upper(own) : uniform_.back(), i);
    }
}

const Property* PropertySource::find(std::string_view name) const {
    const auto at = [&](const std::string& key) -> const Property* {
        const auto found = by_name_.find(key);
        return found == by_name_.end() ? nullptr : &properties_[found->second];
    };
    if (precedence_ != Precedence::system_environment) return at(uniform_name(name));
    if (const Property* property = at(to_upper(name))) return property;
    for (const std::string& candidate : environment_names(name)) {
        if (const Property* property = at(candidate)) return property;
    }
    return nullptr;
}

SourcePtr make_source(
    std::string name, Precedence precedence, const std::vector<std::pair<std::string, Json>>& properties
) {
    std::vector<Property> all;
    for (const auto& [key, value] : properties) {
        const bool nested = (value.is_array() || value.is_object()) && !value.empty();
        if (!nested) {
            all.push_back({key, value, fmt::format("\"{}\" from property source \"{}\"", key, name)});
            continue;
        }
        for (const reflect::Leaf& leaf : reflect::value_leaves(value)) {
            const std::string path = leaf.key.starts_with('[') ? key + leaf.key : key + "." + leaf.key;
            all.push_back(
                {path,
                 reflect::leaf_value(leaf),
                 fmt::format("\"{}\" from property source \"{}\"", path, name)}
            );
        }
    }
    return std::make_shared<const PropertySource>(std::move(name), precedence, std::move(all));
}

std::vector<std::pair<std::string, std::string>> process_environment() {
    std::vector<std::pair<std::string, std::string>> all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view line(*entry);
        if (const std::size_t equals = line.find('='); equals != std::string_view::npos && equals > 0) {
            all.emplace_back(line.substr(0, equals), line.substr(equals + 1));
        }
    }
    return all;
}

}  // namespace flotilla::config
