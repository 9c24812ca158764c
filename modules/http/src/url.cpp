#include "flotilla/http/url.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/base/url_text.hpp"
#include "flotilla/http/percent.hpp"
#include "path_check.hpp"
#include "scan.hpp"

namespace flotilla::http {
namespace {

std::unexpected<Error> malformed(std::string_view text, std::string_view why) {
    return fail(Errc::malformed, "URL '" + std::string(text.substr(0, 100)) + "': " + std::string(why));
}

bool may_be_sent(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) {
        return detail::is(c, detail::class_target) && static_cast<unsigned char>(c) < 0x80;
    });
}

// Takes `scheme://` or `lb:scheme://` off the front.
bool take_scheme(std::string_view& text, Url& url) {
    const std::size_t end = text.find("://");
    if (end == std::string_view::npos) return false;
    std::string scheme = to_lower(text.substr(0, end));
    text.remove_prefix(end + 3);
    url.balanced = scheme == "lb" || scheme.starts_with("lb:");
    if (url.balanced) scheme.erase(0, std::min<std::size_t>(scheme.size(), 3));
    url.scheme = std::move(scheme);
    if (url.balanced && url.scheme.empty()) return true;
    return url.scheme == "http" || url.scheme == "https" || url.scheme == "ws" || url.scheme == "wss";
}

bool take_authority(std::string_view& text, Url& url) {
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    std::string_view authority = text.substr(0, end);
    text.remove_prefix(end);
    if (const std::size_t at = authority.find('@'); at != std::string_view::npos) {
        url.user_info = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    if (!detail::is_valid_authority(authority)) return false;
    const bool bracketed = authority.front() == '[';
    const std::size_t host_end =
        bracketed ? authority.find(']') + 1 : std::min(authority.find(':'), authority.size());
    url.host = bracketed ? authority.substr(1, host_end - 2) : authority.substr(0, host_end);
    if (host_end < authority.size()) url.port = *parse_integer<std::uint16_t>(authority.substr(host_end + 1));
    return true;
}

// `text` is what follows the authority.
void take_target(std::string_view text, Url& url) {
    text = text.substr(0, text.find('#'));
    const std::size_t question = text.find('?');
    url.path = text.substr(0, question);
    if (url.path.empty()) url.path = "/";
    url.has_query = question != std::string_view::npos;
    url.query = url.has_query ? text.substr(question + 1) : std::string_view();
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
    if (!may_be_sent(text)) return malformed(text, "blank, control octet or octet over 127");
    Url url;
    std::string_view rest = text;
    if (!take_scheme(rest, url))
        return malformed(text, "no scheme, or one that is not http, https, ws, wss or lb");
    if (!take_authority(rest, url)) return malformed(text, "malformed host or port");
    take_target(rest, url);
    return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
    const std::string_view scheme_part = reference.substr(0, reference.find_first_of("/?#"));
    if (scheme_part.find(':') != std::string_view::npos) return parse(reference);
    if (!may_be_sent(reference)) return malformed(reference, "blank, control octet or octet over 127");
    Url url = *this;
    if (reference.starts_with("//")) {
        url.user_info.clear();
        url.port = 0;
        reference.remove_prefix(2);
        if (!take_authority(reference, url)) return malformed(reference, "malformed host or port");
        take_target(reference, url);
    } else if (reference.starts_with('/')) {
        take_target(reference, url);
    } else if (reference.starts_with('?')) {
        take_target(path + std::string(reference), url);
    } else if (!reference.empty() && !reference.starts_with('#')) {
        take_target(path.substr(0, path.rfind('/') + 1) + std::string(reference), url);
    }
    url.path = detail::remove_dot_segments(url.path);
    return url;
}

std::string Url::authority() const {
    std::string text = host_in_url(host);
    if (port != 0 && (balanced || port != (secure() ? 443 : 80)))
        text.append(":").append(std::to_string(port));
    return text;
}

std::string Url::target() const {
    return has_query ? path + '?' + query : path;
}

std::string Url::to_string() const {
    std::string text;
    if (balanced) text = scheme.empty() ? "lb" : "lb:";
    text.append(scheme).append("://");
    if (!user_info.empty()) text.append(user_info).append("@");
    return text.append(authority()).append(target());
}

Url& Url::add_segment(std::string_view segment) {
    if (!path.ends_with('/')) path.push_back('/');
    path.append(percent_encode(segment, EscapeFor::segment));
    return *this;
}

Url& Url::add_query(std::string_view name, std::string_view value) {
    append_urlencoded(query, name, value);
    has_query = true;
    return *this;
}

}  // namespace flotilla::http
