#include "flotilla/http/cookies.hpp"

#include <algorithm>

#include "flotilla/http/message_writer.hpp"

namespace flotilla::http {
namespace {

// RFC 6265, 4.1.1: visible ASCII without what ends or quotes a value.
bool is_cookie_value(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) {
        return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
    });
}

bool is_attribute_value(std::string_view text) noexcept {
    return is_field_value(text) && text.find(';') == std::string_view::npos;
}

}  // namespace

std::optional<std::string_view> find_cookie(const Fields& fields, std::string_view name) {
    std::optional<std::string_view> found;
    fields.for_each(KnownField::cookie, [&](std::string_view field) {
        for_each_cookie(field, [&](std::string_view each, std::string_view value) {
            if (!found && each == name) found = value;
        });
    });
    return found;
}

Result<std::string> SetCookie::to_field() const {
    const auto invalid = [&](std::string_view what) {
        return fail(Errc::invalid_argument, "cookie '" + name + "': " + std::string(what));
    };
    if (!is_token(name)) return fail(Errc::invalid_argument, "cookie name is no token");
    if (!is_cookie_value(value)) return invalid("value has an octet that is not allowed");
    if (!is_attribute_value(path) || !is_attribute_value(domain)) return invalid("malformed path or domain");
    if (same_site == SameSite::none && !secure) return invalid("SameSite=None needs Secure");

    std::string out = name + '=' + value;
    if (!path.empty()) out.append("; Path=").append(path);
    if (!domain.empty()) out.append("; Domain=").append(domain);
    if (max_age) out.append("; Max-Age=").append(std::to_string(std::max<std::int64_t>(max_age->count(), 0)));
    if (secure) out.append("; Secure");
    if (http_only) out.append("; HttpOnly");
    switch (same_site) {
        case SameSite::unspecified:
            break;
        case SameSite::lax:
            out.append("; SameSite=Lax");
            break;
        case SameSite::strict:
            out.append("; SameSite=Strict");
            break;
        case SameSite::none:
            out.append("; SameSite=None");
            break;
    }
    return out;
}

}  // namespace flotilla::http
