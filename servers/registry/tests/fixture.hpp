#pragma once
/// A registry stepped by hand.

#include <memory>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/registry/instance_registry.hpp"

namespace flotilla::registry::testing {

using namespace std::chrono_literals;

inline InstanceInfo instance(std::string app, std::string id, std::int64_t dirty = 100) {
    InstanceInfo info;
    info.app = std::move(app);
    info.instance_id = std::move(id);
    info.host_name = "h1";
    info.ip_addr = "10.0.0.5";
    info.port = {8080, true};
    info.vip_address = "user-service";
    info.last_dirty_timestamp = dirty;
    return info;
}

inline InstanceInfo with_status(InstanceInfo info, InstanceStatus status) {
    info.status = status;
    return info;
}

class Fixture {
public:
    explicit Fixture(EurekaServerConfig config = {}, std::uint64_t seed = 1)
        : registry(config, Random(seed), moment_of(clock)) {
        registry.open_for_traffic(0, 1, at());
    }

    [[nodiscard]] Moment at() const { return moment_of(clock); }

    void enroll(const std::string& id, std::int64_t dirty = 100, Origin origin = Origin::client) {
        static_cast<void>(registry.enroll(instance("A", id, dirty), origin, at()));
    }

    void enroll(InstanceInfo info, Origin origin = Origin::client) {
        static_cast<void>(registry.enroll(std::move(info), origin, at()));
    }

    Renewal renew(
        const std::string& id, std::optional<std::int64_t> dirty = {}, Origin origin = Origin::client
    ) {
        return registry.renew("A", id, dirty, {}, origin, at()).outcome;
    }

    [[nodiscard]] InstanceStatus status(const std::string& id) const {
        return registry.holder("A", id)->status;
    }

    ManualClock clock;
    InstanceRegistry registry;
};

/// Expiry counts whatever heartbeats come.
inline EurekaServerConfig without_self_preservation() {
    EurekaServerConfig config;
    config.enable_self_preservation = false;
    return config;
}

}  // namespace flotilla::registry::testing
