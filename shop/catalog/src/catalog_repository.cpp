#include "flotilla/shop/catalog/catalog_repository.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <string>

namespace flotilla::shop::catalog {

namespace {

/// A product with the state of its table, in one statement: the two belong to one moment.
struct ProductRow {
    std::string product_id;
    std::string product_name;
    std::int64_t stock = 0;
    std::int64_t unit_price = 0;
    std::int64_t version = 0;
    WallTime created_at{};
    WallTime updated_at{};
    std::int64_t products = 0;
    std::int64_t versions = 0;
    WallTime changed{};
};

FLT_DESCRIBE(
    ProductRow,
    product_id,
    product_name,
    stock,
    unit_price,
    version,
    created_at,
    updated_at,
    products,
    versions,
    changed
)

/// What is left of a product, and its price.
struct StockRow {
    std::int64_t stock = 0;
    std::int64_t unit_price = 0;
};

FLT_DESCRIBE(StockRow, stock, unit_price)

std::string page_query(bool from_the_beginning) {
    return std::string(
               "select product_id, product_name, stock, unit_price, version, created_at, updated_at, "
               "(select count(*) from catalog) as products, (select sum(version) from catalog) as versions, "
               "(select max(updated_at) from catalog) as changed from catalog "
           ) +
           (from_the_beginning ? "" : "where id > (select c.id from catalog c where c.product_id = ?) ") +
           "order by id limit ?";
}

constexpr std::string_view product_query =
    "select product_id, product_name, stock, unit_price, version, created_at, updated_at "
    "from catalog where product_id = ?";

constexpr sql::CompanyConfig looking{.access = sql::Access::read_only};

constexpr std::string_view reservation_query =
    "select order_id, product_id, qty, status, updated_at from stock_reservation where order_id = ?";

Result<std::optional<StockRow>> stock_of(sql::Statements& tx, std::string_view product_id) {
    return tx.query_one<StockRow>("select stock, unit_price from catalog where product_id = ?", product_id);
}

ReserveOutcome with_stock(ReserveResult result, bool repeated, const std::optional<StockRow>& left) {
    if (!left) return {.result = ReserveResult::unknown_product, .repeated = repeated};
    return {.result = result, .repeated = repeated, .stock = left->stock, .unit_price = left->unit_price};
}

Result<bool> seed_in(sql::Statements& tx, std::span<const Product> products, WallTime now) {
    FLT_TRY(const auto there, tx.query_one<std::int64_t>("select count(*) from catalog"));
    if (there.value_or(0) > 0) return false;
    for (Product product : products) {
        product.created_at = now;
        product.updated_at = now;
        // Another instance may do the same at this moment.
        FLT_CHECK(tx.insert_if_absent("catalog", product));
    }
    return true;
}

Result<ReserveOutcome> repeat(sql::Statements& tx, const Reservation& wanted) {
    FLT_TRY(const auto known, tx.query_one<Reservation>(reservation_query, wanted.order_id));
    if (!known) return fail(Errc::internal, "a reservation is there and cannot be read");
    const ReserveResult result = repeated_result(*known, wanted);
    if (result == ReserveResult::released || result == ReserveResult::mismatch)
        return ReserveOutcome{.result = result, .repeated = true};
    FLT_TRY(const auto left, stock_of(tx, wanted.product_id));
    return with_stock(result, true, left);
}

// The row of the reservation comes first: of two requests for the same order one waits here for the other.
Result<ReserveOutcome> reserve_in(sql::Statements& tx, const Reservation& wanted) {
    FLT_TRY(const bool first, tx.insert_if_absent("stock_reservation", wanted));
    if (!first) return repeat(tx, wanted);
    FLT_TRY(
        const auto taken,
        tx.execute(
            "update catalog set stock = stock - ?, version = version + 1, updated_at = ? "
            "where product_id = ? and stock >= ?",
            wanted.qty,
            wanted.updated_at,
            wanted.product_id,
            wanted.qty
        )
    );
    FLT_TRY(const auto left, stock_of(tx, wanted.product_id));
    if (taken.rows == 1) return with_stock(ReserveResult::reserved, false, left);
    FLT_CHECK(tx.execute(
        "update stock_reservation set status = ? where order_id = ?",
        ReservationStatus::rejected,
        wanted.order_id
    ));
    return with_stock(ReserveResult::insufficient, false, left);
}

/// What is wanted of one product, and what is left of it.
struct Demand {
    std::int64_t qty = 0;
    std::int64_t orders = 0;
    WallTime latest{};
    StockRow left{};
};

using Demands = std::map<std::string_view, Demand>;  // in an order that all keep, as they wait for rows

Demands demands_of(std::span<const Reservation* const> all) {
    Demands demands;
    for (const Reservation* wanted : all) {
        Demand& demand = demands[wanted->product_id];
        demand.qty += wanted->qty;
        ++demand.orders;
        demand.latest = std::max(demand.latest, wanted->updated_at);
    }
    return demands;
}

Result<void> take_in(sql::Statements& tx, std::string_view product_id, Demand& demand) {
    FLT_TRY(
        const auto taken,
        tx.execute(
            "update catalog set stock = stock - ?, version = version + ?, updated_at = ? "
            "where product_id = ? and stock >= ?",
            demand.qty,
            demand.orders,
            demand.latest,
            product_id,
            demand.qty
        )
    );
    if (taken.rows != 1) return fail(Errc::conflict, "not enough for all");
    FLT_TRY(const auto left, stock_of(tx, product_id));
    if (!left) return fail(Errc::internal, "a product is there and cannot be read");
    demand.left = *left;
    return {};
}

// When an order is known already, or there is not enough for all, they are looked at one by one.
Result<std::vector<ReserveOutcome>> reserve_all_in(
    sql::Statements& tx, std::span<const Reservation* const> all
) {
    std::vector<sql::Statement> rows;
    rows.reserve(all.size());
    for (const Reservation* wanted : all) rows.push_back(sql::insert_statement("stock_reservation", *wanted));
    FLT_CHECK(tx.execute_all(rows));
    Demands demands = demands_of(all);
    for (auto& [product_id, demand] : demands) FLT_CHECK(take_in(tx, product_id, demand));
    std::vector<ReserveOutcome> outcomes;
    outcomes.reserve(all.size());
    for (const Reservation* wanted : all) {
        // As if they had come one after the other.
        Demand& demand = demands[wanted->product_id];
        demand.qty -= wanted->qty;
        StockRow left = demand.left;
        left.stock += demand.qty;
        outcomes.push_back(with_stock(ReserveResult::reserved, false, left));
    }
    return outcomes;
}

Result<std::optional<Product>> find_in(sql::Statements& tx, const std::string& product_id) {
    return tx.query_one<Product>(product_query, product_id);
}

/// Each product once, however many look at it.
Result<std::vector<std::optional<Product>>> find_all_in(
    sql::Statements& tx, std::span<const std::string* const> all
) {
    std::map<std::string_view, std::optional<Product>> seen;
    std::vector<std::optional<Product>> found;
    found.reserve(all.size());
    for (const std::string* product_id : all) {
        auto known = seen.find(*product_id);
        if (known == seen.end()) {
            FLT_TRY(auto product, find_in(tx, *product_id));
            known = seen.emplace(*product_id, std::move(product)).first;
        }
        found.push_back(known->second);
    }
    return found;
}

Result<ReleaseOutcome> release_in(sql::Statements& tx, const std::string& order_id, WallTime now) {
    const Reservation tombstone{
        .order_id = order_id, .product_id = {}, .status = ReservationStatus::released, .updated_at = now
    };
    FLT_TRY(const bool came_first, tx.insert_if_absent("stock_reservation", tombstone));
    if (came_first) return ReleaseOutcome{};
    FLT_TRY(
        const auto released,
        tx.execute(
            "update stock_reservation set status = ?, updated_at = ? where order_id = ? and status = ?",
            ReservationStatus::released,
            now,
            order_id,
            ReservationStatus::reserved
        )
    );
    if (released.rows == 0) return ReleaseOutcome{.repeated = true};
    FLT_CHECK(tx.execute(
        "update catalog set stock = stock + (select r.qty from stock_reservation r where r.order_id = ?), "
        "version = version + 1, updated_at = ? "
        "where product_id = (select r.product_id from stock_reservation r where r.order_id = ?)",
        order_id,
        now,
        order_id
    ));
    return ReleaseOutcome{.released = true};
}

}  // namespace

/// Counted at its end, however it ends: only the database knows whether it took place.
class CatalogRepository::Change {
public:
    explicit Change(const CatalogRepository& repository) noexcept : repository_(repository) {}

