#pragma once
/// Secrets that a fleet shares among its parts: made by chance once, and kept in a file that its user alone
/// may read.

#include <string>

#include "flotilla/base/result.hpp"

namespace flotilla::fleet {

/// The content of `folder`/`name`, which is made when it is not there: 86 characters, enough for HMAC with
/// SHA-512.
Result<std::string> kept_secret(const std::string& folder, const std::string& name);

}  // namespace flotilla::fleet
