#pragma once
/// Cookies (RFC 6265): what a request brings, and what an answer sets.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/http/fields.hpp"

namespace flotilla::http {

/// Calls `use(name, value)` for each pair of one Cookie field; quotes around a value are taken off.
template <class Use>
void for_each_cookie(std::string_view field, Use&& use) {
    while (!field.empty()) {
        const std::size_t end = field.find(';');
        std::string_view pair = field.substr(0, end);
        field = end == std::string_view::npos ? std::string_view() : field.substr(end + 1);
        while (pair.starts_with(' ') || pair.starts_with('\t')) pair.remove_prefix(1);
        while (pair.ends_with(' ') || pair.ends_with('\t')) pair.remove_suffix(1);
        const std::size_t equals = pair.find('=');
        if (equals == 0 || equals == std::string_view::npos) continue;
        std::string_view value = pair.substr(equals + 1);
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
            value = value.substr(1, value.size() - 2);
        }
        use(pair.substr(0, equals), value);
    }
}

/// The first cookie of that name, which is compared exactly.
std::optional<std::string_view> find_cookie(const Fields& fields, std::string_view name);

enum class SameSite : std::uint8_t { unspecified, lax, strict, none };

/// A cookie to be set. Kept from scripts unless told otherwise.
struct SetCookie {
    std::string name;
    std::string value;
    std::string path = "/";
    std::string domain = {};
    std::optional<std::chrono::seconds> max_age =
        std::nullopt;  ///< zero deletes it; none ends with the session
    bool secure = false;
    bool http_only = true;
    SameSite same_site = SameSite::lax;

    /// The value of the Set-Cookie field. An error when a part has an octet that does not belong there, or
    /// when `SameSite=None` lacks `Secure`, without which browsers drop the cookie.
    [[nodiscard]] Result<std::string> to_field() const;
};

}  // namespace flotilla::http
