#pragma once
/// YAML to values and structs, and back. Scalars without quotes are read as YAML 1.1, as Spring does (`yes`
/// is true); where a text is wanted they stay as written (`version: 1.10`). A key that comes twice in a map
/// is an error, as are aliases that unfold to more than the limits allow. Merge keys (`<<`) work.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/leaves.hpp"

namespace flotilla::reflect {

/// Every document of the text; an empty text has none.
Result<std::vector<Json>> parse_yaml(std::string_view text, const Limits& limits = {});

/// The tape of the only document of the text; an empty text reads as null.
Result<Document> parse_yaml_document(std::string_view text, const Limits& limits = {});

template <class T>
Result<T> from_yaml(
    std::string_view text, const Limits& limits = {}, const Leniency& leniency = Leniency::config()
) {
    FLT_TRY(const Document document, parse_yaml_document(text, limits));
    return detail::bind<T>(document.root(), leniency);
}

/// In block style, ending with a line end; texts are quoted where another reader could take them for
/// something else.
std::string to_yaml(const Json& value);

template <class T>
    requires(!std::same_as<T, Json>)
std::string to_yaml(const T& value) {
    return to_yaml(to_value(value));
}

}  // namespace flotilla::reflect
