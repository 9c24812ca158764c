#pragma once
/// When a job runs: at a fixed rate, with a fixed pause, or at the times of a cron expression. Pure: it is
/// told the time.

#include <optional>
#include <variant>

#include "flotilla/base/clock.hpp"
#include "flotilla/service/cron.hpp"

namespace flotilla::service {

/// What both clocks show.
struct Moment {
    TimePoint now;
    WallTime wall;
};

inline Moment moment_of(const Clock& clock) {
    return {clock.now(), clock.wall_now()};
}

class Schedule {
public:
    /// From start to start. A start that a long run has let pass is left out, not made up for.
    static Schedule fixed_rate(Duration interval, Duration initial_delay = {});
    /// From the end of a run to the next start.
    static Schedule fixed_delay(Duration delay, Duration initial_delay = {});
    static Schedule cron(CronExpression expression);

    struct FixedRate {
        Duration interval;
    };

    struct FixedDelay {
        Duration delay;
    };

    using Kind = std::variant<FixedRate, FixedDelay, CronExpression>;

    [[nodiscard]] const Kind& kind() const noexcept { return kind_; }

    [[nodiscard]] Duration initial_delay() const noexcept { return initial_delay_; }

    /// When the first run is due, for a service that is ready now; nothing when never.
    [[nodiscard]] std::optional<Moment> first(Moment ready) const;
    /// When the next one is due, after one that was due then and has just ended.
    [[nodiscard]] std::optional<Moment> next(Moment due, Moment ended) const;

private:
    Schedule(Kind kind, Duration initial_delay) : kind_(std::move(kind)), initial_delay_(initial_delay) {}

    static std::optional<Moment> next_of_cron(const CronExpression& expression, Moment after);

    Kind kind_;
    Duration initial_delay_;
};

}  // namespace flotilla::service
