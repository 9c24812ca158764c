#include "eureka_request.hpp"

#include "flotilla/base/text.hpp"
#include "flotilla/http/negotiation.hpp"

namespace flotilla::registry {

using eureka::Format;
using http::KnownField;
using http::Status;

namespace {

constexpr std::string_view replication_header = "x-netflix-discovery-replication";

}  // namespace

Origin origin_of(const http::Request& request) {
    return request.header(replication_header) == "true" ? Origin::peer : Origin::client;
}

std::string app_of(const http::Request& request) {
    return to_upper(request.path_parameter("app").value_or(""));
}

std::string id_of(const http::Request& request) {
    return std::string(request.path_parameter("id").value_or(""));
}

Timestamp dirty_timestamp(const http::Request& request) {
    const auto text = request.query_parameter("lastDirtyTimestamp");
    if (!text) return {};
    const auto value = parse_integer<std::int64_t>(*text);
    return {value, !value};
}

std::optional<BodyKind> body_kind(const http::Request& request) {
    const auto type = http::MediaType::parse(request.header(KnownField::content_type));
    if (!type) return std::nullopt;
    BodyKind kind{Format::xml, false};
    if (type->is("application", "json")) {
        kind.format = Format::json;
    } else if (!type->is("application", "xml") && !type->is("*", "*") && !type->is("application", "*")) {
        return std::nullopt;
    }
    const std::string charset = to_lower(type->charset().value_or("utf-8"));
    kind.latin1 = charset == "iso-8859-1";
    if (!kind.latin1 && charset != "utf-8") return std::nullopt;
    return kind;
}

http::Response cannot_parse(Format format, const Error& why) {
    const bool too_much = why.code() == make_error_code(Errc::limit_exceeded);
    http::Response response(too_much ? Status::content_too_large : Status::bad_request);
    response.set("X-Flotilla-Error", why.message());
    if (format == Format::json) {
        response.set_body("application/json", R"({"error": "cannot parse request body"})");
    } else {
        response.set_body("application/xml", "<error><message>cannot parse request body</message></error>");
    }
    return response;
}

}  // namespace flotilla::registry
