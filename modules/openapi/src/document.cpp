#include "flotilla/openapi/document.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "operations.hpp"
#include "schemas.hpp"

namespace flotilla::openapi {

namespace {

using reflect::Json;

bool lies_below(std::string_view path, std::string_view prefix) {
    return !prefix.empty() && path.starts_with(prefix) &&
           (path.size() == prefix.size() || path[prefix.size()] == '/' || prefix.ends_with('/'));
}

bool is_shown(const http::Route& route, const DocumentOptions& options) {
    if (route.options.doc.hidden) return false;
    const std::string path = template_of(route.pattern);
    const auto matches = [&](const std::string& pattern) { return path_matches(pattern, path); };
    if (!options.paths_to_match.empty() && std::ranges::none_of(options.paths_to_match, matches))
        return false;
    if (std::ranges::any_of(options.paths_to_exclude, matches)) return false;
    return std::ranges::none_of(options.hidden_prefixes, [&](const std::string& prefix) {
        return lies_below(path, prefix);
    });
}

bool matches_from(
    const std::vector<std::string_view>& pattern,
    std::size_t p,
    const std::vector<std::string_view>& path,
    std::size_t at
) noexcept {
    for (; p < pattern.size(); ++p, ++at) {
        if (pattern[p] == "**") {
            for (std::size_t skip = at; skip <= path.size(); ++skip)
                if (matches_from(pattern, p + 1, path, skip)) return true;
            return false;
        }
        if (at == path.size() || !glob_match(pattern[p], path[at])) return false;
    }
    return at == path.size();
}

}  // namespace

bool path_matches(std::string_view pattern, std::string_view path) noexcept {
    return matches_from(split_list(pattern, '/'), 0, split_list(path, '/'), 0);
}

Json describe(const http::Router& router, const DocumentOptions& options) {
    Schemas schemas(options.version);
    std::vector<const http::Route*> routes;
    for (const auto& route : router.routes()) {
        if (!is_shown(*route, options)) continue;
        routes.push_back(route.get());
        for (const http::ParameterInfo& parameter : route->parameters)
            if (parameter.info) schemas.mark_as_input(parameter.info());
    }

    Operations operations(schemas, options.problem_details);
    Json paths = Json::object();
    for (const http::Route* route : routes)
        paths[template_of(route->pattern)].set(to_lower(route->method_text), operations.operation_of(*route));

    Json document = Json::object();
    document.set("openapi", options.version == Version::openapi_3_0 ? "3.0.1" : "3.1.0");
    document.set("info", Json::object({{"title", options.title}, {"version", options.api_version}}));
    document.set(
        "servers",
        Json::array({Json::object({{"url", options.server_url}, {"description", "Generated server url"}})})
    );
    document.set("paths", std::move(paths));
    Json components = Json::object();
    if (!schemas.components().empty()) components.set("schemas", schemas.components());
    if (operations.bearer_seen())
        components.set(
            "securitySchemes",
            Json::object(
                {{"bearerAuth",
                  Json::object({{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}})}}
            )
        );
    document.set("components", std::move(components));
    return document;
}

}  // namespace flotilla::openapi
