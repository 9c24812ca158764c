#pragma once
/// How hosts and paths are written in URLs.

#include <cstdint>
#include <string>
#include <string_view>

namespace flotilla {

/// `host` as a URL has it: an IPv6 address gets its brackets, anything else stays as it is.
std::string host_in_url(std::string_view host);
/// The same at the end of a text.
void append_host(std::string& url, std::string_view host);

/// `localhost:8080`, `[::1]:8080`.
std::string host_and_port(std::string_view host, std::uint16_t port);

/// Whether a path is `place`, which has no slash at its end, or lies below it: `/a` and `/a/b` are at or
/// below `/a`, `/ab` is not.
constexpr bool is_at_or_below(std::string_view path, std::string_view place) noexcept {
    return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

}  // namespace flotilla
