#pragma once
/// Passwords as bcrypt hashes, as Spring Security's BCryptPasswordEncoder writes and reads them.
///
/// A hash takes tens of milliseconds at the usual cost: it belongs on the blocking pool, never on an event
/// loop.

#include <cstddef>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::crypto {

/// bcrypt looks at no more than this. Longer passwords are refused, never cut.
inline constexpr std::size_t max_password_bytes = 72;
inline constexpr unsigned default_password_cost = 10;

/// `$2a$10$…`, 60 characters, with a new salt. The cost is 4 to 18. A password is at most 72 bytes without
/// NUL.
Result<std::string> hash_password(std::string_view password, unsigned cost = default_password_cost);

/// True when the password belongs to the hash (`$2a$`, `$2b$` or `$2y$`); false also for a password that
/// could never have been hashed. An error for a hash that is none.
Result<bool> verify_password(std::string_view password, std::string_view hash);

/// Takes as long as a verification and is false: for an unknown user, so that time does not tell who exists.
bool verify_nothing(std::string_view password, unsigned cost = default_password_cost);

}  // namespace flotilla::crypto
