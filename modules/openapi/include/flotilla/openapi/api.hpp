#pragma once
/// Serves the description of a router's routes, and Swagger UI, through the same router.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/http/router.hpp"
#include "flotilla/openapi/document.hpp"
#include "flotilla/openapi/openapi_config.hpp"

namespace flotilla::openapi {

/// Whose API it is.
struct ApiIdentity {
    std::string title;
    std::string version;  ///< `v0` when empty
    /// What all paths begin with; those of the configuration are below it.
    std::string context_path = {};
    std::string operations_path = {};  ///< left out of the description unless `show_actuator`
    bool problem_details = false;
};

/// `/v3/api-docs`, `/v3/api-docs.yaml`, `/v3/api-docs/swagger-config`, `/swagger-ui.html` and
/// `/swagger-ui/…`. Made for each request anew, so that nothing is held in memory; a route that somebody has
/// taken already stays his. Where there is nothing to describe none of them is there.
class Api {
public:
    Api(OpenApiConfig config, ApiIdentity identity);
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    /// After all other routes; both live as long as the server.
    void mount(http::Router& router);

private:
    [[nodiscard]] DocumentOptions document_options() const;
    [[nodiscard]] reflect::Json document(const http::Router& router, const http::Request& request) const;
    [[nodiscard]] reflect::Json ui_config(const http::Request& request) const;
    [[nodiscard]] Result<http::Response> ui_file(const http::Request& request) const;

    [[nodiscard]] std::string docs_path() const { return identity_.context_path + config_.api_docs.path; }

    /// Where the page and its files are, below the context path: `/swagger-ui`.
    [[nodiscard]] std::string ui_folder() const;

    OpenApiConfig config_;
    ApiIdentity identity_;
};

}  // namespace flotilla::openapi
