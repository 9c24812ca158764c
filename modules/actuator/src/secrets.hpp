#pragma once
// Which properties would tell what was encrypted.

#include "flotilla/config/environment.hpp"

namespace flotilla::actuator {

/// Whether it was encrypted itself, or has a placeholder that leads to something that was.
bool tells_secret(const config::Environment& environment, const config::Property& property);

}  // namespace flotilla::actuator
