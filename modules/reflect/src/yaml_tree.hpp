#pragma once
/// YAML as a tree with places, aliases unfolded.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/options.hpp"

namespace flotilla::reflect::detail {

struct YamlNode {
    enum class Kind { null, plain, quoted, sequence, map } kind = Kind::null;
    std::string text;  ///< of a scalar
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t weight = 1;       ///< nodes in it, itself included
    std::vector<YamlNode> items;  ///< of a sequence; of a map keys and values in turn
};

Result<std::vector<YamlNode>> parse_yaml_tree(std::string_view text, const Limits& limits);

}  // namespace flotilla::reflect::detail