    ~Change() { repository_.changes_.fetch_add(1); }

    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

private:
    const CatalogRepository& repository_;
};

CatalogRepository::CatalogRepository(const DataSource& source, const Clock& clock)
    : source_(source),
      clock_(clock),
      company_(std::make_shared<sql::Company>()),
      reserving_(
          std::make_shared<const sql::Together<Reservation, ReserveOutcome>>(reserve_in, reserve_all_in)
      ),
      lookers_(std::make_shared<sql::Company>(looking)),
      looking_(
          std::make_shared<const sql::Together<std::string, std::optional<Product>>>(find_in, find_all_in)
      ) {}

Task<Result<ProductPage>> CatalogRepository::page(std::optional<std::int64_t> limit, std::string after)
    const {
    const std::int64_t at_most = limit.value_or(std::numeric_limits<std::int32_t>::max());
    const std::string query = page_query(after.empty());
    Task<Result<std::vector<ProductRow>>> asked = after.empty()
                                                      ? source_->query<ProductRow>(query, at_most)
                                                      : source_->query<ProductRow>(query, after, at_most);
    FLT_CO_TRY(auto rows, co_await std::move(asked));
    ProductPage page;
    page.products.reserve(rows.size());
    if (!rows.empty())
        page.state = {.products = rows[0].products, .versions = rows[0].versions, .changed = rows[0].changed};
    for (ProductRow& row : rows) {
        page.products.push_back({
            .product_id = std::move(row.product_id),
            .product_name = std::move(row.product_name),
            .stock = row.stock,
            .unit_price = row.unit_price,
            .version = row.version,
            .created_at = row.created_at,
            .updated_at = row.updated_at,
        });
    }
    co_return page;
}

Task<Result<std::optional<Product>>> CatalogRepository::find(std::string product_id) const {
    co_return co_await lookers_->at_once(*source_, looking_, std::move(product_id));
}

Task<Result<bool>> CatalogRepository::add(Product product) const {
    const Change change(*this);
    product.created_at = clock_.wall_now();
    product.updated_at = product.created_at;
    co_return co_await source_->insert_if_absent("catalog", product);
}

Task<Result<bool>> CatalogRepository::update(Product product) const {
    const Change change(*this);
    FLT_CO_TRY(
        const auto changes,
        co_await source_->execute(
            "update catalog set product_name = ?, stock = ?, unit_price = ?, version = ?, updated_at = ? "
            "where product_id = ? and version = ?",
            product.product_name,
            product.stock,
            product.unit_price,
            product.version,
            clock_.wall_now(),
            product.product_id,
            product.version - 1
        )
    );
    co_return changes.rows == 1;
}

Task<Result<void>> CatalogRepository::seed(std::span<const Product> products) const {
    const Change change(*this);
    std::function<Result<bool>(sql::Statements&)> body =
        [products, now = clock_.wall_now()](sql::Statements& tx) { return seed_in(tx, products, now); };
    const auto seeded = co_await source_->at_once<bool>(std::move(body));
    if (!seeded) co_return fail(seeded.error());
    co_return Result<void>();
}

Task<Result<ReserveOutcome>> CatalogRepository::reserve(Reservation wanted) const {
    const Change change(*this);
    co_return co_await company_->at_once(*source_, reserving_, std::move(wanted));
}

Task<Result<std::optional<std::int64_t>>> CatalogRepository::lower(Reservation wanted) const {
    const Change change(*this);
    FLT_CO_TRY(auto product, co_await find(wanted.product_id));
    if (!product) co_return std::optional<std::int64_t>();
    const std::int64_t left = product->stock - wanted.qty;
    FLT_CO_CHECK(co_await source_->execute(
        "update catalog set stock = ?, version = version + 1, updated_at = ? where product_id = ?",
        left,
        wanted.updated_at,
        wanted.product_id
    ));
    co_return std::optional(left);
}

Task<Result<ReleaseOutcome>> CatalogRepository::release(std::string order_id) const {
    const Change change(*this);
    std::function<Result<ReleaseOutcome>(sql::Statements&)> body =
        [order_id = std::move(order_id), now = clock_.wall_now()](sql::Statements& tx) {
            return release_in(tx, order_id, now);
        };
    co_return co_await source_->at_once<ReleaseOutcome>(std::move(body));
}

}  // namespace flotilla::shop::catalog
