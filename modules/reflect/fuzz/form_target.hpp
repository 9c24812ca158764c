#pragma once
/// The fuzz target of forms and properties, also run by the corpus test. A broken promise ends the process.

#include <string_view>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/encoding.hpp"
#include "flotilla/reflect/form.hpp"
#include "fuzz_types.hpp"

namespace flotilla::reflect {

/// Forms and properties: any bytes give an answer, and all text that comes out is UTF-8.
inline void fuzz_form(std::string_view input) {
    if (const auto pairs = parse_form(input)) {
        for (const auto& [name, value] : *pairs) FLT_ASSERT(is_valid_utf8(name) && is_valid_utf8(value));
    }
    if (const auto value = form_value(input))
        FLT_ASSERT(parse_json(value->text(), {.depth = 200}).has_value());
    if (const auto documents = properties_leaves(input)) {
        for (const auto& document : *documents) {
            for (const Leaf& leaf : document)
                FLT_ASSERT(is_valid_utf8(leaf.key) && is_valid_utf8(leaf.value));
        }
    }
    static_cast<void>(from_form<FuzzOrder>(input));
    static_cast<void>(from_properties<FuzzOrder>(input));
}

}  // namespace flotilla::reflect
