#include "flotilla/http/error.hpp"

#include <fmt/format.h>

#include <array>

#include "flotilla/base/html.hpp"
#include "flotilla/base/task_context.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/reflect/print.hpp"

namespace flotilla::http {

namespace {

class StatusCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "http"; }

    [[nodiscard]] std::string message(int code) const override { return std::string(reason_phrase(code)); }
};

const StatusCategory& status_category() noexcept {
    static const StatusCategory category;
    return category;
}

enum class Form { classic, problem, html, none };

constexpr std::array<std::string_view, 5> offered{
    "application/json",
    "application/problem+json",
    "text/html",
    "application/vnd.spring-boot.actuator.v3+json",
    "application/vnd.spring-boot.actuator.v2+json"
};

Form form_for(std::string_view accept) {
    if (accept.empty()) return Form::classic;
    const auto best = best_media_type(accept, offered);
    if (!best) return Form::none;
    constexpr std::array forms{Form::classic, Form::problem, Form::html, Form::classic, Form::classic};
    return forms[*best];
}

std::string reason_of(Status status) {
    const auto phrase = reason_phrase(status);
    return phrase.empty() ? fmt::format("Http Status {}", code_of(status)) : std::string(phrase);
}

void append_member(std::string& json, std::string_view key, std::string_view value) {
    json += json.empty() ? '{' : ',';
    reflect::print::string(json, key);
    json += ':';
    reflect::print::string(json, value);
}

void append_raw_member(std::string& json, std::string_view key, std::string_view raw) {
    json += json.empty() ? '{' : ',';
    reflect::print::string(json, key);
    json += ':';
    json += raw;
}

std::string errors_json(const std::vector<FieldError>& errors) {
    std::string json = "[";
    for (const auto& error : errors) {
        std::string one;
        append_raw_member(
            one,
            "codes",
            fmt::format(R"(["{0}.{1}.{2}","{0}.{2}","{0}"])", error.code, error.object, error.field)
        );
        append_member(one, "defaultMessage", error.message);
        append_member(one, "objectName", error.object);
        append_member(one, "field", error.field);
        append_raw_member(one, "rejectedValue", error.rejected_value.empty() ? "null" : error.rejected_value);
        append_raw_member(one, "bindingFailure", "false");
        append_member(one, "code", error.code);
        if (json.size() > 1) json += ',';
        json += one + "}";
    }
    return json + "]";
}

bool included(IncludeAttribute include, const Request& request, std::string_view parameter) {
    if (include != IncludeAttribute::on_param) return include == IncludeAttribute::always;
    const auto value = request.query_parameter(parameter);
    return value && *value != "false";
}

}  // namespace

std::error_code make_error_code(Status status) noexcept {
    return {code_of(status), status_category()};
}

std::unexpected<Error> fail(Status status, std::string message) {
    return std::unexpected(Error(make_error_code(status), std::move(message)));
}

Status status_of(const Error& error) noexcept {
    const auto code = error.code();
    if (code.category() == status_category()) return static_cast<Status>(code.value());
    // Other modules have codes of their own, and say what they come to.
    const auto meaning = code.default_error_condition();
    if (meaning.category() != flotilla_category()) return Status::internal_server_error;
    switch (static_cast<Errc>(meaning.value())) {
        case Errc::invalid_argument:
        case Errc::malformed:
            return Status::bad_request;
        case Errc::not_found:
            return Status::not_found;
        case Errc::conflict:
            return Status::conflict;
        case Errc::limit_exceeded:
        case Errc::unavailable:
            return Status::service_unavailable;
        case Errc::timed_out:
            return Status::gateway_timeout;
        case Errc::refused:
        case Errc::closed:
            return Status::bad_gateway;
        case Errc::unsupported:
            return Status::not_implemented;
        case Errc::cancelled:
        case Errc::io:
        case Errc::internal:
            break;
    }
    return Status::internal_server_error;
}

ErrorRenderer::ErrorRenderer(ErrorConfig config, const Clock& clock) : config_(config), clock_(clock) {}

void ErrorRenderer::render(const Request& request, const ErrorDetails& details, Response& response) const {
    response.status(details.status);
    const TraceContext& trace = TaskContext::current().trace;
    if (trace.valid()) response.set("X-Trace-Id", trace_id_text(trace));

    const std::string_view path = request.raw_path();
    const bool from_exception = !details.exception.empty();
    const std::string_view accept = request.header(KnownField::accept);
    Form form = form_for(accept);
    if (config_.problem_details && !from_exception) form = Form::problem;

    if (form == Form::problem) {
        std::string& json = response.text_body("application/problem+json");
        append_member(json, "type", "about:blank");
        append_member(json, "title", reason_of(details.status));
        append_raw_member(json, "status", std::to_string(code_of(details.status)));
        const auto& detail = details.detail.empty() ? details.message : details.detail;
        if (!detail.empty() && !from_exception) append_member(json, "detail", detail);
        append_member(json, "instance", path);
        if (trace.valid()) append_member(json, "traceId", trace_id_text(trace));
        if (!details.errors.empty()) append_raw_member(json, "errors", errors_json(details.errors));
        json += '}';
        return;
    }
    if (form == Form::html) {
        response.text_body("text/html;charset=UTF-8") = fmt::format(
            "<html><body><h1>{0} {1}</h1><p>{2}</p><p>{3}</p></body></html>",
            code_of(details.status),
            html_escaped(reason_of(details.status)),
            html_escaped(details.message),
            html_escaped(path)
        );
        return;
    }
    if (form == Form::none) {
        response.body().emplace<std::monostate>();
        return;
    }
    std::string& json = response.text_body("application/json");
    append_member(json, "timestamp", format_iso_millis(clock_.wall_now(), "+00:00"));
    append_raw_member(json, "status", std::to_string(code_of(details.status)));
    append_member(json, "error", reason_of(details.status));
    if (from_exception && config_.include_exception) append_member(json, "exception", details.exception);
    if (!details.trace.empty() && included(config_.include_stacktrace, request, "trace"))
        append_member(json, "trace", details.trace);
    if (included(config_.include_message, request, "message"))
        append_member(json, "message", details.message.empty() ? "No message available" : details.message);
    if (!details.errors.empty() && included(config_.include_binding_errors, request, "errors"))
        append_raw_member(json, "errors", errors_json(details.errors));
    append_member(json, "path", path);
    json += '}';
}

}  // namespace flotilla::http
