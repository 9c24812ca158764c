#pragma once
/// Takes orders and brings each to its end.
///
/// An order is written down, with the key of its request, before anybody is asked for stock; the stock is
/// asked for under the order's id, and counts once however often it is asked for. So a process may end at any
/// point: whoever comes by later (the sweeper of any instance, the client who asks again) goes on from what
/// is written, and comes to the same end.

#include <optional>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/order/order_config.hpp"
#include "flotilla/shop/order/order_meters.hpp"
#include "flotilla/shop/order/order_repository.hpp"
#include "flotilla/shop/order/stock_reservation.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::shop::order {

/// One POST.
struct PlaceRequest {
    std::string user_id;
    NewOrder in;
    std::optional<std::string> key{};
    std::string body_sha256{};
    Duration wait{};  ///< how long the client would wait for the end
};

/// What it is answered.
struct Answered {
    StoredAnswer answer;
    std::string order_id{};
    bool replayed = false;  ///< as the first time
    bool settled = true;    ///< the end has come
};

/// What the desk stands on; all of it outlives the desk.
struct DeskMeans {
    OrderRepository& orders;
    StockReservation& stock;
    ProductLookup& products;
    const OrderMeters& meters;
    const Clock& clock;
    tracing::Tracer& tracer;
    log::Logger log;
    OrderConfig config;
    Profile profile = Profile::flotilla;
    std::string instance_id;
};

/// Used from all loops at once; keeps nothing in memory.
class OrderDesk {
public:
    explicit OrderDesk(DeskMeans means) : means_(std::move(means)) {}

    Task<Outcome<Answered>> place(PlaceRequest request);

    /// The order, on its way to be cancelled; 404, or 409 when it is too late.
    Task<Outcome<Order>> cancel(std::string user_id, std::string order_id);

    /// Goes on with orders that nobody finishes.
    Task<Result<void>> sweep();

    /// Forgets idempotency keys that have expired.
    Task<Result<void>> forget_keys();

private:
    /// Written, unless there is an answer already.
    Task<Outcome<std::optional<Answered>>> write_down(const PlaceRequest& request, const Order& order);
    /// What a request with that key has been answered, if there was one.
    Task<Outcome<std::optional<Answered>>> earlier(const PlaceRequest& request);
    Task<Outcome<std::optional<Answered>>> still_going(const KeyRow& row);
    Task<Outcome<Order>> draft(const PlaceRequest& request);
    Task<Outcome<Answered>> place_in_course(PlaceRequest request);
    Task<> tell_catalog(Order order);
    [[nodiscard]] Order blank(const PlaceRequest& request) const;
    [[nodiscard]] std::optional<KeyRow> key_row(const PlaceRequest& request, const Order& order) const;
    Task<Answered> bring_to_an_end(Order order, Duration wait, bool has_key);

    /// An order as it is now; and the answer to its request, when its end was written here.
    struct Step {
        Order order;
        std::optional<StoredAnswer> answer{};
    };

    Task<Result<Step>> settle(Order order);
    Task<Result<Step>> settled_by(Order order, const StockAnswer& stock);
    Task<Result<Step>> advanced(
        Order order, OrderStatus to, std::optional<std::int64_t> available = std::nullopt
    );
    Task<Result<Step>> cancelled(Order order, const char* why);
    Task<Result<Step>> give_back(Order order);
    Task<Result<void>> take_up(Order order, WallTime now);

    [[nodiscard]] StoredAnswer answer_to(
        const Order& order, std::optional<std::int64_t> available = std::nullopt
    ) const;
    void count(OrderStatus status) const;

    [[nodiscard]] Problem failed(const Error& error) const { return database_problem(error, means_.log); }

    [[nodiscard]] bool is_course() const noexcept { return means_.profile == Profile::course; }

    DeskMeans means_;
};

}  // namespace flotilla::shop::order
