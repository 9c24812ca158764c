#include "flotilla/openapi/api.hpp"

#include <algorithm>

#include "flotilla/reflect/yaml.hpp"
#include "server_url.hpp"
#include "swagger_ui.hpp"

namespace flotilla::openapi {

namespace {

using http::Request;
using http::Response;
using http::RouteOptions;
using reflect::Json;

RouteOptions hidden(std::string name, std::vector<std::string> produces = {}) {
    return {.name = std::move(name), .produces = std::move(produces), .doc = {.hidden = true}};
}

bool is_taken(const http::Router& router, std::string_view pattern) {
    return std::ranges::any_of(router.routes(), [&](const auto& route) {
        return route->method == http::Method::get && route->pattern == pattern;
    });
}

template <class F>
void offer(http::Router& router, const std::string& pattern, F handler, RouteOptions options) {
    if (!is_taken(router, pattern)) router.get(pattern, std::move(handler), std::move(options));
}

/// Whether a service answers below its name by itself, as it does where a gateway has cut that off: the
/// prefix stands in its paths already.
bool has_paths_below(const Json& document, const std::string& prefix) {
    return !prefix.empty() && std::ranges::any_of(document["paths"].members(), [&](const auto& path) {
        return path.key.starts_with(prefix + "/");
    });
}

}  // namespace

Api::Api(OpenApiConfig config, ApiIdentity identity)
    : config_(std::move(config)), identity_(std::move(identity)) {
    if (identity_.title.empty()) identity_.title = DocumentOptions{}.title;
    if (identity_.version.empty()) identity_.version = DocumentOptions{}.api_version;
}

std::string Api::ui_folder() const {
    const std::string& path = config_.swagger_ui.path;
    return path.substr(0, path.rfind('/')) + "/swagger-ui";
}

void Api::mount(http::Router& router) {
    if (!config_.api_docs.enabled) return;
    // A gateway has no routes of its own to describe, and its paths are those of others.
    const bool nothing_to_say = describe(router, document_options())["paths"].empty();
    if (nothing_to_say && config_.swagger_ui.urls.empty()) return;
    offer(
        router,
        docs_path(),
        [this, &router](Request& request) { return document(router, request); },
        hidden("OpenApiResource#openapiJson")
    );
    const std::string yaml_type = "application/vnd.oai.openapi";
    offer(
        router,
        docs_path() + ".yaml",
        [this, &router, yaml_type](Request& request) {
            return Response(http::Status::ok, yaml_type, reflect::to_yaml(document(router, request)));
        },
        hidden("OpenApiResource#openapiYaml", {yaml_type})
    );
    if (!config_.swagger_ui.enabled) return;
    offer(
        router,
        docs_path() + "/swagger-config",
        [this](Request& request) { return ui_config(request); },
        hidden("SwaggerConfigResource#openapiJson")
    );
    offer(
        router,
        identity_.context_path + config_.swagger_ui.path,
        [this](Request& request) {
            Response response(http::Status::found);
            response.set(
                "Location",
                forwarded_prefix(request.fields()) + identity_.context_path + ui_folder() + "/index.html"
            );
            return response;
        },
        hidden("SwaggerWelcome#redirectToUi")
    );
    offer(
        router,
        identity_.context_path + ui_folder() + "/{file}",
        [this](Request& request) { return ui_file(request); },
        hidden("SwaggerUi#file", {"text/html"})
    );
}

DocumentOptions Api::document_options() const {
    DocumentOptions options;
    options.version = config_.api_docs.version;
    options.title = identity_.title;
    options.api_version = identity_.version;
    options.problem_details = identity_.problem_details;
    if (!config_.show_actuator) options.hidden_prefixes.push_back(identity_.operations_path);
    options.paths_to_match = config_.paths_to_match;
    options.paths_to_exclude = config_.paths_to_exclude;
    return options;
}

Json Api::document(const http::Router& router, const Request& request) const {
    DocumentOptions options = document_options();
    options.server_url = server_url(request);
    Json document = describe(router, options);
    const std::string prefix = forwarded_prefix(request.fields());
    if (has_paths_below(document, prefix)) {
        const std::string& whole = options.server_url;
        document["servers"].elements().front().set("url", whole.substr(0, whole.size() - prefix.size()));
    }
    return document;
}

Json Api::ui_config(const Request& request) const {
    const std::string docs = forwarded_prefix(request.fields()) + docs_path();
    Json config = Json::object({{"configUrl", docs + "/swagger-config"}});
    if (config_.swagger_ui.urls.empty()) {
        config.set("url", docs);
    } else {
        config.set("urls", reflect::to_value(config_.swagger_ui.urls));
    }
    return config.set("validatorUrl", "");
}

Result<Response> Api::ui_file(const Request& request) const {
    const std::string title = identity_.title + " API";
    std::vector<NamedUrl> urls = config_.swagger_ui.urls;
    if (urls.empty()) urls.push_back({identity_.title, relative_url(ui_folder(), config_.api_docs.path)});
    return ui_answer(request, request.path_parameter("file").value_or(""), title, urls);
}

}  // namespace flotilla::openapi
