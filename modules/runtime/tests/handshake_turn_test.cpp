#include "handshake_turn.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::runtime {

namespace {

using namespace std::chrono_literals;

struct Turn {
    int who;
    std::uint64_t round;
};

Task<> take_turn(std::vector<Turn>& turns, int who) {
    if (const Wake wake = co_await handshake_turn({}); wake != Wake::ready) co_return;
    turns.push_back({who, EventLoop::current().stats().rounds});
}

TEST(HandshakeTurn, OneInEachRoundInTheOrderOfTheirComing) {
    constexpr int count = 50;
    std::vector<Turn> turns;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        for (int i = 0; i < count; ++i) scope.spawn("turn", take_turn(turns, i));
        while (scope.active() > 0) co_await yield();
        co_await scope.stop();
    });
    ASSERT_EQ(turns.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(turns[i].who, static_cast<int>(i));
        if (i > 0) {
            EXPECT_GT(turns[i].round, turns[i - 1].round);
        }
    }
}

TEST(HandshakeTurn, WhoIsCancelledOrTooLateIsPassedOver) {
    std::vector<Turn> turns;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        TaskScope stopped(runtime.loop(0));
        scope.spawn("first", take_turn(turns, 1));
        stopped.spawn("stopped", take_turn(turns, 2));
        scope.spawn("last", take_turn(turns, 3));
        co_await stopped.stop();
        while (scope.active() > 0) co_await yield();
        co_await scope.stop();
    });
    ASSERT_GE(turns.size(), 2U);
    EXPECT_EQ(turns.front().who, 1);
    EXPECT_EQ(turns.back().who, 3);
}

}  // namespace

}  // namespace flotilla::runtime
