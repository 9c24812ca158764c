#pragma once
// `{cipher}` values of the configuration, in plain text from the start.

#include <string>
#include <vector>

#include "flotilla/config/environment.hpp"

namespace flotilla::service {

/// The environment, decrypted by `encrypt.key` or the RSA key of `encrypt.key-store`, wherever in it they
/// stand. An error names the property that nobody can decrypt; with `encrypt.fail-on-error=false` such a
/// value is an empty text.
Result<config::Environment> load_decrypted(config::EnvironmentOptions options);

/// Names of those.
std::vector<std::string> undecipherable(const config::Environment& environment);

}  // namespace flotilla::service
