#include "flotilla/service/property_docs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::service {

std::string property_name(std::string_view prefix, std::string_view outside) {
    return prefix.empty() ? to_kebab(outside) : fmt::format("{}.{}", prefix, to_kebab(outside));
}

std::string detail::shown_value(const reflect::Json& value) {
    if (value.is_null()) return {};
    if (const auto* text = value.as_string()) return *text;
    if (value.is_array()) {
        std::vector<std::string> parts;
        for (const reflect::Json& element : value.elements()) parts.push_back(shown_value(element));
        return join(parts, ", ");
    }
    if (value.is_object()) return {};
    return reflect::to_json(value);
}

std::string help_text(const std::vector<PropertyDoc>& properties, std::size_t width) {
    constexpr std::size_t indent = 6;
    std::string out;
    for (const PropertyDoc& property : properties) {
        out += fmt::format("  --{}", property.name);
        if (!property.standard.empty()) out += fmt::format("={}", property.standard);
        out += '\n';
        std::size_t column = 0;
        for (const std::string_view word : split(property.doc, ' ')) {
            if (word.empty()) continue;
            if (column > 0 && column + 1 + word.size() > width) {
                out += '\n';
                column = 0;
            }
            if (column == 0) {
                out.append(indent, ' ');
                column = indent;
            } else {
                out += ' ';
                ++column;
            }
            out += word;
            column += word.size();
        }
        out += '\n';
    }
    return out;
}

}  // namespace flotilla::service
