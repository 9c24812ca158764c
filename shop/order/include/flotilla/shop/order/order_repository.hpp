#pragma once
/// Orders and idempotency keys in their database: SQLite or MariaDB, the same statements.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flotilla/shop/data_source.hpp"
#include "flotilla/shop/order/idempotency.hpp"
#include "flotilla/shop/order/order.hpp"
#include "flotilla/sql/company.hpp"

namespace flotilla::shop::order {

/// What a request with a key is answered, for those who ask again.
struct StoredAnswer {
    int status = 0;
    std::string body;
};

/// Which part of a user's orders.
struct OrderPage {
    std::optional<std::int64_t> limit;
    std::string after{};  ///< an order id; empty for the beginning
    bool newest_first = false;
};

/// Statements over an open data source; every method is one transaction.
class OrderRepository {
public:
    /// `source` outlives it.
    explicit OrderRepository(const DataSource& source);

    [[nodiscard]] Task<Result<std::vector<Order>>> list(std::string user_id, OrderPage page) const;
    [[nodiscard]] Task<Result<std::optional<Order>>> find(std::string order_id) const;
    [[nodiscard]] Task<Result<std::optional<KeyRow>>> find_key(std::string user_id, std::string key) const;

    /// Writes an order, and its key with it. False when somebody has taken the key meanwhile. `replace_key`:
    /// the one that is there has expired.
    [[nodiscard]] Task<Result<bool>> insert(Order order, std::optional<KeyRow> key, bool replace_key) const;

    /// Writes the next state of an order over `order.version - 1`, and the answer to its request if there is
    /// one to be kept. False when the order has changed meanwhile.
    [[nodiscard]] Task<Result<bool>> advance(Order order, std::optional<StoredAnswer> answer) const;

    /// Writes the answer to the request of an order that has not changed.
    [[nodiscard]] Task<Result<void>> answer(std::string order_id, StoredAnswer answer) const;

    /// Orders that nobody finishes: to be cancelled, or pending since before that time. The oldest first.
    [[nodiscard]] Task<Result<std::vector<Order>>> unsettled(WallTime pending_since, std::int64_t limit)
        const;

    /// Forgets keys that have expired; how many.
    [[nodiscard]] Task<Result<std::int64_t>> forget_keys(WallTime now) const;

private:
    /// An order that is new.
    struct Placing {
        Order order;
        std::optional<KeyRow> key;
        bool replace_key = false;
    };

    /// One that goes on.
    struct Advance {
        Order order;
        std::optional<StoredAnswer> answer;
    };

    static Result<bool> place_one(sql::Statements& tx, const Placing& placing);
    static Result<std::vector<bool>> place_all(sql::Statements& tx, std::span<const Placing* const> all);
    static Result<bool> advance_one(sql::Statements& tx, const Advance& advance);
    static Result<std::vector<bool>> advance_all(sql::Statements& tx, std::span<const Advance* const> all);

    const DataSource& source_;
    /// What many write at once shares statements and commits.
    std::shared_ptr<sql::Company> company_;
    std::shared_ptr<const sql::Together<Placing, bool>> placing_;
    std::shared_ptr<const sql::Together<Advance, bool>> advancing_;
};

}  // namespace flotilla::shop::order
