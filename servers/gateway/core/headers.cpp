#include "flotilla/gateway/headers.hpp"

#include <fmt/core.h>

#include "flotilla/http/message_writer.hpp"

namespace flotilla::gateway {

bool Headers::valid(std::string_view name, std::string_view value) noexcept {
    // Without an early end, which is what makes it many octets at a time.
    bool control = false;
    for (const char c : value) {
        const auto octet = static_cast<unsigned char>(c);
        control |= (octet < 0x20 && octet != '\t') || octet == 0x7f;
    }
    return !control && http::is_token(name);
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
