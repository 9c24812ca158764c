#pragma once
/// Settings of the API description, under springdoc's names: `springdoc.*`.

#include <string>
#include <vector>

#include "flotilla/openapi/document.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::openapi {

struct ApiDocsConfig {
    bool enabled = true;
    std::string path = "/v3/api-docs";
    Version version = Version::openapi_3_0;
};

/// One description of several that the page offers.
struct NamedUrl {
    std::string name;
    std::string url;
};

struct SwaggerUiConfig {
    bool enabled = true;
    std::string path = "/swagger-ui.html";
    std::vector<NamedUrl> urls;
};

struct OpenApiConfig {
    ApiDocsConfig api_docs;
    SwaggerUiConfig swagger_ui;
    bool show_actuator = false;
    std::vector<std::string> paths_to_match;
    std::vector<std::string> paths_to_exclude;
};

FLT_DESCRIBE_ENUM(Version, openapi_3_0, openapi_3_1)

FLT_DESCRIBE_CONFIG(
    ApiDocsConfig,
    (enabled, "Whether the API is described."),
    (path, "Where; with .yaml behind it as YAML."),
    (version, "The form of the description: openapi_3_0 or openapi_3_1.")
)

FLT_DESCRIBE_CONFIG(
    NamedUrl,
    (name, "The service, for people.", not_blank),
    (url, "Where its description is, on this host.", not_blank)
)

FLT_DESCRIBE_CONFIG(
    SwaggerUiConfig,
    (enabled, "Whether there is a page to read it and to try it out."),
    (path, "What leads there."),
    (urls, "Descriptions to choose from, at a gateway; its own when there is none.")
)

FLT_DESCRIBE_CONFIG(
    OpenApiConfig,
    (api_docs, "The description."),
    (swagger_ui, "Swagger UI."),
    (show_actuator, "Whether operations endpoints are described too."),
    (paths_to_match, "Only these paths are described: /users/**."),
    (paths_to_exclude, "These are not.")
)

}  // namespace flotilla::openapi
