#pragma once
// Spans as tests need them.

#include <chrono>
#include <string>

#include "flotilla/tracing/span_data.hpp"

namespace flotilla::zipkin::testing {

/// The specification's example.
inline tracing::SpanPtr backend_span() {
    tracing::SpanPtr span = tracing::make_span();
    span->context.trace_low = 0x5af7183fb1d4cf5f;
    span->context.parent_id = 0x6b221d5bc9e6496c;
    span->context.span_id = 0x352bff9a74ca9ad2;
    span->context.shared = true;
    span->kind = tracing::SpanKind::server;
    span->set_name("GET /api");
    span->start = WallTime(std::chrono::microseconds(1556604172355737));
    span->duration = std::chrono::microseconds(1431);
    span->set_remote({.ip = "172.19.0.2", .port = 58648});
    span->annotate(WallTime(std::chrono::microseconds(1556604172355800)), "cache.miss");
    span->tag("http.method", "GET");
    span->tag("http.path", "/api");
    return span;
}

/// A span with a tag of that length.
inline tracing::SpanPtr span_number(std::uint64_t id, std::size_t tag_length = 8) {
    tracing::SpanPtr span = tracing::make_span();
    span->context.trace_low = span->context.span_id = id;
    span->set_name("work");
    span->start = WallTime(std::chrono::seconds(1'700'000'000));
    span->duration = std::chrono::milliseconds(1);
    span->tag("sql.query", std::string(tag_length, 'x'));
    return span;
}

}  // namespace flotilla::zipkin::testing
