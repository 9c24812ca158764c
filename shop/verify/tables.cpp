#include "tables.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace flotilla::shop {

namespace {

/// `url`, or the SQLite file in the data folder; empty when neither is known.
Result<std::string> database_url(const std::string& url, const std::string& data, std::string_view name) {
    if (!url.empty() || data.empty()) return url;
    const std::string file = fmt::format("{}/{}.sqlite", data, name);
    // SQLite would make a new one.
    if (!std::filesystem::exists(file)) return fail(Errc::not_found, fmt::format("there is no {}", file));
    return "sqlite:" + file;
}

Task<Result<std::unique_ptr<sql::Database>>> connect(
    runtime::Runtime& runtime, const VerifyOptions& options, std::string url
) {
    sql::DataSourceConfig config;
    config.url = std::move(url);
    config.username = options.db_user;
    config.password = options.db_password;
    config.max_result_size = Bytes::mega(1024);
    config.hikari.maximum_pool_size = 2;
    config.hikari.initialization_fail_timeout = options.timeout;
    co_return co_await sql::Database::open(runtime, std::move(config));
}

}  // namespace

Task<Result<std::unique_ptr<Tables>>> Tables::open(runtime::Runtime& runtime, const VerifyOptions& options) {
    FLT_CO_TRY(auto order_url, database_url(options.order_db, options.data, "orderdb"));
    FLT_CO_TRY(auto catalog_url, database_url(options.catalog_db, options.data, "catalogdb"));
    std::unique_ptr<Tables> tables;
    if (order_url.empty() && catalog_url.empty()) co_return tables;
    if (order_url.empty() || catalog_url.empty())
        co_return fail(Errc::invalid_argument, "--order-db and --catalog-db belong together");
    tables.reset(new Tables);
    FLT_CO_TRY(tables->orders_, co_await connect(runtime, options, std::move(order_url)));
    FLT_CO_TRY(tables->catalog_, co_await connect(runtime, options, std::move(catalog_url)));
    co_return tables;
}

Task<Result<std::vector<driver::OrderRow>>> Tables::orders() {
    co_return co_await orders_->query<driver::OrderRow>(
        "select order_id, user_id, product_id, qty, unit_price, total_price, status from orders order by id"
    );
}

Task<Result<std::vector<driver::KeyRow>>> Tables::keys() {
    co_return co_await orders_->query<driver::KeyRow>(
        "select user_id, idem_key, coalesce(order_id, '') as order_id from idempotency_key"
    );
}

Task<Result<std::vector<driver::Product>>> Tables::products() {
    co_return co_await catalog_->query<driver::Product>("select product_id, unit_price, stock from catalog");
}

Task<Result<std::vector<driver::ReservationRow>>> Tables::reservations() {
    co_return co_await catalog_->query<driver::ReservationRow>(
        "select order_id, product_id, qty, status from stock_reservation"
    );
}

}  // namespace flotilla::shop
