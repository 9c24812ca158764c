#pragma once
/// Element names as XStream writes them, so that any key can be a name: `my_key` is `my__key`, `a b` is
/// `a_.0020b`.

#include <string>
#include <string_view>

namespace flotilla::eureka::detail {

void append_xml_name(std::string& out, std::string_view key);
/// Left to right; an underscore that begins no escape stands for itself.
std::string read_xml_name(std::string_view name);

/// `&lt; &gt; &amp; &quot; &apos;`, control characters as `&#x1;`; what is no UTF-8 becomes U+FFFD.
void append_xml_text(std::string& out, std::string_view text);

}  // namespace flotilla::eureka::detail
