#pragma once
// What is told about a call that has ended.

#include <optional>

#include "client_pool.hpp"
#include "flotilla/runtime/endpoint.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::http {

struct ClientReport {
    std::string_view method;
    std::string_view path;
    std::string_view uri_template;
    std::string_view peer;  ///< service or host
    int status = 0;         ///< 0: no answer
    const Error* error = nullptr;
};

/// `http.client.requests`, with the tags that Spring gives it.
void record_timer(ClientCore& core, ClientHost& host, const ClientReport& report, Duration taken);
void describe_span(
    const tracing::SpanRef& span, const ClientReport& report, const std::optional<runtime::Endpoint>& peer
);

}  // namespace flotilla::http
