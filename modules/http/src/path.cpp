#include "flotilla/http/path.hpp"

#include "escape.hpp"
#include "path_check.hpp"

namespace flotilla::http {
Result<std::string> resolve_path(std::string_view raw, EncodedSlash policy) {
    if (!raw.starts_with('/')) return fail(Errc::malformed, "path without leading slash");
    if (const Reject* reject = detail::check_path(raw, policy)) {
        return fail(Errc::malformed, std::string(reject->why));
    }
    return detail::remove_dot_segments(raw);
}

Result<std::string> decode_path(std::string_view raw, EncodedSlash policy) {
    FLT_TRY(const std::string resolved, resolve_path(raw, policy));
    std::string out;
    out.reserve(resolved.size());
    for (std::size_t i = 0; i < resolved.size(); ++i) {
        if (resolved[i] != '%') {
            out.push_back(resolved[i]);
            continue;
        }
        const char c = static_cast<char>(detail::escaped_octet(resolved, i));
        if (c == '/' || c == '\\') {
            out.append(c == '/' ? "%2F" : "%5C");
        } else {
            out.push_back(c);
        }
        i += 2;
    }
    return out;
}

std::string decode_segment(std::string_view raw) {
    raw = raw.substr(0, raw.find(';'));
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const int octet = raw[i] == '%' ? detail::escaped_octet(raw, i) : -1;
        out.push_back(octet < 0 ? raw[i] : static_cast<char>(octet));
        if (octet >= 0) i += 2;
    }
    return out;
}

}  // namespace flotilla::http
