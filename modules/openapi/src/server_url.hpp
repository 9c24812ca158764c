#pragma once
// Where a client reaches this server, as far as the request and those who passed it on tell.

#include <string>

#include "flotilla/http/request.hpp"

namespace flotilla::openapi {

/// What proxies say of themselves, X-Forwarded-Prefix with all its values: `/api/user-service`, or nothing.
/// Values that could be no path are left out.
std::string forwarded_prefix(const http::Fields& fields);

/// `http://localhost:8080`, or as X-Forwarded-Proto, -Host, -Port and -Prefix have it.
std::string server_url(const http::Request& request);
/// The same from its parts.
std::string server_url(const http::Fields& fields, std::string_view own_base);

}  // namespace flotilla::openapi
