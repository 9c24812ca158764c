#include "flotilla/zipkin/encoder.hpp"

#include "flotilla/base/text.hpp"
#include "formats.hpp"

namespace flotilla::zipkin {

Address address_of(std::string_view ip) noexcept {
    constexpr std::string_view mapped = "::ffff:";
    if (ip.empty()) return {};
    if (istarts_with(ip, mapped) && ip.find('.') != std::string_view::npos)
        return {Family::v4, ip.substr(mapped.size())};
    return {ip.find(':') == std::string_view::npos ? Family::v4 : Family::v6, ip};
}

Encoder::Encoder(Encoding encoding, const LocalEndpoint& local) : encoding_(encoding) {
    const std::string service = to_lower(local.service);
    const tracing::EndpointView view{service, local.ip, local.port};
    if (view.empty()) return;
    if (encoding_ == Encoding::json_v2) {
        append_endpoint_json(local_, view);
    } else {
        append_endpoint_proto(local_, view);
    }
}

void Encoder::begin(std::string& list) const {
    if (encoding_ == Encoding::json_v2) list += '[';
}

void Encoder::append(std::string& list, const tracing::SpanData& span) const {
    if (encoding_ == Encoding::json_v2) {
        if (list.size() > 1) list += ',';
        append_span_json(list, span, local_);
    } else {
        std::string fields;
        append_span_proto(fields, span, local_);
        append_field(list, 1, fields);
    }
}

void Encoder::end(std::string& list) const {
    if (encoding_ == Encoding::json_v2) list += ']';
}

std::string_view Encoder::content_type() const noexcept {
    return encoding_ == Encoding::json_v2 ? "application/json" : "application/x-protobuf";
}

}  // namespace flotilla::zipkin
