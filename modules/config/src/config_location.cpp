#include "config_location.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::config::detail {

namespace {

constexpr std::string_view extensions[] = {".yaml", ".yml", ".properties"};

std::string without_dot(std::string_view path) {
    while (path.starts_with("./")) path.remove_prefix(2);
    return path.empty() || path == "." ? std::string("./") : std::string(path);
}

/// A scheme that is no drive or path: `configserver:`, `zookeeper:`.
bool has_scheme(std::string_view text) {
    const std::size_t colon = text.find(':');
    return colon != std::string_view::npos && colon > 1 &&
           std::ranges::all_of(text.substr(0, colon), [](char c) {
               return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '+' || c == '.';
           });
}

Location parse_location(std::string_view text, std::string_view folder) {
    Location location;
    location.text = std::string(text);
    constexpr std::string_view optional = "optional:";
    constexpr std::string_view file = "file:";
    constexpr std::string_view tree = "configtree:";
    if (text.starts_with(optional)) {
        location.optional = true;
        text.remove_prefix(optional.size());
    }
    bool relative_to_cwd = folder.empty();
    if (text.starts_with(tree)) {
        location.kind = Location::Kind::tree;
        text.remove_prefix(tree.size());
        relative_to_cwd = true;
    } else if (text.starts_with(file)) {
        text.remove_prefix(file.size());
        relative_to_cwd = true;
    } else if (has_scheme(text)) {
        location.kind = Location::Kind::remote;
        return location;
    }
    if (text.ends_with(']') && text.find("[.") != std::string_view::npos) {
        const std::size_t bracket = text.rfind("[.");
        location.extension = std::string(text.substr(bracket + 1, text.size() - bracket - 2));
        text = text.substr(0, bracket);
    }
    const bool absolute = text.starts_with('/');
    location.path = without_dot(
        relative_to_cwd || absolute ? std::string(text) : std::string(folder) + std::string(text)
    );
    if (location.kind == Location::Kind::tree) {
        if (!location.path.ends_with('/')) location.path.push_back('/');
    } else if (location.path.ends_with('/')) {
        location.kind = Location::Kind::folder;
    }
    return location;
}

std::vector<std::string> folders_of(const Files& files, const std::string& path) {
    constexpr std::string_view wildcard = "*/";
    if (!path.ends_with(wildcard)) return {path == "./" ? "" : path};
    const std::string parent = path.substr(0, path.size() - wildcard.size());
    std::vector<std::string> folders;
    for (const std::string& name : files.list(parent.empty() ? "." : parent)) {
        if (name.ends_with('/')) folders.push_back(parent + name);
    }
    return folders;
}

}  // namespace

LocationGroup parse_location_group(std::string_view text, std::string_view folder) {
    LocationGroup group;
    for (const std::string_view part : split_list(text, ';')) group.push_back(parse_location(part, folder));
    return group;
}

std::vector<std::string> candidates(
    const Files& files,
    const Location& location,
    const std::vector<std::string>& names,
    const std::string& profile
) {
    const std::string suffix = profile.empty() ? "" : "-" + profile;
    if (location.kind == Location::Kind::file) {
        if (profile.empty()) return {location.path};
        const std::size_t slash = location.path.rfind('/');
        const std::size_t dot = location.path.rfind('.');
        if (dot == std::string::npos || (slash != std::string::npos && dot < slash))
            return {location.path + suffix};
        return {location.path.substr(0, dot) + suffix + location.path.substr(dot)};
    }
    std::vector<std::string> paths;
    for (const std::string& folder : folders_of(files, location.path)) {
        for (const std::string& name : names) {
            for (const std::string_view extension : extensions) {
                paths.push_back(fmt::format("{}{}{}{}", folder, name, suffix, extension));
            }
        }
    }
    return paths;
}

Result<void> read_tree(
    const Files& files,
    const std::string& folder,
    const std::string& prefix,
    int depth,
    std::vector<Property>& into
) {
    constexpr int deepest = 16;
    if (depth > deepest) return {};
    for (const std::string& name : files.list(folder)) {
        if (name.starts_with('.')) continue;  // Kubernetes keeps its versions in ..data
        if (name.ends_with('/')) {
            FLT_CHECK(read_tree(
                files, folder + name, prefix + name.substr(0, name.size() - 1) + ".", depth + 1, into
            ));
            continue;
        }
        FLT_TRY(std::string content, files.read(folder + name));
        if (content.ends_with('\n')) content.pop_back();
        into.push_back({prefix + name, Json(std::move(content)), fmt::format("{}{}", folder, name)});
    }
    return {};
}

}  // namespace flotilla::config::detail
