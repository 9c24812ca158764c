#include "flotilla/config/property_name.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::config {

std::string uniform_name(std::string_view name) {
    std::string out;
    out.reserve(name.size());
    bool inside = false;
    for (const char c : name) {
        if (c == '[') {
            inside = true;
            if (!out.empty() && out.back() == '.') out.pop_back();  // `a.[b]` is `a[b]`
        }
        if (inside) {
            out.push_back(c);
        } else if (c != '-' && c != '_') {
            out.push_back(ascii_lower(c));
        }
        if (c == ']') inside = false;
    }
    return out;
}

std::vector<NameStep> split_name(std::string_view name) {
    std::vector<NameStep> steps;
    while (!name.empty()) {
        if (name.front() == '[') {
            if (const std::size_t close = name.find(']'); close != std::string_view::npos) {
                steps.push_back({name.substr(1, close - 1), true});
                name.remove_prefix(close + 1);
                if (!name.empty() && name.front() == '.') name.remove_prefix(1);
                continue;
            }
        }
        std::size_t end = std::min(name.find_first_of(".[", 1), name.size());
        if (end < name.size() && name[end] == '[' && name.find(']', end) == std::string_view::npos)
            end = name.size();
        steps.push_back({name.substr(0, end), false});
        name.remove_prefix(end);
        if (!name.empty() && name.front() == '.') name.remove_prefix(1);
    }
    return steps;
}

std::string canonical_name(std::string_view name) {
    std::string out;
    for (const NameStep& step : split_name(name)) {
        if (step.bracketed) {
            out.append("[").append(step.text).append("]");
        } else {
            if (!out.empty()) out.push_back('.');
            out += to_kebab(step.text);
        }
    }
    return out;
}

std::vector<std::string> environment_names(std::string_view name) {
    std::string joined;
    std::string spaced;
    for (const char c : canonical_name(name)) {
        if (c == ']') continue;
        if (c == '-') {
            spaced.push_back('_');
            continue;
        }
        const char mapped = c == '.' || c == '[' ? '_' : ascii_upper(c);
        joined.push_back(mapped);
        spaced.push_back(mapped);
    }
    std::vector<std::string> names{joined};
    if (spaced != joined) names.push_back(std::move(spaced));
    return names;
}

}  // namespace flotilla::config
