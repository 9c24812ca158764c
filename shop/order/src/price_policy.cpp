#include "flotilla/shop/order/price_policy.hpp"

namespace flotilla::shop::order {

Outcome<std::int64_t> price_of(
    PricePolicy policy, std::optional<std::int64_t> asked, std::optional<std::int64_t> listed
) {
    if (policy == PricePolicy::catalog) return listed.value_or(asked.value_or(0));
    if (!asked) return refuse(Problem::invalid({{"unitPrice", "unitPrice must be given"}}));
    if (policy == PricePolicy::strict && listed && *asked != *listed) {
        return refuse(Problem(http::Status::conflict, "PRICE_MISMATCH", "The price is another one")
                          .member("unitPrice", *listed));
    }
    return *asked;
}

}  // namespace flotilla::shop::order
