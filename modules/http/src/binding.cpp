#include "flotilla/http/binding.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "flotilla/http/negotiation.hpp"
#include "flotilla/http/router.hpp"

namespace flotilla::http::detail {

std::string simple_type_name(const char* mangled) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free
    );
    std::string_view name = status == 0 ? text.get() : mangled;
    // What follows the last `::` outside template arguments.
    const std::size_t arguments = name.find('<');
    const std::size_t colon = name.substr(0, arguments).rfind(':');
    if (colon != std::string_view::npos) name.remove_prefix(colon + 1);
    return std::string(name);
}

std::optional<bool> parse_bool(std::string_view text) noexcept {
    if (iequals(text, "true") || iequals(text, "on") || iequals(text, "yes") || text == "1") return true;
    if (iequals(text, "false") || iequals(text, "off") || iequals(text, "no") || text == "0") return false;
    return std::nullopt;
}

Complaint missing(ParameterPlace place, std::string_view name) {
    const std::string_view what = place == ParameterPlace::header ? "header" : "parameter";
    return ErrorDetails{
        .status = Status::bad_request, .message = fmt::format("Required {} '{}' is not present.", what, name)
    };
}

Complaint not_convertible(std::string_view name, std::string_view value, std::string_view type) {
    return ErrorDetails{
        .status = Status::bad_request,
        .message = fmt::format(
            "Method parameter '{}': Failed to convert value of type 'string' to required type '{}'; For "
            "input string: \"{}\"",
            name,
            type,
            value
        ),
        .detail = fmt::format("Failed to convert '{}' with value: '{}'", name, value)
    };
}

Complaint check_json_body(const Request& request, Response& response) {
    const std::string_view type = request.header(KnownField::content_type);
    const auto is_json = [&] {
        const auto media = MediaType::parse(type);
        return media && media->is_json();
    };
    if (type != json_type && !is_json()) {
        response.set("Accept", json_type);
        return ErrorDetails{
            .status = Status::unsupported_media_type,
            .message = type.empty() ? std::string("Content-Type is missing.")
                                    : fmt::format("Content-Type '{}' is not supported.", type)
        };
    }
    if (request.body().empty()) {
        return ErrorDetails{
            .status = Status::bad_request,
            .message = fmt::format(
                "Required request body is missing: {}", request.route() ? request.route()->options.name : ""
            ),
            .detail = "Failed to read request"
        };
    }
    return std::nullopt;
}

Complaint check_json_answer(const Request& request, Response& response) {
    const std::string_view accept = request.header(KnownField::accept);
    if (accept.empty() || accept == "*/*" || accept.find(json_type) != std::string_view::npos)
        return std::nullopt;
    // Who takes problem details only is told by them of what goes wrong, and gets plain JSON otherwise.
    static constexpr std::array<std::string_view, 2> offer{json_type, "application/problem+json"};
    if (best_media_type(request.fields(), offer)) return std::nullopt;
    response.set("Accept", json_type);
    return ErrorDetails{
        .status = Status::not_acceptable, .message = "Acceptable representations: [application/json]."
    };
}

Complaint json_complaint(const Error& error) {
    return ErrorDetails{
        .status = error.code() == Errc::limit_exceeded ? Status::content_too_large : Status::bad_request,
        .message = "JSON parse error: " + error.message(),
        .detail = "Failed to read request"
    };
}

Complaint validation_complaint(std::string object, const std::vector<reflect::Violation>& violations) {
    if (!object.empty()) object.front() = ascii_lower(object.front());
    ErrorDetails details{
        .status = Status::bad_request,
        .message =
            fmt::format("Validation failed for object='{}'. Error count: {}", object, violations.size()),
        .detail = "Invalid request content."
    };
    for (const auto& violation : violations) {
        details.errors.push_back(
            {.object = object,
             .field = violation.field,
             .code = violation.code,
             .message = violation.message,
             .rejected_value = reflect::to_json(violation.rejected)}
        );
    }
    return details;
}

void answer_error(
    const Request& request, Response& response, const ErrorRenderer& errors, const Error& error
) {
    const Status status = status_of(error);
    if (status == Status::service_unavailable && !response.headers().contains("Retry-After"))
        response.set("Retry-After", "1");
    errors.render(request, {.status = status, .message = error.message()}, response);
}

}  // namespace flotilla::http::detail
