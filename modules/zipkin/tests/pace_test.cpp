#include "flotilla/zipkin/pace.hpp"

#include <gtest/gtest.h>

namespace flotilla::zipkin {

namespace {

using namespace std::chrono_literals;

TEST(Pace, CountsFromTheFirstUnsentSpan) {
    ManualClock clock;
    Pace pace(1s);
    EXPECT_FALSE(pace.due());
    pace.heard(clock.now(), false);
    const TimePoint due = clock.now() + 1s;
    clock.advance(400ms);
    pace.heard(clock.now(), false);
    EXPECT_EQ(pace.due(), due);
    pace.taken();
    EXPECT_FALSE(pace.due());
    pace.heard(clock.now(), false);
    EXPECT_EQ(pace.due(), clock.now() + 1s);
}

TEST(Pace, IsDueAtOnceWhenThereIsEnough) {
    ManualClock clock;
    Pace pace(1s);
    pace.heard(clock.now(), false);
    clock.advance(10ms);
    pace.heard(clock.now(), true);
    EXPECT_EQ(pace.due(), clock.now());
}

}  // namespace

}  // namespace flotilla::zipkin
