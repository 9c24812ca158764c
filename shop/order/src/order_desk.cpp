// Taking an order: is it new, is it good, what does it cost; then written down.

#include "flotilla/shop/order/order_desk.hpp"

#include "flotilla/reflect/json.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::shop::order {

namespace {

using namespace std::chrono_literals;

constexpr Duration pause_between_looks = 100ms;

Answered replay_of(const KeyRow& row) {
    return {
        .answer = {row.status.value_or(http::code_of(http::Status::created)), row.response.value_or("")},
        .order_id = row.order_id.value_or(""),
        .replayed = true,
    };
}

}  // namespace

Task<Outcome<Answered>> OrderDesk::place(PlaceRequest request) {
    if (is_course()) co_return co_await place_in_course(std::move(request));
    const auto good = check(request.in);
    if (!good) co_return refuse(good.error());
    auto order = co_await draft(request);
    if (!order) {
        // Whatever the catalog says now: a key that has been used is answered as it was.
        auto known = co_await earlier(request);
        if (!known) co_return refuse(std::move(known).error());
        if (*known) co_return **std::move(known);
        means_.meters.refused.increment();
        co_return refuse(std::move(order).error());
    }
    means_.log.info("Before add orders data");
    auto known = co_await write_down(request, *order);
    if (!known) co_return refuse(std::move(known).error());
    if (*known) co_return **std::move(known);
    means_.log.info("After added orders data");
    means_.meters.placed.increment();
    const bool has_key = request.key.has_value();
    co_return co_await bring_to_an_end(*std::move(order), request.wait, has_key);
}

// Most keys are new: they are looked at only when they cannot be written.
Task<Outcome<std::optional<Answered>>> OrderDesk::write_down(
    const PlaceRequest& request, const Order& order
) {
    for (const bool replace_expired : {false, true}) {
        std::optional<KeyRow> key = key_row(request, order);
        const auto inserted = co_await means_.orders.insert(order, std::move(key), replace_expired);
        if (!inserted) co_return refuse(failed(inserted.error()));
        if (*inserted) co_return std::optional<Answered>();
        auto known = co_await earlier(request);
        if (!known || *known) co_return known;
    }
    co_return refuse(still_running());
}

Task<Outcome<std::optional<Answered>>> OrderDesk::earlier(const PlaceRequest& request) {
    if (!request.key) co_return std::optional<Answered>();
    const auto row = co_await means_.orders.find_key(request.user_id, *request.key);
    if (!row) co_return refuse(failed(row.error()));
    switch (verdict_on(*row, request.body_sha256, means_.clock.wall_now())) {
        case KeyVerdict::fresh:
        case KeyVerdict::expired:
            break;
        case KeyVerdict::misuse:
            co_return refuse(key_misused());
        case KeyVerdict::running:
            co_return co_await still_going(**row);
        case KeyVerdict::replay:
            means_.meters.replayed.increment();
            co_return replay_of(**row);
    }
    co_return std::optional<Answered>();
}

// A confirmed order tells its answer. Otherwise the first request is at work; or its process has ended: then
// its order is old, and taken up here. An order in any other state has got an answer since the key was read.
Task<Outcome<std::optional<Answered>>> OrderDesk::still_going(const KeyRow& row) {
    auto found = co_await means_.orders.find(row.order_id.value_or(""));
    if (!found) co_return refuse(failed(found.error()));
    if (!*found) co_return refuse(still_running());
    Order order = **std::move(found);
    const WallTime old = means_.clock.wall_now() - means_.config.resolve_after;
    const bool forsaken = order.status == OrderStatus::pending && order.created_at <= old;
    if (!forsaken && order.status != OrderStatus::confirmed) co_return refuse(still_running());
    Answered answered;
    if (forsaken) {
        answered = co_await bring_to_an_end(std::move(order), Duration::zero(), true);
    } else {
        answered.answer = answer_to(order);
        answered.order_id = std::move(order.order_id);
    }
    answered.replayed = true;
    means_.meters.replayed.increment();
    co_return answered;
}

