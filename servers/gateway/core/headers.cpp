#include "flotilla/gateway/headers.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace flotilla::gateway {

namespace {

constexpr bool is_token(char c) noexcept {
    return is_ascii_alpha(c) || is_ascii_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

bool Headers::valid(std::string_view name, std::string_view value) noexcept {
    if (name.empty() || !std::ranges::all_of(name, is_token)) return false;
    return std::ranges::none_of(value, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return (octet < 0x20 && c != '\t') || octet == 0x7f;
    });
}

std::vector<std::string> Headers::values(std::string_view name) const {
    std::vector<std::string> found;
    block_->for_each([&](std::string_view own, std::string_view value) {
        if (iequals(own, name)) found.emplace_back(value);
    });
    return found;
}

bool Headers::add(std::string_view name, std::string_view value) {
    if (!valid(name, value)) return false;
    block_->add(name, value);
    return true;
}

bool Headers::set(std::string_view name, std::string_view value) {
    if (!valid(name, value)) return false;
    block_->set(name, value);
    return true;
}

void Headers::replace(std::string_view name, const std::vector<std::string>& values) {
    remove(name);
    for (const std::string& value : values) add(name, value);
}

Result<std::string> header_name(std::string text) {
    if (Headers::valid(text, "")) return text;
    return fail(Errc::invalid_argument, fmt::format("'{}' is no name of a header", text));
}

}  // namespace flotilla::gateway
