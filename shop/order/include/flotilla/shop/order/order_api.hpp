#pragma once
/// The HTTP face of orders.

#include <functional>
#include <optional>
#include <string>

#include "flotilla/http/router.hpp"
#include "flotilla/runtime/endpoint.hpp"
#include "flotilla/shop/faults.hpp"
#include "flotilla/shop/order/order_desk.hpp"
#include "flotilla/shop/page.hpp"
#include "flotilla/shop/tokens.hpp"

namespace flotilla::shop::order {

/// `Prefer: wait=3` (RFC 7240): nothing when the client does not say, zero for what is no number.
std::optional<std::chrono::seconds> preferred_wait(std::string_view prefer);

/// What the API stands on; all of it outlives the API.
struct OrderApiMeans {
    OrderDesk& desk;
    OrderRepository& orders;
    const Tokens& tokens;
    const Faults& faults;
    const Clock& clock;
    log::Logger log;
    Profile profile = Profile::flotilla;
    Duration longest_wait = std::chrono::seconds(10);
    /// Where the service listens, for its health text.
    std::function<runtime::Endpoint()> endpoint;
};

class OrderApi {
public:
    explicit OrderApi(OrderApiMeans means) : means_(std::move(means)) {}

    /// Before the server starts. The API outlives the router's use.
    void mount(http::Router& router);

private:
    using Response = http::Response;
    using Request = http::Request;
    template <class T>
    using Reply = http::Reply<T>;

    /// What a list is asked for.
    struct ListQuery {
        std::optional<std::string> limit;
        std::optional<std::string> cursor;
        std::optional<std::string> sort;
    };

    Task<Reply<PlacedOrder>> place(Request& request, std::string user_id, NewOrder in);
    Task<Reply<std::vector<ListedOrder>>> list(Request& request, std::string user_id, ListQuery query);
    Task<Reply<ListedOrder>> one(Request& request, std::string user_id, std::string order_id);
    Task<Reply<ListedOrder>> cancel(Request& request, std::string user_id, std::string order_id);

    /// 401 or 403 for who may not, 400 for an id that is none; a fault on demand.
    Task<std::optional<Problem>> objection(
        const Request& request,
        std::string user_id,
        std::string operation,
        std::string product_id = std::string()
    ) const;
    [[nodiscard]] Outcome<PlaceRequest> place_request(
        const Request& request, std::string user_id, NewOrder in
    ) const;
    [[nodiscard]] Response refused(const Request& request, const Problem& problem) const;
    [[nodiscard]] Response failed(const Request& request, const Error& error) const;
    [[nodiscard]] std::string health_text() const;

    [[nodiscard]] Detail detail() const noexcept {
        return means_.profile == Profile::course ? Detail::course : Detail::full;
    }

    OrderApiMeans means_;
};

}  // namespace flotilla::shop::order
