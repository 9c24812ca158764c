#pragma once
/// The catalog in its database: SQLite or MariaDB, the same statements.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/shop/catalog/product.hpp"
#include "flotilla/shop/catalog/reservation.hpp"
#include "flotilla/shop/data_source.hpp"
#include "flotilla/shop/page.hpp"
#include "flotilla/sql/company.hpp"

namespace flotilla::shop::catalog {

/// Some products, and what the table looked like at that moment.
struct ProductPage {
    std::vector<Product> products;
    TableState state;
};

/// Statements over an open data source; every method is one transaction.
class CatalogRepository {
public:
    /// `source` outlives it.
    CatalogRepository(const DataSource& source, const Clock& clock);

    /// Products in the order in which they came, at most `limit` of them (none: all).
    Task<Result<ProductPage>> page(std::optional<std::int64_t> limit, std::string after = std::string())
        const;
    [[nodiscard]] Task<Result<std::optional<Product>>> find(std::string product_id) const;

    /// False when the id is taken.
    [[nodiscard]] Task<Result<bool>> add(Product product) const;
    /// False when somebody else has changed it meanwhile: `product.version` is the one after the one read.
    [[nodiscard]] Task<Result<bool>> update(Product product) const;
    /// Puts products into an empty table; does nothing to one that has some.
    [[nodiscard]] Task<Result<void>> seed(std::span<const Product> products) const;

    /// Takes the stock for an order, once.
    [[nodiscard]] Task<Result<ReserveOutcome>> reserve(Reservation wanted) const;
    /// Takes it as the course does: reads, computes and writes, and nothing holds others off meanwhile, nor
    /// stops at zero (N1). What is left then; nothing when there is no such product.
    [[nodiscard]] Task<Result<std::optional<std::int64_t>>> lower(Reservation wanted) const;
    /// Gives it back, once. An order that has none yet will never get any.
    [[nodiscard]] Task<Result<ReleaseOutcome>> release(std::string order_id) const;

    /// Grows with everything that may have changed a product through this object, once it has.
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_.load(); }

private:
    class Change;

    const DataSource& source_;
    const Clock& clock_;
    /// Orders of one product wait for its row: those that come at once take their stock in one transaction.
    std::shared_ptr<sql::Company> company_;
    std::shared_ptr<const sql::Together<Reservation, ReserveOutcome>> reserving_;
    /// Every order looks at its product first.
    std::shared_ptr<sql::Company> lookers_;
    std::shared_ptr<const sql::Together<std::string, std::optional<Product>>> looking_;
    mutable std::atomic<std::uint64_t> changes_{0};
};

}  // namespace flotilla::shop::catalog
