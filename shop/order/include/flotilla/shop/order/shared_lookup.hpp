#pragma once
/// Looks at products that are shared: many orders of one product at once ask the catalog about it a few
/// times.
///
///     SharedLookup products(catalog);
///     const auto facts = co_await products.look_up("CATALOG-001");

#include <expected>
#include <memory>
#include <string>

#include "flotilla/shop/order/stock_reservation.hpp"

namespace flotilla::shop::order {

/// Who comes alone looks at once. Who comes while somebody looks waits, and the next look, which begins after
/// he came, is for all who have come by then: nobody is told what was true before he asked. What could not be
/// seen together each looks at by himself, and so does who has waited for long.
/// Used from any loop; what uses it ends before it does.
class SharedLookup final : public ProductLookup {
public:
    /// `lookup` outlives it.
    explicit SharedLookup(ProductLookup& lookup);

    Task<std::expected<ProductFacts, NoFacts>> look_up(const std::string& product_id) override;

private:
    using Facts = std::expected<ProductFacts, NoFacts>;

    struct Waiter;
    struct State;
    class Presence;
    class Look;

    Task<Facts> look_for_all(const std::string& product_id);

    ProductLookup& lookup_;
    std::shared_ptr<State> state_;
};

}  // namespace flotilla::shop::order
