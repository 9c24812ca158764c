#pragma once
/// Request methods. A method is any token; those with a meaning of their own here have an enumerator.

#include <cstdint>
#include <string_view>

namespace flotilla::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, trace, connect, other };

/// `GET`; empty for `Method::other`, whose text only the message knows.
std::string_view to_text(Method method) noexcept;

/// Methods are case-sensitive: `get` is `Method::other`.
Method parse_method(std::string_view text) noexcept;

/// Asks for nothing to be changed on the server (RFC 9110, 9.2.1).
constexpr bool is_safe(Method method) noexcept {
    return method == Method::get || method == Method::head || method == Method::options ||
           method == Method::trace;
}

/// Sending it twice does the same as sending it once (RFC 9110, 9.2.2): may be retried.
constexpr bool is_idempotent(Method method) noexcept {
    return is_safe(method) || method == Method::put || method == Method::delete_;
}

}  // namespace flotilla::http
