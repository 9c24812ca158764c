// What becomes of an order that is written down: stock for it, or its end.

#include "flotilla/shop/order/order_desk.hpp"

namespace flotilla::shop::order {

namespace {

constexpr int attempts_to_cancel = 3;

}  // namespace

Task<Result<OrderDesk::Step>> OrderDesk::settle(Order order) {
    if (order.status == OrderStatus::cancelling) co_return co_await give_back(std::move(order));
    const StockAnswer answer = co_await means_.stock.reserve(order);
    co_return co_await settled_by(std::move(order), answer);
}

Task<Result<OrderDesk::Step>> OrderDesk::settled_by(Order order, const StockAnswer& stock) {
    switch (stock.kind) {
        case StockAnswer::Kind::unknown:
            means_.log.warn("order {} is pending: {}", order.order_id, stock.reason);
            break;
        case StockAnswer::Kind::released:
            co_return co_await cancelled(std::move(order), reason::pending_timeout);
        case StockAnswer::Kind::refused:
            order.reason = stock.reason;
            co_return co_await advanced(std::move(order), OrderStatus::rejected, stock.available);
        case StockAnswer::Kind::reserved: {
            if (order.reason == reason::unpriced) {
                auto priced = repriced(order, stock.unit_price);
                if (!priced) co_return co_await cancelled(std::move(order), reason::total_too_large);
                order = *std::move(priced);
            }
            order.reason.reset();
            co_return co_await advanced(std::move(order), OrderStatus::confirmed);
        }
    }
    co_return Step{std::move(order)};
}

// The next state; or, when somebody else has moved the order meanwhile, the state that it has.
//
// A confirmed order says by itself what its request was answered, so the answer is written only when it
// ceases to: most orders never do.
Task<Result<OrderDesk::Step>> OrderDesk::advanced(
    Order order, OrderStatus to, std::optional<std::int64_t> available
) {
    const bool was_confirmed = order.status == OrderStatus::confirmed;
    std::optional<StoredAnswer> answer;
    if (was_confirmed) answer = answer_to(order);
    order.status = to;
    ++order.version;
    if (!was_confirmed) answer = answer_to(order, available);
    std::optional<StoredAnswer> written;
    if (to != OrderStatus::confirmed) written = answer;
    FLT_CO_TRY(const bool ours, co_await means_.orders.advance(order, std::move(written)));
    if (ours) {
        count(to);
        co_return Step{std::move(order), std::move(answer)};
    }
    FLT_CO_TRY(auto moved, co_await means_.orders.find(order.order_id));
    if (!moved) co_return fail(Errc::internal, "an order has vanished");
    co_return Step{*std::move(moved)};
}

Task<Result<OrderDesk::Step>> OrderDesk::cancelled(Order order, const char* why) {
    order.reason = why;
    FLT_CO_TRY(Step step, co_await advanced(std::move(order), OrderStatus::cancelling));
    if (step.order.status != OrderStatus::cancelling) co_return step;
    auto given_back = co_await give_back(step.order);
    // The sweeper gives back what could not be given back now.
    if (!given_back) co_return step;
    co_return Step{std::move(given_back->order), std::move(step.answer)};
}

Task<Result<OrderDesk::Step>> OrderDesk::give_back(Order order) {
    const bool given_back = co_await means_.stock.release(order.order_id);
    if (!given_back) co_return Step{std::move(order)};
    co_return co_await advanced(std::move(order), OrderStatus::cancelled);
}

Task<Outcome<Order>> OrderDesk::cancel(std::string user_id, std::string order_id) {
    for (int attempt = 0; attempt < attempts_to_cancel; ++attempt) {
        auto found = co_await means_.orders.find(order_id);
        if (!found) co_return refuse(failed(found.error()));
        if (!*found || (*found)->user_id != user_id)
            co_return refuse(http::Status::not_found, "ORDER_NOT_FOUND", "No such order");
        Order order = **std::move(found);
        if (!may_become(order.status, OrderStatus::cancelling)) {
            co_return refuse(
                Problem(http::Status::conflict, "NOT_CANCELLABLE", "The order cannot be cancelled")
                    .member("status", reflect::enum_text(order.status))
            );
        }
        auto after = co_await cancelled(std::move(order), reason::cancelled_by_user);
        if (!after) co_return refuse(failed(after.error()));
        // Otherwise it was settled between the look and the change.
        if (!may_become(after->order.status, OrderStatus::cancelling)) co_return std::move(after->order);
    }
    co_return refuse(still_running());
}

Task<Result<void>> OrderDesk::sweep() {
    const WallTime now = means_.clock.wall_now();
    FLT_CO_TRY(
        auto orders,
        co_await means_.orders.unsettled(now - means_.config.resolve_after, means_.config.sweep_batch)
    );
    for (Order& order : orders) {
        const std::string id = order.order_id;
        const auto taken_up = co_await take_up(std::move(order), now);
        if (!taken_up) means_.log.warn("order {} is left for later: {}", id, taken_up.error().message());
    }
    co_return Result<void>();
}

Task<Result<void>> OrderDesk::take_up(Order order, WallTime now) {
    tracing::Span span = means_.tracer.start_root(tracing::SpanKind::none, {.name = "settle-order"});
    span.tag("order.id", order.order_id);
    const tracing::Scope current(span);
    FLT_CO_TRY(Step step, co_await settle(std::move(order)));
    const bool too_old = now - step.order.created_at >= means_.config.pending_timeout;
    if (step.order.status == OrderStatus::pending && too_old) {
        FLT_CO_TRY(step, co_await cancelled(std::move(step.order), reason::pending_timeout));
    }
    if (is_settled(step.order.status))
        means_.log.info("order {} is {} now", step.order.order_id, reflect::enum_text(step.order.status));
    co_return Result<void>();
}

Task<Result<void>> OrderDesk::forget_keys() {
    FLT_CO_TRY(const auto gone, co_await means_.orders.forget_keys(means_.clock.wall_now()));
    if (gone > 0) means_.log.debug("{} idempotency keys have expired", gone);
    co_return Result<void>();
}

void OrderDesk::count(OrderStatus status) const {
    if (status == OrderStatus::confirmed) means_.meters.confirmed.increment();
    if (status == OrderStatus::rejected) means_.meters.rejected.increment();
    if (status == OrderStatus::cancelled) means_.meters.cancelled.increment();
}

}  // namespace flotilla::shop::order
