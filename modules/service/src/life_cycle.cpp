#include "life_cycle.hpp"

namespace flotilla::service {

std::string_view to_string(Phase phase) noexcept {
    switch (phase) {
        case Phase::starting:
            return "starting";
        case Phase::started:
            return "started";
        case Phase::ready:
            return "ready";
        case Phase::draining:
            return "draining";
        case Phase::closing:
            return "closing";
        case Phase::stopped:
            return "stopped";
    }
    return "unknown";
}

LifeCycle::Reaction LifeCycle::asked_to_stop(int signal) noexcept {
    if (!stop_asked_) {
        stop_asked_ = true;
        return Reaction::stop;
    }
    return signal != 0 ? Reaction::exit_at_once : Reaction::none;
}

TimePoint LifeCycle::drain(TimePoint now, bool announced) noexcept {
    const bool was_ready = phase_ == Phase::ready;
    phase_ = Phase::draining;
    if (!was_ready || !settings_.graceful) return now;
    return now + settings_.drain_delay.value_or(announced ? announced_drain : Duration::zero());
}

Deadline LifeCycle::close(TimePoint now) noexcept {
    phase_ = Phase::closing;
    return settings_.graceful ? Deadline::after(now, settings_.phase_timeout) : Deadline(now);
}

int LifeCycle::stopped(std::size_t cut) noexcept {
    phase_ = Phase::stopped;
    const bool late = settings_.graceful && cut > 0;
    return failed_ || late ? 1 : 0;
}

}  // namespace flotilla::service
