#include "flotilla/shop/catalog/reservation.hpp"

#include <fmt/format.h>

#include "flotilla/shop/catalog/product.hpp"

namespace flotilla::shop::catalog {

Outcome<Reservation> reservation_of(std::string order_id, const ReservationIn& in, WallTime now) {
    std::vector<FieldProblem> wrong;
    if (order_id.empty() || order_id.size() > longest_order_id)
        wrong.push_back({"orderId", fmt::format("orderId must have 1 to {} characters", longest_order_id)});
    if (!in.product_id || in.product_id->empty() || in.product_id->size() > longest_product_id)
        wrong.push_back(
            {"productId", fmt::format("productId must have 1 to {} characters", longest_product_id)}
        );
    if (!in.qty || *in.qty < 1 || *in.qty > largest_quantity)
        wrong.push_back({"qty", fmt::format("qty must be a number from 1 to {}", largest_quantity)});
    if (!wrong.empty()) return refuse(Problem::invalid(std::move(wrong)));
    return Reservation{
        .order_id = std::move(order_id), .product_id = *in.product_id, .qty = *in.qty, .updated_at = now
    };
}

ReserveResult repeated_result(const Reservation& known, const Reservation& wanted) {
    // A release that came first knows no product.
    const bool same = known.product_id == wanted.product_id && known.qty == wanted.qty;
    if (!same && !known.product_id.empty()) return ReserveResult::mismatch;
    switch (known.status) {
        case ReservationStatus::reserved:
            return ReserveResult::reserved;
        case ReservationStatus::rejected:
            return ReserveResult::insufficient;
        case ReservationStatus::released:
            break;
    }
    return ReserveResult::released;
}

Problem problem_of(const ReserveOutcome& outcome, const Reservation& wanted) {
    switch (outcome.result) {
        case ReserveResult::unknown_product:
            return unknown_product(wanted.product_id);
        case ReserveResult::released:
            return Problem(
                http::Status::conflict, "RESERVATION_RELEASED", "The order has given its stock back"
            );
        case ReserveResult::mismatch:
            return Problem(
                http::Status::unprocessable_content,
                "RESERVATION_MISMATCH",
                "This order id stands for another product or quantity"
            );
        case ReserveResult::insufficient:
        case ReserveResult::reserved:
            break;
    }
    return Problem(http::Status::conflict, "INSUFFICIENT_STOCK", "Not enough in stock")
        .member("available", outcome.stock);
}

}  // namespace flotilla::shop::catalog
