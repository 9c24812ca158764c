// zipkin.proto3, by hand: a dozen fields, no library.

#include <arpa/inet.h>

#include <array>
#include <string>

#include "formats.hpp"

namespace flotilla::zipkin {

namespace {

using tracing::SpanData;

enum Wire : unsigned { varint = 0, fixed64 = 1, bytes = 2 };

void append_varint(std::string& out, std::uint64_t value) {
    for (; value > 0x7f; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
    out += static_cast<char>(value);
}

void append_key(std::string& out, unsigned number, Wire wire) {
    append_varint(out, number << 3 | wire);
}

void append_number(std::string& out, unsigned number, std::uint64_t value) {
    append_key(out, number, varint);
    append_varint(out, value);
}

void append_fixed(std::string& out, unsigned number, std::uint64_t value) {
    append_key(out, number, fixed64);
    for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

void add_big_endian(std::string& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void append_id(std::string& out, unsigned number, std::uint64_t id) {
    std::string raw;
    add_big_endian(raw, id);
    append_field(out, number, raw);
}

void append_text(std::string& out, unsigned number, std::string_view text) {
    if (!text.empty()) append_field(out, number, text);
}

std::uint64_t microseconds(WallTime at) {
    return static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::microseconds>(at.time_since_epoch()).count()
    );
}

}  // namespace

void append_field(std::string& out, unsigned number, std::string_view content) {
    append_key(out, number, bytes);
    append_varint(out, content.size());
    out += content;
}

void append_endpoint_proto(std::string& out, const tracing::EndpointView& endpoint) {
    append_text(out, 1, endpoint.service);
    const Address address = address_of(endpoint.ip);
    std::array<char, 16> raw{};
    const std::string text(address.text);
    if (address.family == Family::v4 && ::inet_pton(AF_INET, text.c_str(), raw.data()) == 1)
        append_field(out, 2, {raw.data(), 4});
    if (address.family == Family::v6 && ::inet_pton(AF_INET6, text.c_str(), raw.data()) == 1)
        append_field(out, 3, {raw.data(), raw.size()});
    if (endpoint.port != 0) append_number(out, 4, endpoint.port);
}

void append_span_proto(std::string& out, const SpanData& span, std::string_view local) {
    const TraceContext& context = span.context;
    std::string trace;
    if (context.trace_high != 0) add_big_endian(trace, context.trace_high);
    add_big_endian(trace, context.trace_low);
    append_field(out, 1, trace);
    if (context.parent_id != 0) append_id(out, 2, context.parent_id);
    append_id(out, 3, context.span_id);
    if (span.kind != tracing::SpanKind::none)
        append_number(out, 4, static_cast<std::uint64_t>(span.kind));  // the enumerators are the same
    append_text(out, 5, span.name());
    append_fixed(out, 6, microseconds(span.start));
    append_number(out, 7, static_cast<std::uint64_t>(span.duration_us().count()));
    if (!local.empty()) append_field(out, 8, local);
    if (const tracing::EndpointView remote = span.remote(); !remote.empty()) {
        std::string fields;
        append_endpoint_proto(fields, remote);
        append_field(out, 9, fields);
    }
    std::string fields;
    for (std::size_t i = 0; i < span.annotation_count(); ++i) {
        const auto annotation = span.annotation_at(i);
        fields.clear();
        append_fixed(fields, 1, microseconds(annotation.at));
        append_text(fields, 2, annotation.value);
        append_field(out, 10, fields);
    }
    for (std::size_t i = 0; i < span.tag_count(); ++i) {
        const auto tag = span.tag_at(i);
        fields.clear();
        append_field(fields, 1, tag.key);
        append_field(fields, 2, tag.value);
        append_field(out, 11, fields);
    }
    if (context.debug) append_number(out, 12, 1);
    if (context.shared && span.kind != tracing::SpanKind::client) append_number(out, 13, 1);
}

}  // namespace flotilla::zipkin
