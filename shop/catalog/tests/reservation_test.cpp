#include "flotilla/shop/catalog/reservation.hpp"

#include <gtest/gtest.h>

namespace flotilla::shop::catalog {
namespace {

Reservation of(ReservationStatus status) {
    return {.order_id = "o1", .product_id = "CATALOG-001", .qty = 2, .status = status};
}

TEST(Reservation, IsRefusedWhenItSaysNothingSensible) {
    EXPECT_EQ(reservation_of("o1", {}, {}).error().errors().size(), 2U);
    EXPECT_EQ(reservation_of(std::string(51, 'o'), {"P", 0}, {}).error().errors().size(), 2U);
    EXPECT_FALSE(reservation_of("o1", {"P", 10'001}, {}));
    EXPECT_TRUE(reservation_of("o1", {"P", 10'000}, {}));
}

TEST(Reservation, N7_TheFirstAnswerIsGivenAgain) {
    const Reservation wanted = of(ReservationStatus::reserved);
    EXPECT_EQ(repeated_result(of(ReservationStatus::reserved), wanted), ReserveResult::reserved);
    EXPECT_EQ(repeated_result(of(ReservationStatus::rejected), wanted), ReserveResult::insufficient);
    EXPECT_EQ(repeated_result(of(ReservationStatus::released), wanted), ReserveResult::released);
}

TEST(Reservation, AnOrderIdStandsForOneProductAndQuantity) {
    Reservation wanted = of(ReservationStatus::reserved);
    wanted.qty = 3;
    EXPECT_EQ(repeated_result(of(ReservationStatus::reserved), wanted), ReserveResult::mismatch);
}

TEST(Reservation, AReleaseThatCameFirstRefusesTheLateReservation) {
    const Reservation tombstone{.order_id = "o1", .status = ReservationStatus::released};
    EXPECT_EQ(repeated_result(tombstone, of(ReservationStatus::reserved)), ReserveResult::released);
}

TEST(Reservation, N3_WhatIsRefusedHasAStatusAndACode) {
    const Reservation wanted = of(ReservationStatus::reserved);
    const auto code_of = [&](ReserveResult result) {
        const Problem problem = problem_of({.result = result, .stock = 1}, wanted);
        return std::to_string(http::code_of(problem.status())) + " " + problem.code();
    };
    EXPECT_EQ(code_of(ReserveResult::insufficient), "409 INSUFFICIENT_STOCK");
    EXPECT_EQ(code_of(ReserveResult::unknown_product), "404 UNKNOWN_PRODUCT");
    EXPECT_EQ(code_of(ReserveResult::released), "409 RESERVATION_RELEASED");
    EXPECT_EQ(code_of(ReserveResult::mismatch), "422 RESERVATION_MISMATCH");
}

}  // namespace
}  // namespace flotilla::shop::catalog
