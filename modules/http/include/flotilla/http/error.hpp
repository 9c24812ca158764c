#pragma once
/// Errors as HTTP answers: which status an Error has, and the bodies that clients expect.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/http/status.hpp"

namespace flotilla::http {

/// A status as an error code, so that a handler can say `return fail(Status::conflict, "the name is taken")`.
std::error_code make_error_code(Status status) noexcept;
std::unexpected<Error> fail(Status status, std::string message = {});

/// The status that says best what the error is: not_found 404, invalid_argument 400, timed_out 504, ...; 500
/// for the rest.
Status status_of(const Error& error) noexcept;

/// One broken rule of a request body, as Spring's binding errors list it.
struct FieldError {
    std::string object;
    std::string field;
    std::string code;
    std::string message;
    std::string rejected_value;  ///< JSON text
};

/// What an error answer is made of.
struct ErrorDetails {
    Status status = Status::internal_server_error;
    std::string message = {};    ///< the classic `message`
    std::string detail = {};     ///< the problem's `detail`, where its wording differs
    std::string exception = {};  ///< type name, when something was thrown
    std::string trace = {};
    std::vector<FieldError> errors = {};
};

enum class IncludeAttribute { never, always, on_param };

/// Spring's `server.error.*` and `spring.mvc.problemdetails.enabled`.
struct ErrorConfig {
    IncludeAttribute include_message = IncludeAttribute::always;
    IncludeAttribute include_binding_errors = IncludeAttribute::never;
    IncludeAttribute include_stacktrace = IncludeAttribute::never;
    bool include_exception = false;
    bool problem_details = false;
};

/// Writes error answers in the form that the client accepts: classic JSON, problem details (RFC 9457), a
/// short HTML page, or no body. Stateless; safe to share.
class ErrorRenderer {
public:
    explicit ErrorRenderer(ErrorConfig config = {}, const Clock& clock = Clock::system());

    /// Keeps the fields that `response` has already (`Allow`, `Retry-After`), sets status, body and
    /// `X-Trace-Id`.
    void render(const Request& request, const ErrorDetails& details, Response& response) const;

    [[nodiscard]] const ErrorConfig& config() const noexcept { return config_; }

private:
    const ErrorConfig config_;
    const Clock& clock_;
};

}  // namespace flotilla::http

template <>
struct std::is_error_code_enum<flotilla::http::Status> : std::true_type {};
