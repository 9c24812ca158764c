#include "swagger_ui.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/html.hpp"
#include "flotilla/http/conditional.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/reflect/json.hpp"
#include "ui_assets.hpp"

namespace flotilla::openapi {

namespace {

using http::Response;

/// Scripts and styles of our own only. The styles in attributes that React sets go by the DOM and need no
/// permission; images within the style sheet are data.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::string_view page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{0}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<select id="services" aria-label="Service" hidden></select>
<div id="swagger-ui" data-urls="{1}"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="swagger-initializer.js"></script>
</body>
</html>
)";

constexpr std::string_view initializer = R"("use strict";
const root = document.getElementById("swagger-ui");
const urls = JSON.parse(root.dataset.urls);
const asked = new URLSearchParams(location.search).get("urls.primaryName");
const chosen = urls.find((one) => one.name === asked) ?? urls[0];
if (urls.length > 1) {
    const services = document.getElementById("services");
    for (const { name } of urls) services.add(new Option(name, name, false, name === chosen.name));
    services.addEventListener("change", () => {
        location.search = "?urls.primaryName=" + encodeURIComponent(services.value);
    });
    services.hidden = false;
}
window.ui = SwaggerUIBundle({
    url: chosen.url,
    domNode: root,
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
});
)";

Response guarded(Response response) {
    response.set("Content-Security-Policy", policy);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    return response;
}

/// A file that is the same until the program is built with another version.
Response embedded(const http::Request& request, std::string_view content_type, std::string_view compressed) {
    const std::string etag = fmt::format("\"swagger-ui-{}\"", ui_version());
    Response response;
    response.set("ETag", etag);
    response.set("Cache-Control", "public, max-age=86400");
    response.set("Vary", "Accept-Encoding");
    const http::Validators validators{.etag = etag};
    if (check_preconditions(request.method(), request.fields(), validators, WallTime{}) ==
        http::Precondition::not_modified) {
        response.status(http::Status::not_modified);
        return response;
    }
    if (best_content_coding(request.fields()) == http::ContentCoding::identity) {
        response.set_body(content_type, http::gunzip(compressed).value_or(std::string()));
    } else {
        response.set("Content-Encoding", "gzip");
        response.view_body(content_type, compressed);
    }
    return response;
}

}  // namespace

std::string relative_url(std::string_view folder, std::string_view path) {
    std::string url;
    for (auto up = std::ranges::count(folder, '/'); up > 0; --up) url += "../";
    while (path.starts_with('/')) path.remove_prefix(1);
    return url + std::string(path);
}

Result<Response> ui_answer(
    const http::Request& request,
    std::string_view file,
    std::string_view title,
    const std::vector<NamedUrl>& urls
) {
    if (embedded_script().empty())
        return fail(Errc::not_found, fmt::format("This build has no Swagger UI: {}.", why_missing()));
    if (file == "swagger-ui-bundle.js")
        return guarded(embedded(request, "text/javascript;charset=UTF-8", embedded_script()));
    if (file == "swagger-ui.css")
        return guarded(embedded(request, "text/css;charset=UTF-8", embedded_style()));
    Response response;
    response.set("Cache-Control", "no-cache");
    if (file == "swagger-initializer.js") {
        response.view_body("text/javascript;charset=UTF-8", initializer);
    } else if (file == "index.html") {
        const std::string text =
            fmt::format(fmt::runtime(page), html_escaped(title), html_escaped(reflect::to_json(urls)));
        response.set_body("text/html;charset=UTF-8", text);
    } else {
        return fail(Errc::not_found, fmt::format("No static resource {}.", request.path()));
    }
    return guarded(std::move(response));
}

}  // namespace flotilla::openapi
