#include "flotilla/base/encoding.hpp"
#include "flotilla/reflect/print.hpp"
#include "formats.hpp"

namespace flotilla::zipkin {

namespace {

namespace print = reflect::print;
using tracing::SpanData;
using tracing::SpanKind;

void append_hex(std::string& out, std::uint64_t id) {
    const std::size_t at = out.size();
    out.resize(at + 16);
    write_hex64(id, out.data() + at);
}

void append_id(std::string& out, std::string_view key, std::uint64_t id) {
    out += key;
    append_hex(out, id);
    out += '"';
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
    out += key;
    print::string(out, text);
}

void append_annotations(std::string& out, const SpanData& span) {
    out += ",\"annotations\":[";
    for (std::size_t i = 0; i < span.annotation_count(); ++i) {
        const auto annotation = span.annotation_at(i);
        out += i == 0 ? "{\"timestamp\":" : ",{\"timestamp\":";
        const auto at = std::chrono::floor<std::chrono::microseconds>(annotation.at.time_since_epoch());
        print::integer(out, at.count());
        append_text(out, ",\"value\":", annotation.value);
        out += '}';
    }
    out += ']';
}

void append_tags(std::string& out, const SpanData& span) {
    out += ",\"tags\":{";
    for (std::size_t i = 0; i < span.tag_count(); ++i) {
        const auto tag = span.tag_at(i);
        if (i > 0) out += ',';
        print::string(out, tag.key);
        append_text(out, ":", tag.value);
    }
    out += '}';
}

}  // namespace

void append_endpoint_json(std::string& out, const tracing::EndpointView& endpoint) {
    out += '{';
    const std::size_t start = out.size();
    const auto comma = [&] {
        if (out.size() > start) out += ',';
    };
    if (!endpoint.service.empty()) append_text(out, "\"serviceName\":", endpoint.service);
    if (const Address address = address_of(endpoint.ip); address.family != Family::none) {
        comma();
        append_text(out, address.family == Family::v4 ? "\"ipv4\":" : "\"ipv6\":", address.text);
    }
    if (endpoint.port != 0) {
        comma();
        out += "\"port\":";
        print::integer(out, endpoint.port);
    }
    out += '}';
}

void append_span_json(std::string& out, const SpanData& span, std::string_view local) {
    const TraceContext& context = span.context;
    out += "{\"traceId\":\"";
    if (context.trace_high != 0) append_hex(out, context.trace_high);
    append_hex(out, context.trace_low);
    out += '"';
    if (context.parent_id != 0) append_id(out, ",\"parentId\":\"", context.parent_id);
    append_id(out, ",\"id\":\"", context.span_id);
    if (span.kind != SpanKind::none) append_text(out, ",\"kind\":", to_string(span.kind));
    if (!span.name().empty()) append_text(out, ",\"name\":", span.name());
    out += ",\"timestamp\":";
    print::integer(out, span.timestamp().count());
    out += ",\"duration\":";
    print::integer(out, span.duration_us().count());
    if (!local.empty()) {
        out += ",\"localEndpoint\":";
        out += local;
    }
    if (const tracing::EndpointView remote = span.remote(); !remote.empty()) {
        out += ",\"remoteEndpoint\":";
        append_endpoint_json(out, remote);
    }
    if (span.annotation_count() > 0) append_annotations(out, span);
    if (span.tag_count() > 0) append_tags(out, span);
    if (context.debug) out += ",\"debug\":true";
    if (context.shared && span.kind != SpanKind::client) out += ",\"shared\":true";
    out += '}';
}

}  // namespace flotilla::zipkin
