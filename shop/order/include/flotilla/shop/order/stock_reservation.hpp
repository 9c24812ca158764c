#pragma once
/// How an order gets its stock: the seam between orders and the catalog. Today the catalog is called; events
/// may carry the same questions and answers.

#include <cstdint>
#include <expected>
#include <string>

#include "flotilla/runtime/task.hpp"
#include "flotilla/shop/order/order.hpp"

namespace flotilla::shop::order {

/// What has become of the question for stock.
struct StockAnswer {
    enum class Kind {
        reserved,  ///< `unit_price` is the catalog's
        refused,   ///< `reason` and `available` say why; it stays so
        released,  ///< the order has given its stock back
        unknown,   ///< nobody answered, or not in time: ask again
    };

    Kind kind = Kind::unknown;
    std::string reason{};  ///< refused: a code; unknown: for the log
    std::int64_t available = 0;
    std::int64_t unit_price = 0;
};

/// Both may be asked for again with the same order: it counts once.
class StockReservation {
public:
    virtual ~StockReservation() = default;
    virtual Task<StockAnswer> reserve(const Order& order) = 0;
    /// Whether it is given back for certain. An order that has no stock yet will never get any.
    virtual Task<bool> release(const std::string& order_id) = 0;

protected:
    StockReservation() = default;
    StockReservation(const StockReservation&) = default;
    StockReservation& operator=(const StockReservation&) = default;
};

struct ProductFacts {
    std::int64_t unit_price = 0;
    std::int64_t stock = 0;
};

enum class NoFacts {
    unknown_product,
    unavailable,  ///< the catalog did not answer
};

/// What the catalog says of a product at this moment: advice for a quick answer, no promise.
class ProductLookup {
public:
    virtual ~ProductLookup() = default;
    virtual Task<std::expected<ProductFacts, NoFacts>> look_up(const std::string& product_id) = 0;

protected:
    ProductLookup() = default;
    ProductLookup(const ProductLookup&) = default;
    ProductLookup& operator=(const ProductLookup&) = default;
};

}  // namespace flotilla::shop::order
