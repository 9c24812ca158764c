#pragma once
/// Reservations of stock. Each counts once for its order id, however often it is asked for: the first answer
/// is kept and given again. Pure.

#include <cstdint>
#include <optional>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/problem.hpp"

namespace flotilla::shop::catalog {

inline constexpr std::int64_t largest_quantity = 10'000;
inline constexpr std::size_t longest_order_id = 50;

enum class ReservationStatus {
    reserved,  ///< the stock is less by it
    rejected,  ///< there was not enough; never becomes another
    released,  ///< given back, or never to be taken: the release came first
};

FLT_DESCRIBE_ENUM_UPPER(ReservationStatus, reserved, rejected, released)

/// A row of the table `stock_reservation`.
struct Reservation {
    std::string order_id{};
    std::string product_id{};
    std::int64_t qty = 0;
    ReservationStatus status = ReservationStatus::reserved;
    WallTime updated_at{};
};

FLT_DESCRIBE(Reservation, order_id, product_id, qty, status, updated_at)

/// The body of PUT /reservations/{orderId}.
struct ReservationIn {
    std::optional<std::string> product_id{};
    std::optional<std::int64_t> qty{};
};

FLT_DESCRIBE(ReservationIn, product_id, qty)

/// What a request for stock comes to.
enum class ReserveResult {
    reserved,
    insufficient,     ///< not enough in stock
    unknown_product,  ///< nothing of that name
    released,         ///< the order has given it back already
    mismatch,         ///< the order id stands for another product or quantity
};

struct ReserveOutcome {
    ReserveResult result = ReserveResult::reserved;
    bool repeated = false;   ///< the order id was known
    std::int64_t stock = 0;  ///< what is left now
    std::int64_t unit_price = 0;
};

struct ReleaseOutcome {
    bool released = false;  ///< stock was given back now
    bool repeated = false;
};

/// What PUT answers.
struct ReservationOut {
    std::string order_id{};
    std::string product_id{};
    std::int64_t qty = 0;
    ReservationStatus status = ReservationStatus::reserved;
    std::int64_t unit_price = 0;
    std::int64_t stock = 0;
};

FLT_DESCRIBE(ReservationOut, order_id, product_id, qty, status, unit_price, stock)

/// What DELETE answers.
struct ReleaseOut {
    std::string order_id{};
    ReservationStatus status = ReservationStatus::released;
    bool released = false;
};

FLT_DESCRIBE(ReleaseOut, order_id, status, released)

/// The reservation that is asked for, or 400.
Outcome<Reservation> reservation_of(std::string order_id, const ReservationIn& in, WallTime now);

/// The answer to a request whose order id is known. Whether a rejected one was of an unknown product is seen
/// by looking at the product.
ReserveResult repeated_result(const Reservation& known, const Reservation& wanted);

/// The problem of whatever is no success; `outcome.result` must not be `reserved`.
Problem problem_of(const ReserveOutcome& outcome, const Reservation& wanted);

}  // namespace flotilla::shop::catalog
