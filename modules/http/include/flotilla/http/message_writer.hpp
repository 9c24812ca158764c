#pragma once
/// Writes message heads. Nothing that a caller gives can break out of its place: a name, value or target with
/// an octet that does not belong there is refused and nothing is written (response splitting).

#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/http/method.hpp"

namespace flotilla::http {

/// One or more token characters (RFC 9110, 5.6.2): a field name, a method, a cookie name.
bool is_token(std::string_view text) noexcept;
/// No control octet except tab, and no blank at either end.
bool is_field_value(std::string_view text) noexcept;
/// What may stand between the blanks of a request line.
bool is_request_target(std::string_view text) noexcept;

/// `GET /path HTTP/1.1` and the line end.
[[nodiscard]] bool append_request_line(std::string& out, std::string_view method, std::string_view target);
/// `HTTP/1.1 200 OK` and the line end; with HTTP/1.0 when the request was. What is no status is 500.
void append_status_line(std::string& out, int status, int minor_version = 1);
/// `Name: value` and the line end.
[[nodiscard]] bool append_field(std::string& out, std::string_view name, std::string_view value);
/// A field whose value is a number: `Content-Length`.
void append_number_field(std::string& out, std::string_view name, std::uint64_t value);

/// The line end after the last field.
inline void append_head_end(std::string& out) {
    out.append("\r\n");
}

}  // namespace flotilla::http
