#include "flotilla/shop/order/order.hpp"

#include <fmt/format.h>

namespace flotilla::shop::order {

namespace {

/// Counted in characters, as databases count.
bool fits(const std::string& text, std::size_t longest) {
    std::size_t characters = 0;
    for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    return characters <= longest && text.find('\0') == std::string::npos;
}

}  // namespace

bool may_become(OrderStatus from, OrderStatus to) noexcept {
    switch (from) {
        case OrderStatus::pending:
            return to == OrderStatus::confirmed || to == OrderStatus::rejected ||
                   to == OrderStatus::cancelling;
        case OrderStatus::confirmed:
            return to == OrderStatus::cancelling;
        case OrderStatus::cancelling:
            return to == OrderStatus::cancelled;
        case OrderStatus::rejected:
        case OrderStatus::cancelled:
            break;
    }
    return false;
}

bool is_settled(OrderStatus status) noexcept {
    return status != OrderStatus::pending && status != OrderStatus::cancelling;
}

Outcome<void> check(const NewOrder& in) {
    std::vector<FieldProblem> wrong;
    if (!in.product_id || in.product_id->empty() || !fits(*in.product_id, longest_product_id))
        wrong.push_back(
            {"productId", fmt::format("productId must have 1 to {} characters", longest_product_id)}
        );
    if (!in.qty || *in.qty < 1 || *in.qty > largest_quantity)
        wrong.push_back({"qty", fmt::format("qty must be a number from 1 to {}", largest_quantity)});
    if (in.unit_price && (*in.unit_price < 0 || *in.unit_price > largest_amount))
        wrong.push_back({"unitPrice", fmt::format("unitPrice must be a number from 0 to {}", largest_amount)}
        );
    if (!wrong.empty()) return refuse(Problem::invalid(std::move(wrong)));
    if (in.unit_price && !total_of(*in.qty, *in.unit_price)) return refuse(total_too_large());
    return {};
}

Outcome<void> check_storable(const NewOrder& in) {
    const std::string product = in.product_id.value_or("");
    const std::int64_t qty = in.qty.value_or(0);
    const std::int64_t price = in.unit_price.value_or(0);
    const bool storable = fits(product, longest_product_id) && qty >= -largest_amount &&
                          qty <= largest_amount && price >= -largest_amount && price <= largest_amount &&
                          total_of(qty, price);
    if (!storable)
        return refuse(Problem(http::Status::bad_request, "NOT_STORABLE", "The order cannot be stored"));
    return {};
}

std::optional<std::int64_t> total_of(std::int64_t qty, std::int64_t unit_price) noexcept {
    std::int64_t total = 0;
    if (__builtin_mul_overflow(qty, unit_price, &total)) return std::nullopt;
    if (total > largest_amount || total < -largest_amount) return std::nullopt;
    return total;
}

Problem total_too_large() {
    return Problem::invalid(
        {{"totalPrice", fmt::format("qty times unitPrice must not be more than {}", largest_amount)}}
    );
}

std::optional<Order> repriced(Order order, std::int64_t unit_price) {
    const auto total = total_of(order.qty, unit_price);
    if (!total) return std::nullopt;
    order.unit_price = unit_price;
    order.total_price = *total;
    return order;
}

PlacedOrder placed(const Order& order, Detail detail) {
    PlacedOrder out{
        .product_id = order.product_id,
        .qty = order.qty,
        .unit_price = order.unit_price,
        .total_price = order.total_price,
        .order_id = order.order_id,
        .created_at = {},
        .status = {},
    };
    if (detail == Detail::full) {
        out.created_at = Timestamp{order.created_at};
        out.status = order.status;
    }
    return out;
}

ListedOrder listed(const Order& order, Detail detail) {
    ListedOrder out{
        .product_id = order.product_id,
        .qty = order.qty,
        .unit_price = order.unit_price,
        .total_price = order.total_price,
        .created_at = {order.created_at},
        .order_id = order.order_id,
        .status = {},
        .reason = {},
    };
    if (detail == Detail::full) {
        out.status = order.status;
        out.reason = order.reason;
    }
    return out;
}

}  // namespace flotilla::shop::order
