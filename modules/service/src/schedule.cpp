#include "flotilla/service/schedule.hpp"

#include <algorithm>

#include "flotilla/base/assert.hpp"

namespace flotilla::service {

namespace {

Moment later(Moment moment, Duration by) {
    return {moment.now + by, moment.wall + by};
}

}  // namespace

Schedule Schedule::fixed_rate(Duration interval, Duration initial_delay) {
    FLT_ASSERT(interval > Duration::zero());
    return {FixedRate{interval}, initial_delay};
}

Schedule Schedule::fixed_delay(Duration delay, Duration initial_delay) {
    FLT_ASSERT(delay >= Duration::zero());
    return {FixedDelay{delay}, initial_delay};
}

Schedule Schedule::cron(CronExpression expression) {
    return {std::move(expression), {}};
}

std::optional<Moment> Schedule::first(Moment ready) const {
    if (const auto* expression = std::get_if<CronExpression>(&kind_)) return next_of_cron(*expression, ready);
    return later(ready, initial_delay_);
}

std::optional<Moment> Schedule::next(Moment due, Moment ended) const {
    if (const auto* expression = std::get_if<CronExpression>(&kind_)) {
        // A wall clock that was set back must not bring the same time again at once.
        return next_of_cron(*expression, {ended.now, std::max(ended.wall, due.wall)});
    }
    if (const auto* fixed = std::get_if<FixedDelay>(&kind_)) return later(ended, fixed->delay);
    const Duration interval = std::get<FixedRate>(kind_).interval;
    const auto passed = ended.now > due.now ? (ended.now - due.now) / interval : 0;
    const TimePoint at = due.now + (passed + 1) * interval;
    return later(ended, at - ended.now);
}

std::optional<Moment> Schedule::next_of_cron(const CronExpression& expression, Moment after) {
    const auto wall = next_wall_time(expression, after.wall);
    if (!wall) return std::nullopt;
    return Moment{after.now + (*wall - after.wall), *wall};
}

}  // namespace flotilla::service
