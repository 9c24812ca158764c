#include "server_url.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::openapi {

namespace {

bool consists_of(std::string_view text, std::string_view marks) {
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return is_ascii_alpha(c) || is_ascii_digit(c) || marks.find(c) != std::string_view::npos;
    });
}

std::string_view first_of(std::string_view list) {
    return trim(list.substr(0, list.find(',')));
}

}  // namespace

std::string forwarded_prefix(const http::Fields& fields) {
    std::string prefix;
    for (const http::Field& field : fields) {
        if (!iequals(field.name, "X-Forwarded-Prefix")) continue;
        for (std::string_view part : split_list(field.value)) {
            while (part.ends_with('/')) part.remove_suffix(1);
            // Two slashes at the front would name another host.
            if (part.starts_with('/') && !part.starts_with("//") && consists_of(part, "/-._~%"))
                prefix += part;
        }
    }
    return prefix;
}

std::string server_url(const http::Fields& fields, std::string_view own_base) {
    std::string_view scheme = own_base.substr(0, own_base.find("://"));
    std::string_view host = own_base.substr(own_base.find("://") + 3);
    const std::string_view proto = first_of(fields.get("X-Forwarded-Proto"));
    if (iequals(proto, "http") || iequals(proto, "https")) scheme = proto;
    const std::string_view forwarded_host = first_of(fields.get("X-Forwarded-Host"));
    const bool has_host = consists_of(forwarded_host, ".:_-[]");
    if (has_host) host = forwarded_host;
    std::string url = to_lower(scheme) + "://" + std::string(host);
    const auto port = parse_integer<std::uint16_t>(first_of(fields.get("X-Forwarded-Port")));
    const std::size_t colon = host.rfind(':');
    const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
    const bool usual = port == (iequals(scheme, "https") ? 443 : 80);
    if (has_host && port && !has_port && !usual) url += ':' + std::to_string(*port);
    return url + forwarded_prefix(fields);
}

std::string server_url(const http::Request& request) {
    return server_url(request.fields(), request.base_url());
}

}  // namespace flotilla::openapi
