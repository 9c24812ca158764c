#pragma once
// Lists and parameters with quoted strings (RFC 9110, 5.6): `a;q="x,y", b`.

#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/text.hpp"

namespace flotilla::http::detail {

/// Takes the text up to the next `separator` that is not inside of a quoted string off the front of `rest`,
/// trimmed.
inline std::string_view take_part(std::string_view& rest, char separator) noexcept {
    bool quoted = false;
    std::size_t i = 0;
    for (; i < rest.size() && (quoted || rest[i] != separator); ++i) {
        if (rest[i] == '"') quoted = !quoted;
        if (rest[i] == '\\' && quoted) ++i;
    }
    const std::string_view part = rest.substr(0, i);
    rest = i < rest.size() ? rest.substr(i + 1) : std::string_view();
    return trim(part);
}

/// Without the quotes and escapes of a quoted string; nothing where these do not fit together.
inline std::optional<std::string> unquote(std::string_view text) {
    if (!text.starts_with('"')) return std::string(text);
    if (text.size() < 2 || !text.ends_with('"')) return std::nullopt;
    std::string out;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '"') return std::nullopt;
        if (text[i] == '\\' && ++i + 1 == text.size()) return std::nullopt;
        out.push_back(text[i]);
    }
    return out;
}

/// Takes the next `name=value` off the front of `rest`. False at the end.
inline bool take_parameter(std::string_view& rest, std::string_view& name, std::string_view& value) noexcept {
    while (!rest.empty()) {
        std::string_view part = take_part(rest, ';');
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        name = trim(part.substr(0, equals));
        value = equals == std::string_view::npos ? std::string_view() : trim(part.substr(equals + 1));
        return true;
    }
    return false;
}

}  // namespace flotilla::http::detail
