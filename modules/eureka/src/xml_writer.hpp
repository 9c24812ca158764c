#pragma once
/// The XML half of `codec.hpp`'s writing. Full documents are indented by two, compact ones stand on one line,
/// as originals have them.

#include <string>

#include "flotilla/eureka/codec.hpp"

namespace flotilla::eureka::detail {

/// `depth`: how many elements it stands inside of.
void append_xml(std::string& out, const InstanceInfo& instance, Detail detail, int depth);
void append_xml(std::string& out, const Application& application, Detail detail, int depth);
void append_xml_element(
    std::string& out, std::string_view name, std::string_view text, Detail detail, int depth
);

}  // namespace flotilla::eureka::detail
