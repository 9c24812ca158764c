#pragma once
/// Status codes and their standard reason phrases (RFC 9110 and IANA's registry).

#include <cstdint>
#include <string_view>

namespace flotilla::http {

/// An enumeration with all values of 100 to 999 allowed; the named ones are those that code here speaks of.
enum class Status : std::uint16_t {
    continue_ = 100,
    switching_protocols = 101,
    early_hints = 103,
    ok = 200,
    created = 201,
    accepted = 202,
    no_content = 204,
    partial_content = 206,
    moved_permanently = 301,
    found = 302,
    see_other = 303,
    not_modified = 304,
    temporary_redirect = 307,
    permanent_redirect = 308,
    bad_request = 400,
    unauthorized = 401,
    forbidden = 403,
    not_found = 404,
    method_not_allowed = 405,
    not_acceptable = 406,
    request_timeout = 408,
    conflict = 409,
    gone = 410,
    length_required = 411,
    precondition_failed = 412,
    content_too_large = 413,
    uri_too_long = 414,
    unsupported_media_type = 415,
    range_not_satisfiable = 416,
    expectation_failed = 417,
    unprocessable_content = 422,
    upgrade_required = 426,
    too_many_requests = 429,
    header_fields_too_large = 431,
    internal_server_error = 500,
    not_implemented = 501,
    bad_gateway = 502,
    service_unavailable = 503,
    gateway_timeout = 504,
    http_version_not_supported = 505,
};

constexpr int code_of(Status status) noexcept {
    return static_cast<int>(status);
}

/// `Not Found`; empty for a code without a standard phrase, which is how such a status line is written.
std::string_view reason_phrase(int status) noexcept;

inline std::string_view reason_phrase(Status status) noexcept {
    return reason_phrase(code_of(status));
}

/// Whether an answer with this status never has a body, whatever its fields say (RFC 9112, 6.3).
constexpr bool never_has_body(int status) noexcept {
    return (status >= 100 && status < 200) || status == 204 || status == 304;
}

}  // namespace flotilla::http
