#include "flotilla/http/percent.hpp"

#include "escape.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::http {
namespace {

bool is_unreserved(char c) noexcept {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        const int octet = detail::escaped_octet(text, i);
        if (octet < 0) return std::nullopt;
        out.push_back(static_cast<char>(octet));
        i += 2;
    }
    return out;
}

std::string percent_encode(std::string_view text, EscapeFor place) {
    constexpr std::string_view allowed_in_segment = "!$&'()*+,;=:@";
    std::string out;
    out.reserve(text.size() + text.size() / 4);
    for (const char c : text) {
        if (is_unreserved(c) ||
            (place == EscapeFor::segment && allowed_in_segment.find(c) != std::string_view::npos)) {
            out.push_back(c);
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        constexpr std::string_view digits = "0123456789ABCDEF";
        out.push_back('%');
        out.push_back(digits[octet >> 4]);
        out.push_back(digits[octet & 15]);
    }
    return out;
}

std::string form_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int octet = text[i] == '%' ? detail::escaped_octet(text, i) : -1;
        if (octet >= 0) {
            out.push_back(static_cast<char>(octet));
            i += 2;
        } else {
            out.push_back(text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

bool UrlEncoded::Pair::is_named(std::string_view name) const {
    if (raw_name.find_first_of("%+") == std::string_view::npos) return raw_name == name;
    return form_decode(raw_name) == name;
}

UrlEncoded::Iterator& UrlEncoded::Iterator::operator++() noexcept {
    while (!rest_.empty()) {
        const std::size_t end = rest_.find('&');
        const std::string_view part = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        pair_.raw_name = part.substr(0, equals);
        pair_.has_value = equals != std::string_view::npos;
        pair_.raw_value = pair_.has_value ? part.substr(equals + 1) : std::string_view();
        return *this;
    }
    ended_ = true;
    return *this;
}

std::optional<std::string> UrlEncoded::get(std::string_view name) const {
    for (const Pair& pair : *this) {
        if (pair.is_named(name)) return pair.value();
    }
    return std::nullopt;
}

void append_urlencoded(std::string& text, std::string_view name, std::string_view value) {
    if (!text.empty()) text.push_back('&');
    text.append(percent_encode(name)).push_back('=');
    text.append(percent_encode(value));
}

}  // namespace flotilla::http
