#include <algorithm>
#include <string>

#include "formats.hpp"
#include "pen.hpp"

namespace flotilla::zipkin {

namespace {

using tracing::SpanData;
using tracing::SpanKind;

void write_id(Pen& pen, std::string_view key, std::uint64_t id) {
    pen.text(key);
    pen.hex(id);
    pen.text("\"");
}

void write_text(Pen& pen, std::string_view key, std::string_view text) {
    pen.text(key);
    pen.quoted(text);
}

void write_number(Pen& pen, std::string_view key, std::int64_t value) {
    pen.text(key);
    pen.number(value);
}

void write_annotations(Pen& pen, const SpanData& span) {
    pen.text(",\"annotations\":[");
    for (std::size_t i = 0; i < span.annotation_count(); ++i) {
        const auto annotation = span.annotation_at(i);
        const auto at = std::chrono::floor<std::chrono::microseconds>(annotation.at.time_since_epoch());
        write_number(pen, i == 0 ? "{\"timestamp\":" : ",{\"timestamp\":", at.count());
        write_text(pen, ",\"value\":", annotation.value);
        pen.text("}");
    }
    pen.text("]");
}

void write_tags(Pen& pen, const SpanData& span) {
    pen.text(",\"tags\":{");
    for (std::size_t i = 0; i < span.tag_count(); ++i) {
        const auto tag = span.tag_at(i);
        if (i > 0) pen.text(",");
        pen.quoted(tag.key);
        write_text(pen, ":", tag.value);
    }
    pen.text("}");
}

void write_endpoint(Pen& pen, const tracing::EndpointView& endpoint) {
    pen.text("{");
    const char* const start = pen.at();
    const auto comma = [&] {
        if (pen.at() > start) pen.text(",");
    };
    if (!endpoint.service.empty()) write_text(pen, "\"serviceName\":", endpoint.service);
    if (const Address address = address_of(endpoint.ip); address.family != Family::none) {
        comma();
        write_text(pen, address.family == Family::v4 ? "\"ipv4\":" : "\"ipv6\":", address.text);
    }
    if (endpoint.port != 0) {
        comma();
        write_number(pen, "\"port\":", endpoint.port);
    }
    pen.text("}");
}

void write_span(Pen& pen, const SpanData& span, std::string_view local) {
    const TraceContext& context = span.context;
    pen.text("{\"traceId\":\"");
    if (context.trace_high != 0) pen.hex(context.trace_high);
    pen.hex(context.trace_low);
    pen.text("\"");
    if (context.parent_id != 0) write_id(pen, ",\"parentId\":\"", context.parent_id);
    write_id(pen, ",\"id\":\"", context.span_id);
    if (span.kind != SpanKind::none) write_text(pen, ",\"kind\":", to_string(span.kind));
    if (!span.name().empty()) write_text(pen, ",\"name\":", span.name());
    write_number(pen, ",\"timestamp\":", span.timestamp().count());
    write_number(pen, ",\"duration\":", span.duration_us().count());
    if (!local.empty()) {
        pen.text(",\"localEndpoint\":");
        pen.text(local);
    }
    if (const tracing::EndpointView remote = span.remote(); !remote.empty()) {
        pen.text(",\"remoteEndpoint\":");
        write_endpoint(pen, remote);
    }
    if (span.annotation_count() > 0) write_annotations(pen, span);
    if (span.tag_count() > 0) write_tags(pen, span);
    if (context.debug) pen.text(",\"debug\":true");
    if (context.shared && span.kind != SpanKind::client) pen.text(",\"shared\":true");
    pen.text("}");
}

/// Without its texts: names of members, ids, numbers.
constexpr std::size_t span_frame = 512;
constexpr std::size_t endpoint_frame = 64;
constexpr std::size_t entry_frame = 64;  // of a tag or an annotation

std::size_t longest(const tracing::EndpointView& endpoint) noexcept {
    return endpoint_frame + Pen::longest_escape * (endpoint.service.size() + endpoint.ip.size());
}

std::size_t longest(const SpanData& span, std::string_view local) noexcept {
    const std::size_t entries = span.tag_count() + span.annotation_count();
    // All its texts are in there.
    return span_frame + local.size() + endpoint_frame + entries * entry_frame +
           Pen::longest_escape * span.footprint();
}

/// Makes room, and keeps what `write` makes of it.
template <class Write>
void append(std::string& out, std::size_t room, const Write& write) {
    const std::size_t before = out.size();
    if (out.capacity() - before < room) out.reserve(std::max(2 * out.capacity(), before + room));
    out.resize_and_overwrite(before + room, [&](char* text, std::size_t) {
        Pen pen(text + before);
        write(pen);
        return static_cast<std::size_t>(pen.at() - text);
    });
}

}  // namespace

void append_endpoint_json(std::string& out, const tracing::EndpointView& endpoint) {
    append(out, longest(endpoint), [&](Pen& pen) { write_endpoint(pen, endpoint); });
}

void append_span_json(std::string& out, const SpanData& span, std::string_view local) {
    append(out, longest(span, local), [&](Pen& pen) { write_span(pen, span, local); });
}

}  // namespace flotilla::zipkin
