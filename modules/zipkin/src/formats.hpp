#pragma once
// The two encodings of one span and of an endpoint.

#include <string>
#include <string_view>

#include "flotilla/tracing/span_data.hpp"

namespace flotilla::zipkin {

enum class Family { none, v4, v6 };

/// An address as its family writes it: an IPv4 address mapped into IPv6 is one of IPv4.
struct Address {
    Family family = Family::none;
    std::string_view text;
};

Address address_of(std::string_view ip) noexcept;

/// `{"serviceName":"backend","ipv4":"192.168.99.1","port":3306}`
void append_endpoint_json(std::string& out, const tracing::EndpointView& endpoint);
/// `local` is an endpoint in JSON, or empty.
void append_span_json(std::string& out, const tracing::SpanData& span, std::string_view local);

/// The fields of zipkin.proto3.Endpoint.
void append_endpoint_proto(std::string& out, const tracing::EndpointView& endpoint);
/// The fields of zipkin.proto3.Span.
void append_span_proto(std::string& out, const tracing::SpanData& span, std::string_view local);

/// A field with a length: text, bytes, messages.
void append_field(std::string& out, unsigned number, std::string_view bytes);

}  // namespace flotilla::zipkin