Task<Outcome<Order>> OrderDesk::draft(const PlaceRequest& request) {
    Order order = blank(request);
    const auto facts = co_await means_.products.look_up(order.product_id);
    if (!facts && facts.error() == NoFacts::unknown_product) {
        co_return refuse(Problem(http::Status::not_found, reason::unknown_product, "No such product")
                             .member("productId", order.product_id));
    }
    std::optional<std::int64_t> listed_price;
    if (facts) {
        if (facts->stock < order.qty) {
            co_return refuse(
                Problem(http::Status::conflict, reason::insufficient_stock, "Not enough in stock")
                    .member("available", facts->stock)
            );
        }
        listed_price = facts->unit_price;
    } else {
        const bool blind = means_.config.price_policy != PricePolicy::strict;
        if (means_.config.precheck_on_timeout == OnTimeout::reject || !blind)
            co_return refuse(Problem::unavailable("CATALOG_UNAVAILABLE", "The catalog does not answer", 1s));
        if (means_.config.price_policy == PricePolicy::catalog) order.reason = reason::unpriced;
    }
    const auto price = price_of(means_.config.price_policy, request.in.unit_price, listed_price);
    if (!price) co_return refuse(price.error());
    auto priced = repriced(std::move(order), *price);
    if (!priced) co_return refuse(total_too_large());
    co_return *std::move(priced);
}

Order OrderDesk::blank(const PlaceRequest& request) const {
    return {
        .order_id = new_uuid(),
        .user_id = request.user_id,
        .product_id = request.in.product_id.value_or(""),
        .qty = request.in.qty.value_or(0),
        .created_at = means_.clock.wall_now(),
        .instance_id = means_.instance_id.substr(0, 80),
    };
}

std::optional<KeyRow> OrderDesk::key_row(const PlaceRequest& request, const Order& order) const {
    if (!request.key) return std::nullopt;
    return KeyRow{
        .user_id = request.user_id,
        .idem_key = *request.key,
        .body_sha256 = request.body_sha256,
        .order_id = order.order_id,
        .expires_at = order.created_at + means_.config.key_retention,
    };
}

// It is written down: whatever fails from here on, the answer is that it was taken.
Task<Answered> OrderDesk::bring_to_an_end(Order order, Duration wait, bool has_key) {
    const Deadline patience = Deadline::after(means_.clock.now(), wait);
    std::optional<StoredAnswer> written;
    while (!is_settled(order.status)) {
        auto step = co_await settle(order);
        if (step) {
            order = std::move(step->order);
            written = std::move(step->answer);
        } else {
            means_.log.warn("order {} is pending: {}", order.order_id, step.error().message());
        }
        if (is_settled(order.status) || patience.passed(means_.clock.now())) break;
        co_await runtime::sleep_for(pause_between_looks);
    }
    const bool settled = is_settled(order.status);
    if (!written) {
        written = answer_to(order);
        if (has_key) {
            if (const auto kept = co_await means_.orders.answer(order.order_id, *written); !kept)
                means_.log.warn("order {}: {}", order.order_id, kept.error().message());
        }
    }
    co_return Answered{
        .answer = *std::move(written), .order_id = std::move(order.order_id), .settled = settled
    };
}

StoredAnswer OrderDesk::answer_to(const Order& order, std::optional<std::int64_t> available) const {
    const std::string path = "/order-service/" + order.user_id + "/orders";
    const std::string why = order.reason.value_or("");
    const auto refusal = [&](const Problem& problem) {
        return StoredAnswer{
            http::code_of(problem.status()), problem.body(path, means_.clock.wall_now()).text()
        };
    };
    switch (order.status) {
        case OrderStatus::rejected: {
            const bool unknown = why == reason::unknown_product;
            Problem problem(unknown ? http::Status::not_found : http::Status::conflict, why);
            if (available) problem.member("available", *available);
            return refusal(problem.member("orderId", order.order_id));
        }
        case OrderStatus::cancelling:
        case OrderStatus::cancelled:
            return refusal(Problem(http::Status::conflict, "ORDER_CANCELLED")
                               .member("orderId", order.order_id)
                               .member("reason", why));
        case OrderStatus::pending:
        case OrderStatus::confirmed:
            break;
    }
    const Detail detail = is_course() ? Detail::course : Detail::full;
    return {http::code_of(http::Status::created), reflect::to_json(placed(order, detail))};
}

}  // namespace flotilla::shop::order
