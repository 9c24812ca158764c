#pragma once
/// A small, strict XML reader: elements, attributes and text as a tree. A DOCTYPE is refused, so that there
/// are no entities but the five of XML; processing instructions and comments are passed over.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/options.hpp"

namespace flotilla::eureka::detail {

struct XmlElement {
    std::string name;  ///< with XStream's escapes read
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string text;  ///< all of it that stands directly inside
    std::vector<XmlElement> children;

    /// Null when there is none.
    [[nodiscard]] const std::string* attribute(std::string_view name) const noexcept;
    [[nodiscard]] const XmlElement* child(std::string_view name) const noexcept;
};

/// UTF-8, whatever the declaration says. `limits.elements` counts elements and attributes.
Result<XmlElement> parse_xml(std::string_view text, const reflect::Limits& limits);

}  // namespace flotilla::eureka::detail
