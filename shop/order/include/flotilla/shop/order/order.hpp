#pragma once
/// Orders: what they are, what they may become, how they look outside. Pure.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/problem.hpp"
#include "flotilla/shop/timestamp.hpp"

namespace flotilla::shop::order {

inline constexpr std::size_t longest_product_id = 120;
inline constexpr std::size_t longest_user_id = 50;
inline constexpr std::int64_t largest_quantity = 10'000;
/// Of prices and totals: the columns, and the records of Kafka, are 32 bits wide.
inline constexpr std::int64_t largest_amount = std::numeric_limits<std::int32_t>::max();

enum class OrderStatus {
    pending,     ///< written down; whether there is stock is not known yet
    confirmed,   ///< the stock is taken
    rejected,    ///< there is not enough
    cancelling,  ///< the stock is to be given back
    cancelled,
};

FLT_DESCRIBE_ENUM_UPPER(OrderStatus, pending, confirmed, rejected, cancelling, cancelled)

/// Orders go forward only.
bool may_become(OrderStatus from, OrderStatus to) noexcept;

/// Whether nothing more happens to it by itself.
bool is_settled(OrderStatus status) noexcept;

/// A row of the table `orders`.
struct Order {
    std::string order_id{};
    std::string user_id{};
    std::string product_id{};
    std::int64_t qty = 0;
    std::int64_t unit_price = 0;
    std::int64_t total_price = 0;
    WallTime created_at{};
    OrderStatus status = OrderStatus::pending;
    std::optional<std::string> reason{};
    std::int64_t version = 0;  ///< guards every change
    std::optional<std::string> instance_id{};
};

FLT_DESCRIBE(
    Order,
    order_id,
    user_id,
    product_id,
    qty,
    unit_price,
    total_price,
    created_at,
    status,
    reason,
    version,
    instance_id
)

/// Why an order is as it is; codes for programs.
namespace reason {
inline constexpr const char* insufficient_stock = "INSUFFICIENT_STOCK";
inline constexpr const char* unknown_product = "UNKNOWN_PRODUCT";
inline constexpr const char* pending_timeout = "PENDING_TIMEOUT";
inline constexpr const char* cancelled_by_user = "CANCELLED_BY_USER";
inline constexpr const char* total_too_large = "TOTAL_TOO_LARGE";
/// Of a pending order whose price nobody could look up: it gets one with its stock.
inline constexpr const char* unpriced = "UNPRICED";
}  // namespace reason

/// The body of POST /{userId}/orders.
struct NewOrder {
    std::optional<std::string> product_id{};
    std::optional<std::int64_t> qty{};
    std::optional<std::int64_t> unit_price{};
};

FLT_DESCRIBE(NewOrder, product_id, qty, unit_price)

/// 400 with everything that is wrong about it.
Outcome<void> check(const NewOrder& in);
/// What cannot be stored is refused even where the course checks nothing.
Outcome<void> check_storable(const NewOrder& in);

/// Nothing when the total does not fit its column.
std::optional<std::int64_t> total_of(std::int64_t qty, std::int64_t unit_price) noexcept;
Problem total_too_large();

/// The order with that price; nothing when its total would not fit.
std::optional<Order> repriced(Order order, std::int64_t unit_price);

/// What POST answers. The course leaves out the last two.
struct PlacedOrder {
    std::string product_id{};
    std::int64_t qty = 0;
    std::int64_t unit_price = 0;
    std::int64_t total_price = 0;
    std::string order_id{};
    std::optional<Timestamp> created_at;
    std::optional<OrderStatus> status;
};

FLT_DESCRIBE(PlacedOrder, product_id, qty, unit_price, total_price, order_id, created_at, status)

/// An order in a list, or alone. The course knows no status.
struct ListedOrder {
    std::string product_id{};
    std::int64_t qty = 0;
    std::int64_t unit_price = 0;
    std::int64_t total_price = 0;
    Timestamp created_at;
    std::string order_id{};
    std::optional<OrderStatus> status;
    std::optional<std::string> reason;
};

FLT_DESCRIBE(ListedOrder, product_id, qty, unit_price, total_price, created_at, order_id, status, reason)

enum class Detail { course, full };

PlacedOrder placed(const Order& order, Detail detail);
ListedOrder listed(const Order& order, Detail detail);

}  // namespace flotilla::shop::order
