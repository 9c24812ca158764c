#pragma once
/// What holds for all paths of the actuator: CORS, and how methods are listed.

#include "flotilla/actuator/actuator_config.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"

namespace flotilla::actuator::detail {

/// True when the response is the answer: a preflight, or a refusal. Otherwise fields are added for the
/// browser.
bool answer_cors(const CorsConfig& config, const http::Request& request, http::Response& response);

/// `Allow: GET,HEAD,OPTIONS` for OPTIONS, and without HEAD and OPTIONS for 405.
void list_methods(const http::Request& request, http::Response& response);

}  // namespace flotilla::actuator::detail
