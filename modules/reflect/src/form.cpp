#include "flotilla/reflect/form.hpp"

#include <fmt/format.h>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::reflect {

namespace {

Result<std::string> decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out.push_back(' ');
        } else if (text[i] != '%') {
            out.push_back(text[i]);
        } else {
            const auto byte = from_hex(text.substr(i + 1, 2));
            if (!byte || byte->size() != 1)
                return fail(Errc::malformed, "a % that two hex digits must follow");
            out += *byte;
            i += 2;
        }
    }
    if (!is_valid_utf8(out)) return fail(Errc::malformed, "the text is not valid UTF-8");
    return out;
}

Error too_deep(std::string_view name) {
    return {Errc::limit_exceeded, fmt::format("too many steps in the name '{}'", utf8_prefix(name, 60))};
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_form(
    std::string_view text, const Limits& limits
) {
    if (text.size() > limits.bytes) {
        return fail(
            Errc::limit_exceeded,
            fmt::format("the text has {} bytes, {} are allowed", text.size(), limits.bytes)
        );
    }
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (part.empty()) continue;
        if (pairs.size() >= limits.elements) {
            return fail(Errc::limit_exceeded, fmt::format("more than {} values", limits.elements));
        }
        const std::size_t equals = part.find('=');
        FLT_TRY(std::string name, decoded(part.substr(0, equals)));
        FLT_TRY(std::string value, decoded(equals == std::string_view::npos ? "" : part.substr(equals + 1)));
        pairs.emplace_back(std::move(name), std::move(value));
    }
    return pairs;
}

Result<Json> form_value(std::string_view text, const Limits& limits) {
    FLT_TRY(auto pairs, parse_form(text, limits));
    PropertyTree tree;
    for (auto& [name, value] : pairs) {
        // `tags[]=a&tags[]=b` is how some clients say list.
        std::string_view path = name;
        if (path.ends_with("[]")) path.remove_suffix(2);
        if (path.empty()) continue;
        if (!tree.add(path, Json(std::move(value)), limits.depth)) return fail(too_deep(name));
    }
    return tree.build();
}

Result<Json> properties_value(std::string_view text, const Limits& limits) {
    FLT_TRY(auto documents, properties_leaves(text, limits));
    if (documents.size() > 1) return fail(Errc::malformed, "more than one document where one is expected");
    PropertyTree tree;
    for (Leaf& leaf : documents.front()) {
        if (!tree.put(leaf.key, Json(std::move(leaf.value)), limits.depth)) return fail(too_deep(leaf.key));
    }
    return tree.build();
}

}  // namespace flotilla::reflect
