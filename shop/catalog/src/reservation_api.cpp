// The part of the API that other services use: stock for orders.

#include "flotilla/shop/catalog/catalog_api.hpp"

namespace flotilla::shop::catalog {

Task<http::Reply<ReservationOut>> CatalogApi::reserve(
    Request& request, std::string order_id, ReservationIn in
) {
    const auto caller = means_.tokens.caller_with(request, service_role);
    if (!caller) co_return refused(request, caller.error());
    const auto wanted = reservation_of(std::move(order_id), in, means_.clock.wall_now());
    if (!wanted) co_return refused(request, wanted.error());
    if (const auto fault = co_await struck("reserve", wanted->product_id); fault)
        co_return refused(request, *fault);
    if (means_.profile == Profile::course) co_return co_await lower(request, *wanted);
    const auto outcome = co_await means_.repository.reserve(*wanted);
    if (!outcome) co_return failed(request, outcome.error());
    if (outcome->repeated) means_.meters.duplicates.increment();
    if (outcome->result != ReserveResult::reserved) co_return refused(request, problem_of(*outcome, *wanted));
    if (!outcome->repeated)
        means_.log.info(
            "{} of {} reserved for order {}, {} left",
            wanted->qty,
            wanted->product_id,
            wanted->order_id,
            outcome->stock
        );
    const ReservationOut out{
        .order_id = wanted->order_id,
        .product_id = wanted->product_id,
        .qty = wanted->qty,
        .unit_price = outcome->unit_price,
        .stock = outcome->stock,
    };
    co_return Reply<ReservationOut>(http::Status::ok, out);
}

Task<http::Reply<ReservationOut>> CatalogApi::lower(Request& request, Reservation wanted) {
    const auto left = co_await means_.repository.lower(wanted);
    if (!left) co_return failed(request, left.error());
    if (!*left) co_return refused(request, unknown_product(wanted.product_id));
    means_.log.info(
        "{} of {} taken for order {}, {} left", wanted.qty, wanted.product_id, wanted.order_id, **left
    );
    const ReservationOut out{
        .order_id = wanted.order_id, .product_id = wanted.product_id, .qty = wanted.qty, .stock = **left
    };
    co_return Reply<ReservationOut>(http::Status::ok, out);
}

Task<http::Reply<ReleaseOut>> CatalogApi::release(Request& request, std::string order_id) {
    const auto caller = means_.tokens.caller_with(request, service_role);
    if (!caller) co_return refused(request, caller.error());
    if (order_id.size() > longest_order_id)
        co_return refused(request, Problem::invalid({{"orderId", "orderId is too long"}}));
    if (const auto fault = co_await struck("release"); fault) co_return refused(request, *fault);
    const auto outcome = co_await means_.repository.release(order_id);
    if (!outcome) co_return failed(request, outcome.error());
    if (outcome->repeated) means_.meters.duplicates.increment();
    if (outcome->released) means_.log.info("the stock of order {} is given back", order_id);
    const ReleaseOut out{.order_id = std::move(order_id), .released = outcome->released};
    co_return Reply<ReleaseOut>(http::Status::ok, out);
}

}  // namespace flotilla::shop::catalog
