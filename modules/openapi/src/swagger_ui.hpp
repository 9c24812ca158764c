#pragma once
// Swagger UI as answers: the page, the script that starts it, and the files that npm has brought.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/openapi/openapi_config.hpp"

namespace flotilla::openapi {

/// One file of the folder; an error when there is none of that name, or when this build has no Swagger UI.
/// `urls` lead from the page to the descriptions that it offers, at least one.
Result<http::Response> ui_answer(
    const http::Request& request,
    std::string_view file,
    std::string_view title,
    const std::vector<NamedUrl>& urls
);

/// From a file in `folder` to `path`: `../v3/api-docs`. Works whatever a gateway puts in front of both.
std::string relative_url(std::string_view folder, std::string_view path);

}  // namespace flotilla::openapi
