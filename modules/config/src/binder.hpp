#pragma once
/// From many property sources to the one nested value that a struct is read from.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/config/environment.hpp"
#include "flotilla/config/shape.hpp"

namespace flotilla::config::detail {

/// The text of a property, placeholders resolved.
using Resolve = std::function<Result<std::string>(const Property&)>;

/// Walks all sources in their order; for each path the first source that has it wins, and a list comes from
/// one source as a whole.
Result<Assembled> assemble(
    const std::vector<SourcePtr>& sources,
    std::string_view prefix,
    const Shape& shape,
    Unknown unknown,
    const Resolve& resolve
);

}  // namespace flotilla::config::detail
