#pragma once
/// An order as order-service tells of it and as a user's detail repeats it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop::user {

struct OrderLine {
    std::string product_id;
    std::int64_t qty = 0;
    std::int64_t unit_price = 0;
    std::int64_t total_price = 0;
    std::optional<std::string> created_at;  ///< as it was written there
    std::string order_id;

    friend bool operator==(const OrderLine&, const OrderLine&) = default;
};

FLT_DESCRIBE(OrderLine, product_id, qty, unit_price, total_price, created_at, order_id)

/// Whether these can be orders: JSON of another kind is read as lines without an id.
bool plausible(const std::vector<OrderLine>& lines) noexcept;

}  // namespace flotilla::shop::user
