#pragma once
/// `application/x-www-form-urlencoded` (bodies and query strings) and Java's .properties to values and
/// structs.
///
/// Names are paths: `items[0].qty=2&user.name=kim`. A name that comes again makes a list, and so do commas
/// where the struct has a list.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/leaves.hpp"

namespace flotilla::reflect {

/// Names and values, decoded, in order. A `%` that no two hex digits follow is malformed, as is invalid
/// UTF-8.
Result<std::vector<std::pair<std::string, std::string>>> parse_form(
    std::string_view text, const Limits& limits = {}
);

/// As an object of texts; paths in names are unfolded.
Result<Json> form_value(std::string_view text, const Limits& limits = {});
/// The only document of a .properties text as an object of texts; paths in names are unfolded.
Result<Json> properties_value(std::string_view text, const Limits& limits = {});

template <class T>
Result<T> from_form(
    std::string_view text, const Limits& limits = {}, const Leniency& leniency = Leniency::form()
) {
    FLT_TRY(const Json value, form_value(text, limits));
    return from_value<T>(value, leniency);
}

template <class T>
Result<T> from_properties(
    std::string_view text, const Limits& limits = {}, const Leniency& leniency = Leniency::config()
) {
    FLT_TRY(const Json value, properties_value(text, limits));
    return from_value<T>(value, leniency);
}

}  // namespace flotilla::reflect
