#include "flotilla/base/result.hpp"

#include <gtest/gtest.h>

namespace flotilla {

namespace {

Result<int> half(int n) {
    if (n % 2 != 0) return fail(Errc::invalid_argument, "odd");
    return n / 2;
}

Result<int> quarter(int n) {
    FLT_TRY(const int h, half(n));
    FLT_TRY(const int q, half(h));
    return q;
}

TEST(Result, TryPassesTheErrorUpAndTheValueOn) {
    EXPECT_EQ(quarter(8), 2);
    EXPECT_EQ(quarter(6).error().code(), Errc::invalid_argument);
}

TEST(Error, EachLayerAddsWhatItKnows) {
    const Error error(Errc::timed_out);
    EXPECT_EQ(error.message(), "timed out");
    EXPECT_EQ(
        error.within("GET /stock").within("order-service").message(), "order-service: GET /stock: timed out"
    );
    EXPECT_EQ(error.within("x").code(), Errc::timed_out);
}

}  // namespace

}  // namespace flotilla
