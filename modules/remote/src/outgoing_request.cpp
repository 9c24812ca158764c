#include "flotilla/remote/outgoing_request.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/http/message_writer.hpp"

namespace flotilla::remote {

namespace {

bool is_unreserved(char c) noexcept {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void append_escaped(std::string& out, std::string_view text, bool keep_slash) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            out.push_back(c);
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(digits[octet >> 4]);
        out.push_back(digits[octet & 15]);
    }
}

}  // namespace

OutgoingRequest::OutgoingRequest(std::string_view method, std::string_view url) : method_(method) {
    const std::size_t scheme = url.find("://");
    const std::size_t authority = scheme == std::string_view::npos ? 0 : scheme + 3;
    const std::size_t end = std::min(url.find_first_of("/?#", authority), url.size());
    base_ = url.substr(0, end);
    std::string_view target = url.substr(end);
    target = target.substr(0, target.find('#'));
    if (!target.starts_with('/')) target_ = "/";
    target_ += target;
    has_query_ = target_.find('?') != std::string::npos;
}

std::string OutgoingRequest::url() const {
    std::string text(base());
    if (text.starts_with("lb://")) text.replace(0, 2, "http");
    return text += target_;
}

OutgoingRequest& OutgoingRequest::path_value(std::string_view value, bool escape_slash) {
    append_escaped(target_, value, !escape_slash);
    return *this;
}

OutgoingRequest& OutgoingRequest::query(std::string_view name, std::string_view value) {
    target_.push_back(has_query_ ? '&' : '?');
    has_query_ = true;
    append_escaped(target_, name, true);
    if (value.empty()) return *this;
    target_.push_back('=');
    append_escaped(target_, value, true);
    return *this;
}

OutgoingRequest& OutgoingRequest::header(std::string_view name, std::string_view value) & {
    if (!valid_name(name)) return *this;
    bool there = false;
    headers_.for_each([&](std::string_view other, std::string_view present) {
        there = there || (iequals(other, name) && present == value);
    });
    if (!there) headers_.add(name, value);
    return *this;
}

OutgoingRequest& OutgoingRequest::body(std::string text, std::string_view content_type) & {
    body_ = std::move(text);
    has_body_ = true;
    return set_header("Content-Type", content_type);
}

bool OutgoingRequest::valid_name(std::string_view name) {
    if (http::is_token(name)) return true;
    // It is not quoted: it holds what would garble a log.
    problem_ = "a header has a name with forbidden characters";
    return false;
}

}  // namespace flotilla::remote
