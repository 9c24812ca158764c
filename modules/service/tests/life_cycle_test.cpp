#include "life_cycle.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace flotilla::service {
namespace {

using namespace std::chrono_literals;
using Reaction = LifeCycle::Reaction;

LifeCycle ready_service(LifeCycle::Settings settings, const Clock& clock) {
    LifeCycle life(settings, clock.now());
    life.listening();
    life.ready();
    return life;
}

TEST(LifeCycle, GoesThroughItsPhasesAndEndsWithZero) {
    ManualClock clock;
    LifeCycle life({}, clock.now());
    EXPECT_EQ(life.phase(), Phase::starting);
    life.listening();
    EXPECT_EQ(life.phase(), Phase::started);
    clock.advance(12ms);
    EXPECT_EQ(life.age(clock.now()), 12ms);
    life.ready();
    EXPECT_EQ(life.phase(), Phase::ready);
    EXPECT_EQ(life.asked_to_stop(SIGTERM), Reaction::stop);
    life.drain(clock.now(), false);
    EXPECT_EQ(life.phase(), Phase::draining);
    life.close(clock.now());
    EXPECT_EQ(life.phase(), Phase::closing);
    EXPECT_EQ(life.stopped(0), 0);
    EXPECT_EQ(life.phase(), Phase::stopped);
}

TEST(LifeCycle, DrainsTwoSecondsOnlyWhenSomebodyWasToldWhereItIs) {
    ManualClock clock;
    LifeCycle alone = ready_service({}, clock);
    EXPECT_EQ(alone.drain(clock.now(), false), clock.now());
    LifeCycle announced = ready_service({}, clock);
    EXPECT_EQ(announced.drain(clock.now(), true), clock.now() + 2s);
}

TEST(LifeCycle, DrainsAsLongAsItIsTold) {
    ManualClock clock;
    LifeCycle longer = ready_service({.drain_delay = 5s}, clock);
    EXPECT_EQ(longer.drain(clock.now(), false), clock.now() + 5s);
    LifeCycle not_at_all = ready_service({.drain_delay = 0s}, clock);
    EXPECT_EQ(not_at_all.drain(clock.now(), true), clock.now());
}

TEST(LifeCycle, DoesNotDrainWhatNeverWasReady) {
    ManualClock clock;
    LifeCycle life({.drain_delay = 5s}, clock.now());
    life.listening();
    EXPECT_EQ(life.drain(clock.now(), true), clock.now());
}

TEST(LifeCycle, GivesRunningWorkThePhaseAndNoMore) {
    ManualClock clock;
    LifeCycle life = ready_service({.phase_timeout = 3s}, clock);
    life.drain(clock.now(), false);
    EXPECT_EQ(life.close(clock.now()).at(), clock.now() + 3s);
    EXPECT_EQ(life.stopped(2), 1) << "cut off work is told by the exit code";
}

TEST(LifeCycle, AnImmediateStopWaitsForNothingAndIsNoFailure) {
    ManualClock clock;
    LifeCycle life = ready_service({.drain_delay = 2s, .graceful = false}, clock);
    EXPECT_EQ(life.drain(clock.now(), true), clock.now());
    EXPECT_TRUE(life.close(clock.now()).passed(clock.now()));
    EXPECT_EQ(life.stopped(2), 0);
}

TEST(LifeCycle, ASecondSignalExitsAtOnceButASecondRequestDoesNot) {
    LifeCycle life({}, {});
    EXPECT_EQ(life.asked_to_stop(0), Reaction::stop);
    EXPECT_EQ(life.asked_to_stop(0), Reaction::none);
    EXPECT_EQ(life.asked_to_stop(SIGINT), Reaction::exit_at_once);
    EXPECT_EQ(LifeCycle::status_of(SIGINT), 130);
    EXPECT_EQ(LifeCycle::status_of(SIGTERM), 143);
}

TEST(LifeCycle, AFailedStartUpEndsWithOne) {
    LifeCycle life({}, {});
    life.listening();
    life.failed();
    life.drain({}, false);
    life.close({});
    EXPECT_EQ(life.stopped(0), 1);
}

}  // namespace
}  // namespace flotilla::service
