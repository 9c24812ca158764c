#include "web_filters.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::actuator::detail {

namespace {

bool contains(const std::vector<std::string>& list, std::string_view wanted) {
    return std::ranges::any_of(list, [&](const auto& entry) {
        return entry == "*" || iequals(entry, wanted);
    });
}

bool reject(http::Response& response) {
    response.status(http::Status::forbidden);
    response.set_body("text/plain;charset=UTF-8", "Invalid CORS request");
    return true;
}

bool headers_allowed(const CorsConfig& config, std::string_view requested) {
    return std::ranges::all_of(split_list(requested), [&](std::string_view name) {
        return contains(config.allowed_headers, name);
    });
}

}  // namespace

bool answer_cors(const CorsConfig& config, const http::Request& request, http::Response& response) {
    const std::string_view origin = request.header("Origin");
    if (origin.empty()) return false;
    const std::string_view requested = request.header("Access-Control-Request-Method");
    const bool preflight = request.method() == http::Method::options && !requested.empty();
    if (!config.enabled()) return preflight && reject(response);
    if (iequals(origin, request.base_url())) return false;
    response.add("Vary", "Origin");
    const std::string_view method = preflight ? requested : request.method_text();
    const std::string_view headers = request.header("Access-Control-Request-Headers");
    if (!contains(config.allowed_origins, origin) || !contains(config.allowed_methods, method) ||
        (preflight && !headers_allowed(config, headers))) {
        return reject(response);
    }
    const bool any = std::ranges::find(config.allowed_origins, "*") != config.allowed_origins.end();
    response.set("Access-Control-Allow-Origin", any && !config.allow_credentials ? "*" : origin);
    if (config.allow_credentials) response.set("Access-Control-Allow-Credentials", "true");
    if (!preflight) {
        if (!config.exposed_headers.empty())
            response.set("Access-Control-Expose-Headers", join(config.exposed_headers, ", "));
        return false;
    }
    response.set("Access-Control-Allow-Methods", join(config.allowed_methods, ","));
    if (!headers.empty()) response.set("Access-Control-Allow-Headers", headers);
    response.set("Access-Control-Max-Age", fmt::format("{}", config.max_age.count()));
    return true;
}

void list_methods(const http::Request& request, http::Response& response) {
    const bool options = request.method() == http::Method::options && response.status() == http::Status::ok;
    if (!options && response.status() != http::Status::method_not_allowed) return;
    std::string allow;
    for (const std::string_view method : split_list(response.headers().find("Allow"))) {
        if (!options && (method == "HEAD" || method == "OPTIONS")) continue;
        if (!allow.empty()) allow += options ? "," : ", ";
        allow += method;
    }
    if (!allow.empty()) response.set("Allow", allow);
}

}  // namespace flotilla::actuator::detail
