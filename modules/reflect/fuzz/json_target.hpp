#pragma once
/// The fuzz target of JSON, also run by the corpus test. A broken promise ends the process.

#include <string_view>

#include "flotilla/base/assert.hpp"
#include "fuzz_types.hpp"
#include "tape_builder.hpp"

namespace flotilla::reflect {

/// Both parsers agree, what is read can be written and read again, and structs never break.
inline void fuzz_json(std::string_view input) {
    const auto value = parse_json(input);
    const auto careful = detail::parse_carefully(input, Limits{}, Leniency{});
    FLT_ASSERT(value.has_value() == careful.has_value());
    if (value) {
        FLT_ASSERT(detail::json_of(careful->root()) == *value);
        const auto again = parse_json(value->text());
        FLT_ASSERT(again && *again == *value);
    }
    for (const Leniency& leniency :
         {Leniency{}, Leniency::strict(), Leniency::jackson(), Leniency::config()}) {
        const auto order = from_json<FuzzOrder>(input, {}, leniency);
        if (order) FLT_ASSERT(parse_json(to_json(*order)).has_value());
        // What the short way reads is what the long way gives.
        FuzzOrder scanned{};
        if (!detail::scan_json(input, {}, leniency, scanned)) continue;
        const auto document = parse_json_document(input, {}, leniency);
        FLT_ASSERT(document.has_value());
        const auto bound = detail::bind<FuzzOrder>(document->root(), leniency);
        FLT_ASSERT(bound && to_json(*bound) == to_json(scanned));
    }
}

}  // namespace flotilla::reflect
