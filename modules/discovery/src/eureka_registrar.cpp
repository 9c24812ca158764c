#include "flotilla/discovery/eureka_registrar.hpp"

#include <algorithm>

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

constexpr Duration first_retry = 1s;
constexpr std::uint32_t most_doublings = 10;
constexpr double burst = 2.0;
/// Changes told on demand per replication interval: 4 in a minute with its default.
constexpr double changes_per_interval = 2.0;

std::int64_t milliseconds(WallTime wall) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count();
}

}  // namespace

EurekaRegistrar::EurekaRegistrar(
    eureka::InstanceInfo self, Settings settings, Random random, TimePoint now, WallTime wall
)
    : settings_(settings),
      random_(random),
      self_(std::move(self)),
      register_due_(now + settings.initial_replication),
      heartbeat_due_(now),
      cancel_due_(TimePoint::max()),
      tokens_at_(now) {
    self_.last_dirty_timestamp = 0;
    touch(wall);
    self_.last_updated_timestamp = self_.last_dirty_timestamp;
    heartbeat_due_ = now + jittered(settings_.renewal);
}

Duration EurekaRegistrar::jittered(Duration span) {
    const double share = 1.0 - settings_.jitter * random_.unit();
    return Duration(static_cast<std::int64_t>(static_cast<double>(span.count()) * share));
}

/// Registries take the larger time for the newer one, so it never goes back, whatever the clock does.
void EurekaRegistrar::touch(WallTime wall) {
    dirty_ = true;
    self_.last_dirty_timestamp = std::max(milliseconds(wall), self_.last_dirty_timestamp + 1);
}

std::optional<Announcement> EurekaRegistrar::begin(TimePoint now) {
    if (in_flight_ || phase_ == Phase::gone) return std::nullopt;
    Announcement next;
    if (phase_ == Phase::going) {
        if (now < cancel_due_) return std::nullopt;
        next.kind = Announcement::Kind::cancel;
    } else if (phase_ == Phase::leaving || (now >= register_due_ && dirty_)) {
        next.kind = Announcement::Kind::register_;
        next.insist = insist_;
        maybe_known_ = true;
        register_due_ = now + jittered(settings_.replication);
    } else if (now >= heartbeat_due_ && phase_ == Phase::here) {
        next.kind = Announcement::Kind::heartbeat;
    } else {
        if (now >= register_due_) register_due_ = now + jittered(settings_.replication);
        return std::nullopt;
    }
    in_flight_ = true;
    next.instance = self_;
    return next;
}

void EurekaRegistrar::answered(const Announcement& request, int status, TimePoint now, WallTime wall) {
    in_flight_ = false;
    switch (request.kind) {
        case Announcement::Kind::cancel:
            phase_ = Phase::gone;
            registered_ = false;
            return;
        case Announcement::Kind::register_: {
            early_failures_ = 0;
            registered_ = registered_ || status / 100 == 2;
            // What has changed meanwhile is still to be told.
            const bool current = request.instance.last_dirty_timestamp == self_.last_dirty_timestamp;
            if (current && (!request.insist || status == 204)) {
                dirty_ = false;
                insist_ = false;
            }
            if (current && phase_ == Phase::leaving) phase_ = Phase::going;
            return;
        }
        case Announcement::Kind::heartbeat:
            break;
    }
    slowness_ = 1;
    heartbeat_due_ = now + jittered(settings_.renewal);
    if (status != 404) return;
    registered_ = false;
    if (phase_ != Phase::here) return;
    touch(wall);
    insist_ = true;
    register_due_ = now;
}

void EurekaRegistrar::failed(const Announcement& request, bool timed_out, TimePoint now) {
    in_flight_ = false;
    switch (request.kind) {
        case Announcement::Kind::cancel:
            phase_ = Phase::gone;
            registered_ = false;
            return;
        case Announcement::Kind::register_: {
            const bool current = request.instance.last_dirty_timestamp == self_.last_dirty_timestamp;
            if (phase_ == Phase::leaving) {
                if (current) phase_ = Phase::going;
                return;
            }
            const Duration soon = first_retry * (1U << std::min(early_failures_++, most_doublings));
            if (!registered_) register_due_ = std::min(register_due_, now + jittered(soon));
            return;
        }
        case Announcement::Kind::heartbeat:
            break;
    }
    if (timed_out) slowness_ = std::min(slowness_ * 2, settings_.back_off_bound);
    heartbeat_due_ = now + jittered(settings_.renewal * slowness_);
}

void EurekaRegistrar::tell_on_demand(TimePoint now) {
    const double per_second =
        changes_per_interval /
        std::chrono::duration<double>(std::max<Duration>(settings_.replication, 1s)).count();
    const double elapsed = std::chrono::duration<double>(now - tokens_at_).count();
    tokens_ = std::min(burst, tokens_ + elapsed * per_second);
    tokens_at_ = now;
    if (tokens_ < 1.0) return;
    tokens_ -= 1.0;
    register_due_ = now;
}

void EurekaRegistrar::set_status(eureka::InstanceStatus status, TimePoint now, WallTime wall) {
    if (phase_ != Phase::here || self_.status == status) return;
    self_.status = status;
    touch(wall);
    tell_on_demand(now);
}

void EurekaRegistrar::set_metadata(eureka::Metadata metadata, TimePoint now, WallTime wall) {
    if (phase_ != Phase::here || self_.metadata == metadata) return;
    self_.metadata = std::move(metadata);
    touch(wall);
    tell_on_demand(now);
}

void EurekaRegistrar::hurry(TimePoint now) {
    // A little later than now, as everybody else has noticed too.
    heartbeat_due_ =
        std::min(heartbeat_due_, now + Duration(static_cast<std::int64_t>(1e9 * random_.unit())));
}

void EurekaRegistrar::leave(TimePoint now, WallTime wall) {
    if (phase_ != Phase::here) return;
    if (!maybe_known_ || !settings_.unregister) {
        phase_ = Phase::gone;
        return;
    }
    phase_ = Phase::leaving;
    self_.status = eureka::InstanceStatus::down;
    touch(wall);
    insist_ = false;
    register_due_ = now;
    cancel_due_ = now + settings_.unregister_delay;
}

void EurekaRegistrar::leave_now(TimePoint now) {
    if (phase_ == Phase::leaving || phase_ == Phase::going) cancel_due_ = now;
}

TimePoint EurekaRegistrar::due() const {
    if (in_flight_) return TimePoint::max();
    switch (phase_) {
        case Phase::here:
            return std::min(register_due_, heartbeat_due_);
        case Phase::leaving:
            return register_due_;
        case Phase::going:
            return cancel_due_;
        case Phase::gone:
            break;
    }
    return TimePoint::max();
}

}  // namespace flotilla::discovery
