#include "path_check.hpp"

#include <algorithm>
#include <cstdint>

#include "escape.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/path.hpp"
#include "rejects.hpp"
#include "scan.hpp"

namespace flotilla::http::detail {
namespace {

// Follows the dots of a name while its characters are decoded one by one: after each, says whether the name
// so far is a dot segment.
class Dots {
public:
    void add(char c) noexcept { count_ = c == '.' && count_ >= 0 && count_ < 2 ? count_ + 1 : -1; }

    void restart() noexcept { count_ = 0; }

    [[nodiscard]] bool dot_segment() const noexcept { return count_ > 0; }

private:
    int count_ = 0;  // dots so far, -1 once it is an ordinary name
};

const Reject* check_segment(std::string_view raw, EncodedSlash policy) noexcept {
    if (raw == "." || raw == "..") return nullptr;
    Dots dots;
    bool parameters = false;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        char c = raw[i];
        bool separates = false;
        if (c == '%') {
            const int octet = escaped_octet(raw, i);
            if (octet < 0) return &bad_escape;
            if (octet < 0x20 || octet == 0x7f) return &encoded_control;
            c = static_cast<char>(octet);
            i += 2;
            separates = c == '/' || c == '\\';
            if (separates && policy == EncodedSlash::reject) return &encoded_slash;
        } else if (c == '\\') {
            return &backslash;
        } else if (c == '#') {
            return &fragment;
        } else if (static_cast<unsigned char>(c) > 0x7f) {
            return &raw_non_ascii;
        } else if (!is(c, class_target)) {
            return &raw_control;
        }
        if (separates) {
            if (dots.dot_segment()) return &encoded_dot_segment;
            dots.restart();
            parameters = false;
        } else if (c == ';' && !parameters) {
            // What some servers cut off before they look for dot segments.
            if (dots.dot_segment()) return &dot_segment_with_parameters;
            parameters = true;
            dots.add(c);
        } else {
            dots.add(c);
        }
    }
    return dots.dot_segment() ? &encoded_dot_segment : nullptr;
}

bool is_valid_ipv6(std::string_view text) noexcept {
    int groups = 0;
    bool gap = false;
    std::size_t i = 0;
    if (text.starts_with("::")) {
        gap = true;
        i = 2;
        if (i == text.size()) return true;
    }
    while (true) {
        const std::size_t begin = i;
        while (i < text.size() && i - begin < 5 && hex_value(text[i]) >= 0) ++i;
        if (i < text.size() && text[i] == '.') {  // the last 32 bits as IPv4
            int parts = 0;
            for (std::size_t at = begin; parts < 4; ++parts) {
                const std::size_t dot = parts < 3 ? text.find('.', at) : text.size();
                if (dot == std::string_view::npos) return false;
                const std::string_view part = text.substr(at, dot - at);
                const auto number = parse_integer<std::uint16_t>(part);
                if (part.size() > 3 || !number || *number > 255) return false;
                at = dot + 1;
            }
            groups += 2;
            return gap ? groups < 8 : groups == 8;
        }
        if (i == begin || i - begin > 4) return false;
        ++groups;
        if (i == text.size()) return gap ? groups < 8 : groups == 8;
        if (text[i++] != ':') return false;
        if (i < text.size() && text[i] == ':') {
            if (gap) return false;
            gap = true;
            if (++i == text.size()) return groups < 8;
        }
    }
}

}  // namespace

const Reject* check_path(std::string_view path, EncodedSlash policy) noexcept {
    // Empty segments do not count as a level: a server that merges slashes must not be led above its root
    // either.
    int depth = 0;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t size = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, size);
        path.remove_prefix(size);
        if (const Reject* reject = check_segment(segment, policy)) return reject;
        if (segment == "..") {
            if (--depth < 0) return &climbs_above_root;
        } else if (!segment.empty() && segment != ".") {
            ++depth;
        }
    }
    return nullptr;
}

std::string remove_dot_segments(std::string_view path) {
    std::string out;
    out.reserve(path.size());
    bool ends_in_dots = false;
    for_each_segment(path, [&](std::string_view segment) {
        ends_in_dots = segment == "." || segment == "..";
        if (segment == "..") {
            out.resize(out.empty() ? 0 : out.rfind('/'));
        } else if (segment != ".") {
            out.append("/").append(segment);
        }
    });
    if (ends_in_dots || out.empty()) out.push_back('/');
    return out;
}

bool is_valid_host(std::string_view host) noexcept {
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        return is_valid_ipv6(host.substr(1, host.size() - 2));
    }
    for (const char c : host) {
        if (!is(c, class_host)) return false;
    }
    return !host.empty() && host.size() <= 255;
}

bool is_valid_authority(std::string_view authority) noexcept {
    const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
    if (bracket == std::string_view::npos) return false;
    const std::size_t colon = authority.find(':', bracket);
    if (colon != std::string_view::npos) {
        unsigned port = 0;
        const std::string_view digits = authority.substr(colon + 1);
        if (digits.empty() || digits.size() > 5) return false;
        for (const char c : digits) {
            if (!is_ascii_digit(c)) return false;
            port = port * 10 + static_cast<unsigned>(c - '0');
        }
        if (port == 0 || port > 65535) return false;
    }
    return is_valid_host(authority.substr(0, colon));
}

}  // namespace flotilla::http::detail
