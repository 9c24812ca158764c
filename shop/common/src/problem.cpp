#include "flotilla/shop/problem.hpp"

#include <array>

#include "flotilla/base/task_context.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::shop {

using reflect::Json;

Problem Problem::invalid(std::vector<FieldProblem> errors) {
    Problem problem(http::Status::bad_request, "VALIDATION_FAILED");
    for (const auto& error : errors) {
        if (!problem.message_.empty()) problem.message_ += "; ";
        problem.message_ += error.message;
    }
    problem.errors_ = std::move(errors);
    return problem;
}

Problem Problem::unavailable(std::string code, std::string message, std::chrono::seconds retry_after) {
    return Problem(http::Status::service_unavailable, std::move(code), std::move(message))
        .header("Retry-After", std::to_string(retry_after.count()));
}

Problem Problem::of_database(const Error& error) {
    const auto code = error.code();
    for (const Errc passing :
         {Errc::unavailable, Errc::limit_exceeded, Errc::timed_out, Errc::refused, Errc::closed, Errc::io}) {
        if (code == make_error_code(passing))
            return unavailable(
                "DATABASE_UNAVAILABLE", "The database does not answer", std::chrono::seconds(1)
            );
    }
    return Problem(http::Status::internal_server_error, "INTERNAL_ERROR");
}

http::Response Problem::answer(const http::Request& request, WallTime now) const {
    static constexpr std::array<std::string_view, 2> offers{"application/json", "application/problem+json"};
    const bool as_rfc9457 = http::best_media_type(request.fields(), offers) == std::size_t{1};
    const Json written = as_rfc9457 ? rfc9457(request.raw_path()) : body(request.raw_path(), now);
    http::Response response(status_, offers[as_rfc9457 ? 1 : 0], written.text());
    response.set("Cache-Control", "no-store");
    for (const auto& [name, value] : headers_) response.set(name, value);
    return response;
}

Json Problem::body(std::string_view path, WallTime now) const {
    Json whole = Json::object({
        {"timestamp", format_iso_millis(now, "+00:00")},
        {"status", http::code_of(status_)},
        {"error", http::reason_phrase(status_)},
    });
    if (!message_.empty()) whole.set("message", message_);
    whole.set("path", path);
    add_rest(whole);
    return whole;
}

Json Problem::rfc9457(std::string_view path) const {
    Json body = Json::object({
        {"type", "about:blank"},
        {"title", http::reason_phrase(status_)},
        {"status", http::code_of(status_)},
    });
    if (!message_.empty()) body.set("detail", message_);
    body.set("instance", path);
    add_rest(body);
    return body;
}

void Problem::add_rest(Json& body) const {
    body.set("code", code_);
    for (const auto& [name, value] : members_) body.set(name, value);
    if (!errors_.empty()) body.set("errors", reflect::to_value(errors_));
    const TraceContext& trace = TaskContext::current().trace;
    if (trace.valid()) body.set("traceId", trace_id_text(trace));
}

}  // namespace flotilla::shop
