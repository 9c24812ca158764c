#pragma once
/// The properties `random.*`.

#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/random.hpp"

namespace flotilla::config::detail {

/// `random.value` (32 hex digits), `random.uuid`, `random.int`, `random.long`, `random.int(10)` (below 10),
/// `random.int[5,10]` (from 5 to below 10); nothing for another name.
std::optional<std::string> random_value(std::string_view name, Random& random);

}  // namespace flotilla::config::detail
