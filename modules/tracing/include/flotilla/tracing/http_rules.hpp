#pragma once
/// What an HTTP span is called and which tags it gets, in Brave's vocabulary.

#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/tracing/span_data.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::tracing {

/// How one exchange went, as seen by its server or its client.
struct HttpExchange {
    std::string_view method;
    std::string_view path;  ///< with or without a query, which is left out
    std::string_view route = {
    };  ///< the template that matched, such as `/users/{userId}`; empty when none did
    int status = 0;               ///< 0: no answer
    std::string_view error = {};  ///< message or kind of the exception or connection failure, if any
};

/// `get /users/{userid}`; without a route `get not_found`, `get redirected` or `get`.
std::string http_server_span_name(const HttpExchange& exchange);

/// Names and tags a server span. Only what is unusual is tagged: a status that is not 2xx, an error below 100
/// or above 399. Tags that the user's code has set stay. Call it before `finish`; it does nothing when not
/// recording.
void describe_http_server(const SpanRef& span, const HttpExchange& exchange, const EndpointView& peer);

/// Names the span after the method and tags it alike. `peer` is the logical service with the chosen
/// instance's address; each attempt is a span of its own.
void describe_http_client(const SpanRef& span, const HttpExchange& exchange, const EndpointView& peer);

/// The client's address out of `X-Forwarded-For`: the first entry without port or brackets; empty when it is
/// no address. Only for headers of a trusted proxy.
std::string_view forwarded_client(std::string_view x_forwarded_for) noexcept;

}  // namespace flotilla::tracing
