#pragma once
/// Ports for parts that do not care which.

#include <cstdint>

#include "flotilla/base/result.hpp"

namespace flotilla::fleet {

/// A port of the loopback address that nobody has at this moment.
Result<std::uint16_t> free_port();

}  // namespace flotilla::fleet
