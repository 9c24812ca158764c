#pragma once
/// What must hold in the shop whatever happened to it, over rows that somebody has fetched. Pure. The numbers
/// are those of the acceptance invariants; number 4 speaks of Kafka and is not here.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/driver/journal.hpp"
#include "flotilla/shop/driver/shop_requests.hpp"

namespace flotilla::shop::driver {

/// A row of `orders`.
struct OrderRow {
    std::string order_id;
    std::string user_id;
    std::string product_id;
    std::int64_t qty = 0;
    std::int64_t unit_price = 0;
    std::int64_t total_price = 0;
    std::string status;
};

FLT_DESCRIBE(OrderRow, order_id, user_id, product_id, qty, unit_price, total_price, status)

/// A row of `stock_reservation`.
struct ReservationRow {
    std::string order_id;
    std::string product_id;
    std::int64_t qty = 0;
    std::string status;
};

FLT_DESCRIBE(ReservationRow, order_id, product_id, qty, status)

/// A row of `idempotency_key`.
struct KeyRow {
    std::string user_id;
    std::string idem_key;
    std::string order_id;
};

FLT_DESCRIBE(KeyRow, user_id, idem_key, order_id)

struct Violation {
    int invariant = 0;
    std::string what;

    friend bool operator==(const Violation&, const Violation&) = default;
};

FLT_DESCRIBE(Violation, invariant, what)

using Violations = std::vector<Violation>;
using StockByProduct = std::map<std::string, std::int64_t>;

/// 1. Every order answered with 201 is there exactly once, as it was asked for; and of the users of the
/// journal there are no others, but for those that nobody knows about: at most one for each of these.
Violations check_created(std::span<const JournalLine> journal, std::span<const OrderRow> rows);
/// 1. A key stands for one order, and it is the order that its client was told of.
Violations check_keys(std::span<const JournalLine> journal, std::span<const KeyRow> keys);
/// 2. Initial stock less what is reserved is the stock, and nowhere below zero. Products without a known
/// initial stock are only looked at for that.
Violations check_stock(
    const StockByProduct& initial,
    std::span<const Product> products,
    std::span<const ReservationRow> reservations
);
/// 2. Who has an order has the stock for it, and nobody else has: CONFIRMED orders have a reservation of
/// their own product and quantity, REJECTED and CANCELLED ones hold none, and no reservation is without its
/// order.
Violations check_reservations(std::span<const OrderRow> rows, std::span<const ReservationRow> reservations);
/// 3. Every order has come to its end.
Violations check_final(std::span<const OrderRow> rows);

bool is_final(std::string_view status) noexcept;

/// The orders of one user, as one instance lists them.
struct OrderList {
    std::string user_id;
    std::string source;  ///< `gateway`, `127.0.0.1:40001`
    std::vector<OrderView> orders;
};

/// 5. All tell the same of a user. And, as 1: what the journal knows to be there is in each list.
Violations check_lists(std::span<const JournalLine> journal, std::span<const OrderList> lists);

}  // namespace flotilla::shop::driver
