#include "flotilla/shop/order/remote_catalog.hpp"

namespace flotilla::shop::order {

Task<std::expected<ProductFacts, NoFacts>> RemoteCatalog::look_up(const std::string& product_id) {
    // The truth of this moment, from no cache on the way.
    const std::string fresh = "no-cache";
    const auto product = co_await client_.get_product(product_id, fresh);
    if (product) co_return ProductFacts{.unit_price = product->unit_price, .stock = product->stock};
    const int status = product.error().status();
    if (status == 404 || status == 400) co_return std::unexpected(NoFacts::unknown_product);
    log_.warn("the catalog does not answer: {}", product.error().message());
    co_return std::unexpected(NoFacts::unavailable);
}

Task<StockAnswer> RemoteCatalog::reserve(const Order& order) {
    const auto authorization = tokens_.service_authorization("order-service");
    if (!authorization) co_return StockAnswer{.reason = authorization.error().message()};
    const StockWanted wanted{.product_id = order.product_id, .qty = order.qty};
    const auto taken = co_await client_.reserve(order.order_id, wanted, *authorization, order.order_id);
    if (taken) co_return StockAnswer{.kind = StockAnswer::Kind::reserved, .unit_price = taken->unit_price};
    co_return stock_answer_of(taken.error());
}

Task<bool> RemoteCatalog::release(const std::string& order_id) {
    const auto authorization = tokens_.service_authorization("order-service");
    if (!authorization) co_return false;
    const auto released = co_await client_.release(order_id, *authorization, order_id);
    if (!released)
        log_.warn("stock of order {} is not given back yet: {}", order_id, released.error().message());
    co_return released.has_value();
}

StockAnswer stock_answer_of(const remote::CallError& error) {
    const auto body = reflect::parse_json(error.body()).value_or(reflect::Json());
    const std::string code(body["code"].string_or(""));
    const bool refused =
        error.kind() == remote::ErrorKind::status && !code.empty() &&
        (error.status() == 400 || error.status() == 404 || error.status() == 409 || error.status() == 422);
    if (!refused) return {.reason = error.message()};
    if (code == "RESERVATION_RELEASED") return {.kind = StockAnswer::Kind::released, .reason = code};
    return {
        .kind = StockAnswer::Kind::refused,
        .reason = code,
        .available = body["available"].as_int64().value_or(0),
    };
}

}  // namespace flotilla::shop::order
