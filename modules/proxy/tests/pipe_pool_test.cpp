#include "pipe_pool.hpp"

#include <gtest/gtest.h>

namespace flotilla::proxy {
namespace {

TEST(PipePool, LendsNoMoreThanItMay) {
    PipePool pool(2);
    PipeLoan first(pool);
    EXPECT_NE(first.get(), nullptr);
    {
        PipeLoan second(pool);
        EXPECT_NE(second.get(), nullptr);
        PipeLoan third(pool);
        EXPECT_EQ(third.get(), nullptr);
    }
    PipeLoan again(pool);
    ASSERT_NE(again.get(), nullptr);
    EXPECT_EQ(again.get()->size(), 0U);
}

TEST(PipePool, OfNoneLendsNone) {
    PipePool pool(0);
    PipeLoan loan(pool);
    EXPECT_EQ(loan.get(), nullptr);
}

}  // namespace
}  // namespace flotilla::proxy
