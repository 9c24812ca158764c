#pragma once
/// The fuzz target of YAML, also run by the corpus test. A broken promise ends the process.

#include <string_view>

#include "flotilla/base/assert.hpp"
#include "flotilla/reflect/yaml.hpp"
#include "fuzz_types.hpp"

namespace flotilla::reflect {

/// Whatever is read stays within the limits, has a flat view, and can be written and read again.
inline void fuzz_yaml(std::string_view input) {
    const Limits limits{.depth = 32, .bytes = 1U << 16, .elements = 10'000, .aliases = 100};
    const auto documents = parse_yaml(input, limits);
    const auto leaves = yaml_leaves(input, limits);
    FLT_ASSERT(documents.has_value() == leaves.has_value());
    if (documents) {
        for (const Json& document : *documents) {
            const auto again = parse_yaml(to_yaml(document));
            FLT_ASSERT(again && again->size() == 1);
            // NaN, which YAML has and JSON has not, is written as null.
            const auto twice = parse_yaml(to_yaml(again->front()));
            FLT_ASSERT(twice && twice->front() == again->front());
        }
    }
    static_cast<void>(from_yaml<FuzzOrder>(input, limits));
}

}  // namespace flotilla::reflect
