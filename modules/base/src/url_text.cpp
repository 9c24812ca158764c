#include "flotilla/base/url_text.hpp"

#include <array>
#include <charconv>

namespace flotilla {

void append_host(std::string& url, std::string_view host) {
    const bool bare_v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
    if (bare_v6) url += '[';
    url += host;
    if (bare_v6) url += ']';
}

std::string host_in_url(std::string_view host) {
    std::string text;
    append_host(text, host);
    return text;
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
    std::array<char, 8> number{};
    const char* const end = std::to_chars(number.data(), number.data() + number.size(), port).ptr;
    std::string text;
    text.reserve(host.size() + number.size());
    append_host(text, host);
    text += ':';
    return text.append(number.data(), static_cast<std::size_t>(end - number.data()));
}

}  // namespace flotilla
