#include "flotilla/http/message_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "field_line.hpp"
#include "flotilla/base/assert.hpp"
#include "flotilla/http/status.hpp"
#include "scan.hpp"

namespace flotilla::http {

bool is_token(std::string_view text) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    // Letters, digits and hyphens are most of it.
    while ((at = detail::skip_plain_name(at, end)) != end) {
        if (!detail::is(*at, detail::class_token)) return false;
        ++at;
    }
    return !text.empty();
}

bool is_field_value(std::string_view text) noexcept {
    if (text.empty()) return true;
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    const char* const end = text.data() + text.size();
    return !blank(text.front()) && !blank(text.back()) && detail::skip_value(text.data(), end) == end;
}

bool is_request_target(std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    return !text.empty() && detail::skip_target(text.data(), end) == end;
}

bool append_request_line(std::string& out, std::string_view method, std::string_view target) {
    if (!is_token(method) || !is_request_target(target)) return false;
    constexpr std::string_view end = " HTTP/1.1\r\n";
    const std::size_t before = out.size();
    const std::size_t size = before + method.size() + 1 + target.size() + end.size();
    out.resize_and_overwrite(size, [&](char* text, std::size_t) {
        char* to = detail::copy_short(text + before, method);
        *to++ = ' ';
        detail::copy_short(detail::copy_short(to, target), end);
        return size;
    });
    return true;
}

void append_status_line(std::string& out, int status, int minor_version) {
    if (status < 100 || status > 999) status = 500;
    if (status == 200 && minor_version == 1) {
        out.append("HTTP/1.1 200 OK\r\n");
        return;
    }
    const std::array<char, 3> digits = {
        static_cast<char>('0' + status / 100),
        static_cast<char>('0' + status / 10 % 10),
        static_cast<char>('0' + status % 10)
    };
    out.append(minor_version == 0 ? "HTTP/1.0 " : "HTTP/1.1 ").append(digits.data(), digits.size());
    out.append(" ").append(reason_phrase(status)).append("\r\n");
}

bool append_field(std::string& out, std::string_view name, std::string_view value) {
    if (!is_token(name) || !is_field_value(value)) return false;
    detail::append_line(out, name, value);
    return true;
}

void append_number_field(std::string& out, std::string_view name, std::uint64_t value) {
    FLT_ASSERT(is_token(name));
    std::array<char, 20> digits;
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    detail::append_line(out, name, std::string_view(digits.data(), end));
}

}  // namespace flotilla::http
