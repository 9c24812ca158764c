#pragma once
// Rule S12: which paths are refused before anybody routes by them.

#include <string>
#include <string_view>

#include "flotilla/http/parsing.hpp"

namespace flotilla::http::detail {

/// Null for a path that is allowed. `path` starts with a slash and has no query.
const Reject* check_path(std::string_view path, EncodedSlash policy) noexcept;

/// Without `.` and `..` (RFC 3986, 5.2.4); what climbs above the root stops there.
std::string remove_dot_segments(std::string_view path);

/// A host without port, as Host, `:authority` and URLs have it: a registered name of letters, digits, `-._~`,
/// an IPv4 address, or an IPv6 address in brackets.
bool is_valid_host(std::string_view host) noexcept;

/// A host with an optional port of 1 to 65535.
bool is_valid_authority(std::string_view authority) noexcept;

}  // namespace flotilla::http::detail
