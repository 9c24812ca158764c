#pragma once
/// What the core of the registry is told, and what it answers.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/eureka/applications.hpp"

namespace flotilla::registry {

using eureka::InstanceInfo;
using eureka::InstancePtr;
using eureka::InstanceStatus;

/// Who says so: a client, or another registry for one of its clients. What peers say is never passed on.
enum class Origin : std::uint8_t { client, peer };

/// Both clocks: the monotonic one measures leases, so that a wall clock that is set back evicts nobody; the
/// wall clock stands in documents.
struct Moment {
    TimePoint now;
    std::int64_t wall_ms = 0;
};

inline Moment moment_of(const Clock& clock) {
    const auto wall = clock.wall_now().time_since_epoch();
    return {clock.now(), std::chrono::duration_cast<std::chrono::milliseconds>(wall).count()};
}

/// What a heartbeat meets.
enum class Renewal : std::uint8_t {
    renewed,
    unknown,   ///< no lease, or a status that must be registered anew
    outdated,  ///< the sender has a newer instance than we: it must register it
    conflict   ///< a peer has an older instance than we
};

struct RenewalAnswer {
    Renewal outcome = Renewal::renewed;
    InstancePtr local = {};  ///< with `conflict`: what we have
};

/// One line of the dashboard's history.
struct HistoryEntry {
    std::int64_t wall_ms = 0;
    std::string text;  ///< `APP(id)`
};

/// An instance as the catalog of another protocol sees it.
struct CatalogEntry {
    InstancePtr instance;
    bool expired = false;
};

/// One application at one version of it.
struct ApplicationView {
    std::shared_ptr<const eureka::Application> application;
    std::uint64_t version = 0;
};

/// Everything at one version. Cheap: the applications are shared.
struct RegistryView {
    std::uint64_t version = 0;
    std::string hash_code;
    std::vector<ApplicationView> applications;  ///< by name
};

/// The numbers behind self-preservation.
struct RenewalFigures {
    std::int64_t expected_clients = 0;
    std::int64_t threshold = 0;
    std::int64_t renewals_last_minute = 0;
    bool self_preservation_enabled = true;
    bool lease_expiration_enabled = false;
};

}  // namespace flotilla::registry
