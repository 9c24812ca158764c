#pragma once
/// Takes secrets out of texts that people will read.

#include <string>
#include <string_view>
#include <vector>

namespace flotilla::log::detail {

inline constexpr std::string_view masked = "******";

/// `password`, `client_secret`, `accessToken`, ...: names whose values are secret.
bool is_secret_key(std::string_view key) noexcept;

/// Replaces the values of secret keys (`password=x`, `"password":"x"`, `Authorization: Bearer x`) and every
/// appearance of a text in `secrets`. Returns `text` itself when there is nothing to hide, which is decided
/// without copying; otherwise the result is built in `scratch`.
std::string_view mask(std::string_view text, const std::vector<std::string>& secrets, std::string& scratch);

}  // namespace flotilla::log::detail
