#include "flotilla/shop/order/order_repository.hpp"

#include <limits>
#include <string>
#include <utility>

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

sql::Statement over_former_version(const Order& order) {
    return sql::make_statement(
        "update orders set status = ?, reason = ?, unit_price = ?, total_price = ?, version = ? "
        "where order_id = ? and version = ?",
        order.status,
        order.reason,
        order.unit_price,
        order.total_price,
        order.version,
        order.order_id,
        order.version - 1
    );
}

sql::Statement answered(const Order& order, const StoredAnswer& answer) {
    return sql::make_statement(
        finish_key, KeyState::done, answer.status, answer.body, order.order_id, KeyState::running
    );
}

std::unexpected<Error> extraordinary() {
    return fail(Errc::conflict, "these are not written together");
}

}  // namespace

OrderRepository::OrderRepository(const DataSource& source)
    : source_(source),
      company_(std::make_shared<sql::Company>()),
      placing_(std::make_shared<const sql::Together<Placing, bool>>(place_one, place_all)),
      advancing_(std::make_shared<const sql::Together<Advance, bool>>(advance_one, advance_all)) {}

Result<bool> OrderRepository::place_one(sql::Statements& tx, const Placing& placing) {
    const auto& key = placing.key;
    if (key && placing.replace_key) {
        FLT_CHECK(tx.execute(
            "delete from idempotency_key where user_id = ? and idem_key = ? and expires_at <= ?",
            key->user_id,
            key->idem_key,
            placing.order.created_at
        ));
    }
    if (key) {
        FLT_TRY(const bool ours, tx.insert_if_absent("idempotency_key", *key));
        if (!ours) return false;
    }
    FLT_CHECK(tx.insert("orders", placing.order));
    return true;
}

// A key that is there already is an error, and so is seen one by one.
Result<std::vector<bool>> OrderRepository::place_all(
    sql::Statements& tx, std::span<const Placing* const> all
) {
    std::vector<sql::Statement> keys;
    std::vector<sql::Statement> orders;
    for (const Placing* placing : all) {
        if (placing->replace_key) return extraordinary();
        if (placing->key) keys.push_back(sql::insert_statement("idempotency_key", *placing->key));
        orders.push_back(sql::insert_statement("orders", placing->order));
    }
    FLT_CHECK(tx.execute_all(keys));
    FLT_CHECK(tx.execute_all(orders));
    return std::vector<bool>(all.size(), true);
}

Result<bool> OrderRepository::advance_one(sql::Statements& tx, const Advance& advance) {
    const sql::Statement update = over_former_version(advance.order);
    FLT_TRY(const sql::Rows advanced, tx.run(update));
    if (advanced.changes == 0) return false;
    if (advance.answer) {
        const sql::Statement finish = answered(advance.order, *advance.answer);
        FLT_CHECK(tx.run(finish));
    }
    return true;
}

Result<std::vector<bool>> OrderRepository::advance_all(
    sql::Statements& tx, std::span<const Advance* const> all
) {
    std::vector<sql::Statement> orders;
    std::vector<sql::Statement> keys;
    for (const Advance* advance : all) {
        orders.push_back(over_former_version(advance->order));
        if (advance->answer) keys.push_back(answered(advance->order, *advance->answer));
    }
    FLT_TRY(const sql::Changes advanced, tx.execute_all(orders));
    if (std::cmp_not_equal(advanced.rows, all.size())) return extraordinary();
    FLT_CHECK(tx.execute_all(keys));
    return std::vector<bool>(all.size(), true);
}

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
    Placing placing{.order = std::move(order), .key = std::move(key), .replace_key = replace_key};
    co_return co_await company_->at_once(*source_, placing_, std::move(placing));
}

Task<Result<bool>> OrderRepository::advance(Order order, std::optional<StoredAnswer> answer) const {
    Advance advance{.order = std::move(order), .answer = std::move(answer)};
    co_return co_await company_->at_once(*source_, advancing_, std::move(advance));
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
