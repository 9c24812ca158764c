#include "flotilla/shop/driver/log_scan.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"

namespace flotilla::shop::driver {

namespace {

constexpr std::size_t shortest_secret = 6;

std::size_t base64url_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && (is_ascii_alpha(text[length]) || is_ascii_digit(text[length]) ||
                                    text[length] == '-' || text[length] == '_'))
        ++length;
    return length;
}

/// `$2a$10$` and so on, with any variant and cost.
bool has_bcrypt_hash(std::string_view line) {
    for (std::size_t at = line.find("$2"); at != line.npos; at = line.find("$2", at + 1)) {
        const std::string_view rest = line.substr(at);
        if (rest.size() >= 7 && is_ascii_alpha(rest[2]) && rest[3] == '$' && is_ascii_digit(rest[4]) &&
            is_ascii_digit(rest[5]) && rest[6] == '$')
            return true;
    }
    return false;
}

/// Three parts of base64url, of which the first is a JSON object: `eyJ` is how `{"` begins.
bool has_token(std::string_view line) {
    constexpr std::size_t shortest_part = 8;
    for (std::size_t at = line.find("eyJ"); at != line.npos; at = line.find("eyJ", at + 1)) {
        std::string_view rest = line.substr(at);
        int parts = 0;
        while (parts < 3) {
            const std::size_t length = base64url_length(rest);
            if (length < shortest_part) break;
            ++parts;
            rest.remove_prefix(length);
            if (parts == 3) return true;
            if (!rest.starts_with('.')) break;
            rest.remove_prefix(1);
        }
    }
    return false;
}

}  // namespace

LogScan::LogScan(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
    std::erase_if(secrets_, [](const std::string& secret) { return secret.size() < shortest_secret; });
}

std::optional<std::string> LogScan::leak_in(std::string_view line) const {
    if (has_bcrypt_hash(line)) return "a password hash";
    if (has_token(line)) return "a token";
    for (std::size_t i = 0; i < secrets_.size(); ++i)
        if (line.find(secrets_[i]) != line.npos) return fmt::format("secret number {}", i + 1);
    return std::nullopt;
}

}  // namespace flotilla::shop::driver
