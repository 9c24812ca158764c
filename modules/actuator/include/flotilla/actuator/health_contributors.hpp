#pragma once
/// The contributors that need no other module.

#include <functional>
#include <string>

#include "flotilla/actuator/health.hpp"
#include "flotilla/base/clock.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::actuator {

/// UP, always.
Health ping_health();

/// DOWN when the file system of `path` has less than `threshold` free. Blocks.
Health disk_space_health(const std::string& path, Bytes threshold = Bytes::mega(10));

/// What is known of a server's certificate: UP, OUT_OF_SERVICE when it is no longer valid. `warn_before`: a
/// certificate that is valid for less is listed apart.
Health certificate_health(
    const std::string& subject,
    WallTime expires,
    WallTime now,
    Duration warn_before = std::chrono::hours(24 * 14)
);

}  // namespace flotilla::actuator
