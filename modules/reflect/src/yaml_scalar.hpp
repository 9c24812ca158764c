#pragma once
/// What a YAML scalar without quotes means.

#include <string_view>

#include "flotilla/reflect/value.hpp"

namespace flotilla::reflect::detail {

/// YAML 1.1 as SnakeYAML reads it for Spring: `yes`, `on` and `true` are booleans, `0x1F`, `1_000` and octal
/// `010` integers, `.inf` and `1e3` numbers, `~` and nothing null; all else is text.
Json yaml_scalar(std::string_view text);

}  // namespace flotilla::reflect::detail
