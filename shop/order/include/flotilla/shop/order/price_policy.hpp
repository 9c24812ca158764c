#pragma once
/// Whose price counts: `shop.order.price-policy`. Pure.

#include <cstdint>
#include <optional>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/problem.hpp"

namespace flotilla::shop::order {

enum class PricePolicy {
    catalog,  ///< the catalog's, whatever the client says
    strict,   ///< 409 when the client says another
    client,   ///< the client's, as in the course
};

FLT_DESCRIBE_ENUM_KEBAB(PricePolicy, catalog, strict, client)

/// The price of an order. `asked` is what the client says, `listed` what the catalog says, when it could be
/// asked. 409 when they differ and must not; 400 when there is none.
Outcome<std::int64_t> price_of(
    PricePolicy policy, std::optional<std::int64_t> asked, std::optional<std::int64_t> listed
);

}  // namespace flotilla::shop::order
