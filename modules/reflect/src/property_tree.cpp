#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/leaves.hpp"

namespace flotilla::reflect {

struct PropertyTree::Branch {
    std::string name;
    bool is_index = false;
    std::vector<Json> values;
    std::vector<std::unique_ptr<Branch>> children;
    std::unordered_map<std::string_view, Branch*> by_name;

    Branch* child(std::string_view step, bool index) {
        if (const auto found = by_name.find(step); found != by_name.end()) return found->second;
        Branch* made = children.emplace_back(std::make_unique<Branch>()).get();
        made->name = std::string(step);
        made->is_index = index;
        by_name.emplace(made->name, made);  // the key is a view of the name, which stays where it is
        return made;
    }

    [[nodiscard]] Json build() const {
        if (children.empty()) {
            if (values.empty()) return Json();
            return values.size() == 1 ? values.front() : Json(values);
        }
        if (std::ranges::all_of(children, [](const auto& child) { return child->is_index; }))
            return build_list();
        Json::Object members;
        members.reserve(children.size());
        for (const auto& child : children) members.push_back({child->name, child->build()});
        return Json(std::move(members));
    }

    [[nodiscard]] Json build_list() const {
        std::vector<std::pair<std::size_t, const Branch*>> ordered;
        ordered.reserve(children.size());
        for (const auto& child : children) {
            ordered.emplace_back(*parse_integer<std::size_t>(child->name), child.get());
        }
        std::ranges::sort(ordered, {}, [](const auto& entry) { return entry.first; });
        Json::Array elements;
        elements.reserve(ordered.size());
        for (const auto& [index, branch] : ordered) elements.push_back(branch->build());
        return Json(std::move(elements));
    }
};

PropertyTree::PropertyTree() : root_(std::make_unique<Branch>()) {}

PropertyTree::~PropertyTree() = default;
PropertyTree::PropertyTree(PropertyTree&&) noexcept = default;
PropertyTree& PropertyTree::operator=(PropertyTree&&) noexcept = default;

/// Steps are separated by dots; `[...]` is a step as well, an index when it is a number. A bracket that does
/// not close is part of a name.
PropertyTree::Branch* PropertyTree::descend(std::string_view path, std::size_t depth) {
    Branch* at = root_.get();
    std::size_t steps = 0;
    while (!path.empty()) {
        if (++steps > depth) return nullptr;
        if (path.front() == '[') {
            if (const std::size_t close = path.find(']'); close != std::string_view::npos) {
                const std::string_view name = path.substr(1, close - 1);
                at = at->child(name, parse_integer<std::size_t>(name).has_value());
                path.remove_prefix(close + 1);
                if (!path.empty() && path.front() == '.') path.remove_prefix(1);
                continue;
            }
        }
        std::size_t end = path.find_first_of(".[", 1);
        if (end != std::string_view::npos && path[end] == '[' &&
            path.find(']', end) == std::string_view::npos) {
            end = path.find('.', end);
        }
        at = at->child(path.substr(0, end), false);
        path.remove_prefix(std::min(end, path.size()));
        if (!path.empty() && path.front() == '.') path.remove_prefix(1);
    }
    return at;
}

bool PropertyTree::put(std::string_view path, Json value, std::size_t depth) {
    Branch* branch = descend(path, depth);
    if (branch == nullptr) return false;
    branch->values.clear();
    branch->values.push_back(std::move(value));
    return true;
}

bool PropertyTree::add(std::string_view path, Json value, std::size_t depth) {
    Branch* branch = descend(path, depth);
    if (branch == nullptr) return false;
    branch->values.push_back(std::move(value));
    return true;
}

void PropertyTree::put(const std::vector<ReadError::Step>& steps, Json value) {
    Branch* at = root_.get();
    for (const ReadError::Step& step : steps) {
        const auto* index = std::get_if<std::size_t>(&step);
        at = index != nullptr ? at->child(std::to_string(*index), true)
                              : at->child(std::get<std::string>(step), false);
    }
    at->values.clear();
    at->values.push_back(std::move(value));
}

Json PropertyTree::build() const {
    Json built = root_->build();
    return built.is_null() ? Json::object() : built;
}

}  // namespace flotilla::reflect
