#include "flotilla/actuator/health_contributors.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace flotilla::actuator {

Health ping_health() {
    return Health::up();
}

Health disk_space_health(const std::string& path, Bytes threshold) {
    std::error_code error;
    const auto space = std::filesystem::space(path, error);
    const bool exists = !error;
    Json details = Json::object({
        {"total", exists ? space.capacity : 0},
        {"free", exists ? space.available : 0},
        {"threshold", threshold.count},
        {"path", path},
        {"exists", exists},
    });
    if (exists && space.available >= threshold.count) return Health::up(std::move(details));
    Health health;
    health.status = status::down;
    health.details = std::move(details);
    return health;
}

Health certificate_health(const std::string& subject, WallTime expires, WallTime now, Duration warn_before) {
    const bool valid = now < expires;
    Json chain = Json::object({{"subject", subject}, {"validityEnds", format_iso_time(expires)}});
    Json details = Json::object({
        {"validChains", Json::array()},
        {"invalidChains", Json::array()},
    });
    if (valid && expires - now < warn_before) details.set("expiringChains", Json::array({chain}));
    details[valid ? "validChains" : "invalidChains"].push_back(std::move(chain));
    return valid ? Health::up(std::move(details)) : Health::out_of_service(std::move(details));
}

}  // namespace flotilla::actuator
