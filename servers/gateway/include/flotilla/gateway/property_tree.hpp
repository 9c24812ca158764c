#pragma once
/// A part of the configuration whose shape is not a struct: lists of routes, maps by path pattern.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/reflect/value.hpp"

namespace flotilla::config {
class Environment;
}

namespace flotilla::gateway {

/// All properties below a name, as they were in the file that they are from. Of several sources the first
/// that has any gives all of them: a list is replaced, never mixed. Placeholders are resolved; one that
/// nobody knows stays as it is written, since `${segment}` means a group of a regular expression here. Null
/// when there is nothing.
reflect::Json property_tree(const config::Environment& environment, std::string_view name);

/// Where each element of such a list begins: `application.yml - 3:9`.
std::vector<std::string> origins_of_elements(const config::Environment& environment, std::string_view name);

}  // namespace flotilla::gateway
