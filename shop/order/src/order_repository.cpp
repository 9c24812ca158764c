#include "flotilla/shop/order/order_repository.hpp"

#include <functional>
#include <limits>
#include <string>

namespace flotilla::shop::order {

namespace {

constexpr std::string_view columns =
    "select order_id, user_id, product_id, qty, unit_price, total_price, created_at, status, reason, "
    "version, "
    "instance_id from orders ";

std::string with(std::string_view rest) {
    return std::string(columns).append(rest);
}

constexpr std::string_view finish_key =
    "update idempotency_key set state = ?, status = ?, response = ? where order_id = ? and state = ?";

/// So many that it is all.
constexpr std::int64_t no_limit = std::numeric_limits<std::int32_t>::max();

Result<bool> insert_in(
    sql::Statements& tx, const Order& order, const std::optional<KeyRow>& key, bool replace_key
) {
    if (key && replace_key) {
        FLT_CHECK(tx.execute(
            "delete from idempotency_key where user_id = ? and idem_key = ? and expires_at <= ?",
            key->user_id,
            key->idem_key,
            order.created_at
        ));
    }
    if (key) {
        FLT_TRY(const bool ours, tx.insert_if_absent("idempotency_key", *key));
        if (!ours) return false;
    }
    FLT_CHECK(tx.insert("orders", order));
    return true;
}

Result<bool> advance_in(sql::Statements& tx, const Order& order, const std::optional<StoredAnswer>& answer) {
    FLT_TRY(
        const auto advanced,
        tx.execute(
            "update orders set status = ?, reason = ?, unit_price = ?, total_price = ?, version = ? "
            "where order_id = ? and version = ?",
            order.status,
            order.reason,
            order.unit_price,
            order.total_price,
            order.version,
            order.order_id,
            order.version - 1
        )
    );
    if (advanced.rows == 0) return false;
    if (answer) {
        FLT_CHECK(tx.execute(
            finish_key, KeyState::done, answer->status, answer->body, order.order_id, KeyState::running
        ));
    }
    return true;
}

}  // namespace

Task<Result<std::vector<Order>>> OrderRepository::list(std::string user_id, OrderPage page) const {
    const std::int64_t limit = page.limit.value_or(no_limit);
    const std::string_view direction = page.newest_first ? "desc" : "asc";
    const std::string end = "order by id " + std::string(direction) + " limit ?";
    if (page.after.empty()) {
        const std::string query = with("where user_id = ? ") + end;
        co_return co_await source_->query<Order>(query, user_id, limit);
    }
    const std::string_view beyond = page.newest_first ? "<" : ">";
    const std::string query = with("where user_id = ? and id ") + std::string(beyond) +
                              " (select o.id from orders o where o.order_id = ? and o.user_id = ?) " + end;
    co_return co_await source_->query<Order>(query, user_id, page.after, user_id, limit);
}

Task<Result<std::optional<Order>>> OrderRepository::find(std::string order_id) const {
    const std::string query = with("where order_id = ?");
    co_return co_await source_->query_one<Order>(query, order_id);
}

Task<Result<std::optional<KeyRow>>> OrderRepository::find_key(std::string user_id, std::string key) const {
    co_return co_await source_->query_one<KeyRow>(
        "select user_id, idem_key, body_sha256, state, status, response, order_id, expires_at "
        "from idempotency_key where user_id = ? and idem_key = ?",
        user_id,
        key
    );
}

Task<Result<bool>> OrderRepository::insert(Order order, std::optional<KeyRow> key, bool replace_key) const {
    std::function<Result<bool>(sql::Statements&)> body =
        [order = std::move(order), key = std::move(key), replace_key](sql::Statements& tx) {
            return insert_in(tx, order, key, replace_key);
        };
    co_return co_await company_->at_once<bool>(*source_, std::move(body));
}

Task<Result<bool>> OrderRepository::advance(Order order, std::optional<StoredAnswer> answer) const {
    std::function<Result<bool>(sql::Statements&)> body = [order = std::move(order),
                                                          answer = std::move(answer)](sql::Statements& tx) {
        return advance_in(tx, order, answer);
    };
    co_return co_await company_->at_once<bool>(*source_, std::move(body));
}

Task<Result<void>> OrderRepository::answer(std::string order_id, StoredAnswer answer) const {
    FLT_CO_CHECK(co_await source_->execute(
        finish_key, KeyState::done, answer.status, answer.body, order_id, KeyState::running
    ));
    co_return Result<void>();
}

Task<Result<std::vector<Order>>> OrderRepository::unsettled(WallTime pending_since, std::int64_t limit)
    const {
    const std::string query = with(
        "where status in ('PENDING', 'CANCELLING') and (status = 'CANCELLING' or created_at <= ?) "
        "order by id limit ?"
    );
    co_return co_await source_->query<Order>(query, pending_since, limit);
}

Task<Result<std::int64_t>> OrderRepository::forget_keys(WallTime now) const {
    FLT_CO_TRY(
        const auto gone, co_await source_->execute("delete from idempotency_key where expires_at <= ?", now)
    );
    co_return gone.rows;
}

}  // namespace flotilla::shop::order
