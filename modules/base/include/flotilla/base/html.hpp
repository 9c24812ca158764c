#pragma once
/// Text on its way into a page.

#include <string>
#include <string_view>

namespace flotilla {

/// As it has to stand in an element or in an attribute with quotation marks of either kind.
std::string html_escaped(std::string_view text);

}  // namespace flotilla
