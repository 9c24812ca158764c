#include "flotilla/service/schedule.hpp"

#include <gtest/gtest.h>

#include "scheduler.hpp"

namespace flotilla::service {
namespace {

using namespace std::chrono_literals;

TEST(Schedule, AFixedRateGoesFromStartToStart) {
    ManualClock clock;
    const Schedule schedule = Schedule::fixed_rate(30s);
    const Moment ready = moment_of(clock);
    const auto first = schedule.first(ready);
    EXPECT_EQ(first->now, ready.now);
    clock.advance(4s);
    EXPECT_EQ(schedule.next(*first, moment_of(clock))->now, ready.now + 30s);
}

TEST(Schedule, AFixedRateLeavesOutTheStartsThatALongRunLetPass) {
    ManualClock clock;
    const Schedule schedule = Schedule::fixed_rate(30s);
    const Moment due = moment_of(clock);
    clock.advance(70s);
    const auto next = schedule.next(due, moment_of(clock));
    EXPECT_EQ(next->now, due.now + 90s);
    EXPECT_EQ(next->wall, due.wall + 90s);
}

TEST(Schedule, AFixedDelayGoesFromTheEndOfARun) {
    ManualClock clock;
    const Schedule schedule = Schedule::fixed_delay(10s, 5s);
    const Moment ready = moment_of(clock);
    const auto first = schedule.first(ready);
    EXPECT_EQ(first->now, ready.now + 5s);
    clock.advance(12s);
    EXPECT_EQ(schedule.next(*first, moment_of(clock))->now, ready.now + 22s);
}

TEST(Schedule, ACronRunDoesNotComeTwiceWhenTheWallClockIsSetBack) {
    ManualClock clock(WallTime(1'773'014'400s));  // a full hour
    const Schedule schedule = Schedule::cron(CronExpression::parse("0 0 * * * *").value());
    const auto due = schedule.first(moment_of(clock));
    EXPECT_EQ(due->wall, WallTime(1'773'018'000s));
    clock.advance(1h);
    clock.set_wall(due->wall - 2s);
    EXPECT_EQ(schedule.next(*due, moment_of(clock))->wall, due->wall + 1h);
}

TEST(TargetName, IsClassAndMethodAndNamesTheSpanInKebabCase) {
    const TargetName purge("Shop.Stock.purgeExpired");
    EXPECT_EQ(purge.space, "Shop.Stock");
    EXPECT_EQ(purge.function, "purgeExpired");
    EXPECT_EQ(purge.span, "purge-expired");
    EXPECT_EQ(TargetName("heartbeat").space, "");
    EXPECT_EQ(TargetName("heartbeat").span, "heartbeat");
}

}  // namespace
}  // namespace flotilla::service
