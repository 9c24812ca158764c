#include "flotilla/resilience/circuit_breaker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "breaker_fixture.hpp"

namespace flotilla::resilience {

namespace {

TEST(CircuitBreaker, LetsOneProbeThroughAfterTheWaitAndCloses) {
    Watched watched({
        .sliding_window_size = 4,
        .wait_in_open_state = Backoff::fixed(30s),
        .permitted_number_of_calls_in_half_open_state = 1,
    });
    for (int call = 0; call < 4; ++call) watched.fail();
    watched.clock.advance(30s);
    EXPECT_FALSE(watched.acquire());
    watched.clock.advance(1ns);
    auto probe = watched.acquire();
    ASSERT_TRUE(probe);
    EXPECT_FALSE(watched.acquire());
    probe.succeeded(watched.clock.now());
    EXPECT_EQ(watched.state(), BreakerState::closed);
}

}  // namespace

}  // namespace flotilla::resilience
