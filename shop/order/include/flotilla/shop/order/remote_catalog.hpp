#pragma once
/// The catalog as orders see it: called by its name, balanced, guarded, and asked again where that is safe.

#include <optional>
#include <string>

#include "flotilla/log/logger.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/shop/order/stock_reservation.hpp"
#include "flotilla/shop/tokens.hpp"

namespace flotilla::shop::order {

/// What the catalog says of a product, as far as an order needs it.
struct CatalogProduct {
    std::int64_t unit_price = 0;
    std::int64_t stock = 0;
};

FLT_DESCRIBE(CatalogProduct, unit_price, stock)

struct StockWanted {
    std::string product_id;
    std::int64_t qty = 0;
};

FLT_DESCRIBE(StockWanted, product_id, qty)

struct StockTaken {
    std::int64_t unit_price = 0;
};

FLT_DESCRIBE(StockTaken, unit_price)

/// The API of the catalog. The key lets the client ask a second instance when the first one fails.
struct CatalogClient {
    static constexpr remote::Target target{.service = "catalog-service"};

    remote::Get<
        "/catalog-service/catalogs/{productId}",
        CatalogProduct(remote::Path<"productId">, remote::Header<"Cache-Control">)>
        get_product;
    remote::Put<
        "/catalog-service/reservations/{orderId}",
        StockTaken(remote::Path<"orderId">, remote::Body<StockWanted>, remote::Header<"Authorization">, remote::Header<"Idempotency-Key">)>
        reserve;
    remote::Delete<
        "/catalog-service/reservations/{orderId}",
        void(remote::Path<"orderId">, remote::Header<"Authorization">, remote::Header<"Idempotency-Key">)>
        release;
};

FLT_DESCRIBE(CatalogClient, get_product, reserve, release)

class RemoteCatalog final : public StockReservation, public ProductLookup {
public:
    /// `tokens` outlives it.
    RemoteCatalog(CatalogClient client, const Tokens& tokens, log::Logger log)
        : client_(std::move(client)), tokens_(tokens), log_(log) {}

    Task<std::expected<ProductFacts, NoFacts>> look_up(const std::string& product_id) override;
    Task<StockAnswer> reserve(const Order& order) override;
    Task<bool> release(const std::string& order_id) override;

private:
    CatalogClient client_;
    const Tokens& tokens_;
    log::Logger log_;
};

/// What a refusal of the catalog means for an order.
StockAnswer stock_answer_of(const remote::CallError& error);

}  // namespace flotilla::shop::order
