#include "flotilla/base/text.hpp"
#include "flotilla/metrics/exposition.hpp"

namespace flotilla::metrics {

namespace {

std::string_view parameter(std::string_view media, std::string_view name) {
    for (std::size_t at = media.find(';'); at != media.npos; at = media.find(';', at + 1)) {
        std::string_view one = media.substr(at + 1);
        one = trim(one.substr(0, one.find(';')));
        const std::size_t equals = one.find('=');
        if (equals == one.npos || !iequals(trim(one.substr(0, equals)), name)) continue;
        std::string_view value = trim(one.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        return value;
    }
    return {};
}

}  // namespace

std::optional<Format> negotiate(std::string_view accept) noexcept {
    accept = trim(accept);
    if (accept.empty()) return Format::text;
    bool text = false;
    while (!accept.empty()) {
        const std::size_t comma = accept.find(',');
        const std::string_view media = trim(accept.substr(0, comma));
        accept = comma == accept.npos ? std::string_view{} : accept.substr(comma + 1);
        const std::string_view type = trim(media.substr(0, media.find(';')));
        const std::string_view version = parameter(media, "version");
        if (iequals(type, "application/openmetrics-text")) {
            if (version.empty() || version == "1.0.0") return Format::openmetrics;
        } else if (iequals(type, "text/plain")) {
            text = text || version.empty() || version == "0.0.4";
        } else if (type == "*/*" || iequals(type, "text/*")) {
            text = true;
        }
    }
    if (text) return Format::text;
    return std::nullopt;
}

std::string_view content_type(Format format) noexcept {
    return format == Format::openmetrics ? "application/openmetrics-text;version=1.0.0;charset=utf-8"
                                         : "text/plain;version=0.0.4;charset=utf-8";
}

}  // namespace flotilla::metrics
