#pragma once
/// When a Eureka client speaks of itself, and what it says: the writing half of its protocol, without I/O.

#include <cstdint>
#include <optional>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/eureka/instance_info.hpp"

namespace flotilla::discovery {

/// One request. Path and body follow from the instance as it was when the request was begun.
struct Announcement {
    enum class Kind : std::uint8_t { register_, heartbeat, cancel };

    Kind kind = Kind::heartbeat;
    eureka::InstanceInfo instance;
    bool insist = false;  ///< of a registration: 204 and nothing else will do
};

/// A pure state machine: registers when ready, renews at intervals, registers again when the registry does
/// not know us, tells changes, says DOWN and goodbye. One request at a time. Whoever drives it gives both
/// clocks.
class EurekaRegistrar {
public:
    struct Settings {
        Duration renewal = std::chrono::seconds(30);
        Duration replication = std::chrono::seconds(30);
        Duration initial_replication = std::chrono::seconds(40);
        Duration unregister_delay = std::chrono::seconds(3);
        std::uint32_t back_off_bound = 10;  ///< times the renewal interval, at most
        bool unregister = true;
        double jitter = 0.1;
    };

    /// `self.status` is what it has before it is ready.
    EurekaRegistrar(
        eureka::InstanceInfo self, Settings settings, Random random, TimePoint now, WallTime wall
    );

    /// The request to make now, if any. One of the two below follows.
    [[nodiscard]] std::optional<Announcement> begin(TimePoint now);
    void answered(const Announcement& request, int status, TimePoint now, WallTime wall);
    /// Nobody took it.
    void failed(const Announcement& request, bool timed_out, TimePoint now);

    /// A change is told at once, up to 2 in a row and 4 in a minute; what is more waits for the next
    /// interval.
    void set_status(eureka::InstanceStatus status, TimePoint now, WallTime wall);
    void set_metadata(eureka::Metadata metadata, TimePoint now, WallTime wall);
    /// Renews at once: the registry was away and is back.
    void hurry(TimePoint now);

    /// DOWN now, goodbye a little later.
    void leave(TimePoint now, WallTime wall);
    /// Goodbye without waiting any longer.
    void leave_now(TimePoint now);

    /// When to call `begin` next; `TimePoint::max()` when never again.
    [[nodiscard]] TimePoint due() const;

    [[nodiscard]] const eureka::InstanceInfo& self() const noexcept { return self_; }

    [[nodiscard]] bool registered() const noexcept { return registered_; }

    /// The word of DOWN has been said, or could not be.
    [[nodiscard]] bool said_down() const noexcept { return phase_ == Phase::going || phase_ == Phase::gone; }

    [[nodiscard]] bool gone() const noexcept { return phase_ == Phase::gone; }

private:
    enum class Phase : std::uint8_t { here, leaving, going, gone };

    void touch(WallTime wall);
    void tell_on_demand(TimePoint now);
    [[nodiscard]] Duration jittered(Duration span);

    const Settings settings_;
    Random random_;
    eureka::InstanceInfo self_;
    Phase phase_ = Phase::here;
    bool in_flight_ = false;
    bool dirty_ = true;
    bool insist_ = false;
    bool registered_ = false;
    bool maybe_known_ = false;  // a registration was sent: the registry may have it, whatever was answered
    TimePoint register_due_;
    TimePoint heartbeat_due_;
    TimePoint cancel_due_;
    std::uint32_t slowness_ = 1;
    std::uint32_t early_failures_ = 0;
    double tokens_ = 2.0;  // of the limit for changes on demand
    TimePoint tokens_at_;
};

}  // namespace flotilla::discovery
