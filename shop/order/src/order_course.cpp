// Orders as naive as the course has them, to see what comes of it: the numbers are those of its lessons.

#include <utility>

#include "flotilla/shop/order/order_desk.hpp"

namespace flotilla::shop::order {

// N7: a key is not looked at.
Task<Outcome<Answered>> OrderDesk::place_in_course(PlaceRequest request) {
    const auto good = check_storable(request.in);
    if (!good) co_return refuse(good.error());
    if (means_.config.course_precheck) {
        // N2: what is seen here may be gone in a moment. N3: a refusal looks like a failure.
        const std::string product_id = request.in.product_id.value_or("");
        const auto facts = co_await means_.products.look_up(product_id);
        if (!facts || facts->stock < request.in.qty.value_or(0))
            co_return Answered{.answer = {http::code_of(http::Status::internal_server_error), ""}};
    }
    // N8: the client names the price.
    const auto price = price_of(means_.config.price_policy, request.in.unit_price.value_or(0), std::nullopt);
    if (!price) co_return refuse(price.error());
    Order order = blank(request);
    order.status = OrderStatus::confirmed;
    order = repriced(std::move(order), *price).value();

    means_.log.info("Before add orders data");
    std::optional<KeyRow> no_key;
    const auto inserted = co_await means_.orders.insert(order, std::move(no_key), false);
    if (!inserted) co_return refuse(failed(inserted.error()));
    means_.log.info("After added orders data");
    means_.meters.placed.increment();
    co_await tell_catalog(order);
    StoredAnswer answer = answer_to(order);
    co_return Answered{.answer = std::move(answer), .order_id = std::move(order.order_id)};
}

// N4: under another id than the order's. N5: once, after the order is written, whatever becomes of it.
Task<> OrderDesk::tell_catalog(Order order) {
    const std::string order_id = std::exchange(order.order_id, new_uuid());
    const StockAnswer answer = co_await means_.stock.reserve(order);
    if (answer.kind != StockAnswer::Kind::reserved)
        means_.log.warn("the catalog has not heard of order {}: {}", order_id, answer.reason);
}

}  // namespace flotilla::shop::order
