#pragma once
/// Structs to JSON text and back.
///
///     Result<OrderIn> order = from_json<OrderIn>(body);  // error: /items/3/qty: expected integer, got
///     string std::string answer = to_json(OrderOut{...});

#include <string>
#include <string_view>

#include "flotilla/reflect/read.hpp"
#include "flotilla/reflect/scan.hpp"
#include "flotilla/reflect/write.hpp"

namespace flotilla::reflect {

/// As JSON text.
template <class T>
std::string to_json(const T& value) {
    std::string out;
    append_json(out, value);
    return out;
}

/// Text in UTF-8. A member that comes twice counts the last time.
template <class T>
Result<T> from_json(std::string_view text, const Limits& limits = {}, const Leniency& leniency = {}) {
    if (T value{}; detail::scan_json(text, limits, leniency, value)) return value;
    FLT_TRY(const Document document, parse_json_document(text, limits, leniency));
    return detail::bind<T>(document.root(), leniency);
}

/// The same into a value that is as it was made, which saves moving large ones; after an error it is of no
/// use.
template <class T>
Result<void> read_json(
    std::string_view text, T& out, const Limits& limits = {}, const Leniency& leniency = {}
) {
    if (detail::scan_json(text, limits, leniency, out)) return {};
    FLT_TRY(const Document document, parse_json_document(text, limits, leniency));
    FLT_TRY(out, detail::bind<T>(document.root(), leniency));
    return {};
}

/// JSON text of any shape.
Result<Json> parse_json(std::string_view text, const Limits& limits = {}, const Leniency& leniency = {});

/// A dynamic value as a struct: the way that configuration takes.
template <class T>
Result<T> from_value(const Json& value, const Leniency& leniency = {}) {
    const Document document = document_of(value);
    return detail::bind<T>(document.root(), leniency);
}

namespace detail {
/// Of text that was written by ourselves.
Json json_of_own_text(std::string_view text);
}  // namespace detail

/// A struct as a dynamic value, as its JSON text reads.
template <class T>
Json to_value(const T& value) {
    return detail::json_of_own_text(to_json(value));
}

}  // namespace flotilla::reflect
