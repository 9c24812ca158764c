#include "flotilla/shop/order/order_api.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/crypto/digest.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/shop/paths.hpp"

namespace flotilla::shop::order {

namespace {

http::RouteOptions described(const char* summary, std::vector<http::ResponseDoc> responses) {
    responses.push_back({403, "The token is somebody else's"});
    return {.doc = {.summary = summary, .tag = "Order", .responses = std::move(responses), .bearer = true}};
}

}  // namespace

std::optional<std::chrono::seconds> preferred_wait(std::string_view prefer) {
    for (const std::string_view preference : split_list(prefer)) {
        if (!istarts_with(preference, "wait=")) continue;
        const std::string_view value = trim(preference.substr(5, preference.find(';') - 5));
        return std::chrono::seconds(std::clamp(parse_integer<std::int32_t>(value).value_or(0), 0, 3600));
    }
    return std::nullopt;
}

void OrderApi::mount(http::Router& router) {
    using http::Body;
    using http::Path;
    using http::Query;
    using Text = std::optional<std::string>;

    BothPaths paths(router, "/order-service");
    paths.health_check([this] { return health_text(); });
    paths.post(
        "/{userId}/orders",
        [this](Request& request, Path<"userId"> user, Body<NewOrder> in) {
            return place(request, *user, *in);
        },
        described(
            "Places an order; Idempotency-Key makes it safe to ask again",
            {{201, "Taken"},
             {404, "No such product"},
             {409, "Not enough in stock, another price, or the first request is not answered yet"},
             {422, "The Idempotency-Key was used for another order"},
             {503, "Not now: after Retry-After"}}
        )
    );
    paths.get(
        "/{userId}/orders",
        [this](
            Request& request,
            Path<"userId"> user,
            Query<"limit", Text> limit,
            Query<"cursor", Text> cursor,
            Query<"sort", Text> sort
        ) { return list(request, *user, {*limit, *cursor, *sort}); },
        described("Lists the orders of a user", {{200, "A page of them"}, {400, "A parameter is wrong"}})
    );
    paths.get(
        "/{userId}/orders/{orderId}",
        [this](Request& request, Path<"userId"> user, Path<"orderId"> id) {
            return one(request, *user, *id);
        },
        described("An order", {{200, "The order"}, {404, "No such order"}})
    );
    paths.del(
        "/{userId}/orders/{orderId}",
        [this](Request& request, Path<"userId"> user, Path<"orderId"> id) {
            return cancel(request, *user, *id);
        },
        described(
            "Cancels an order, and gives its stock back",
            {{202, "On its way"}, {404, "No such order"}, {409, "Too late"}}
        )
    );
}

Task<http::Reply<PlacedOrder>> OrderApi::place(Request& request, std::string user_id, NewOrder in) {
    const std::string product = in.product_id.value_or("");
    if (const auto no = co_await objection(request, user_id, "post", product); no)
        co_return refused(request, *no);
    auto wanted = place_request(request, std::move(user_id), std::move(in));
    if (!wanted) co_return refused(request, wanted.error());
    const std::string list_path = "/order-service/" + http::percent_encode(wanted->user_id) + "/orders/";
    const auto wait = preferred_wait(request.header("Prefer"));
    if (wait) wanted->wait = std::min<Duration>(*wait, means_.longest_wait);
    const auto answered = co_await means_.desk.place(*std::move(wanted));
    if (!answered) co_return refused(request, answered.error());
    Response response(http::Status(answered->answer.status), "application/json", answered->answer.body);
    if (response.status() == http::Status::created) response.set("Location", list_path + answered->order_id);
    if (answered->replayed) response.set("Idempotent-Replayed", "true");
    if (wait && answered->settled) response.set("Preference-Applied", fmt::format("wait={}", wait->count()));
    co_return response;
}

Outcome<PlaceRequest> OrderApi::place_request(const Request& request, std::string user_id, NewOrder in)
    const {
    PlaceRequest wanted{.user_id = std::move(user_id), .in = std::move(in)};
    const auto* key = request.fields().find("Idempotency-Key");
    if (key == nullptr) return wanted;
    if (const auto good = check_key(key->value); !good) return refuse(good.error());
    wanted.key = std::string(key->value);
    wanted.body_sha256 = crypto::hex_digest(crypto::Hash::sha256, request.body());
    return wanted;
}

Task<http::Reply<std::vector<ListedOrder>>> OrderApi::list(
    Request& request, std::string user_id, ListQuery query
) {
    if (const auto no = co_await objection(request, user_id, "get"); no) co_return refused(request, *no);
    const bool newest = query.sort == "newest";
    if (query.sort && !newest && query.sort != "oldest")
        co_return refused(request, Problem::invalid({{"sort", "sort must be oldest or newest"}}));
    const auto page = PageRequest::of(query.limit, query.cursor, default_page_limit);
    if (!page) co_return refused(request, page.error());
    const bool all = means_.profile == Profile::course && !query.limit;
    OrderPage wanted{.limit = {}, .after = page->after, .newest_first = newest};
    // One more than asked for tells whether there is a next page.
    if (!all) wanted.limit = page->limit + 1;
    means_.log.info("Before retrieve orders data");
    auto orders = co_await means_.orders.list(std::move(user_id), std::move(wanted));
    if (!orders) co_return failed(request, orders.error());
    means_.log.info("After retrieved orders data");
    const bool more = !all && std::cmp_greater(orders->size(), page->limit);
    if (more) orders->pop_back();
    std::vector<ListedOrder> views;
    views.reserve(orders->size());
    for (const Order& order : *orders) views.push_back(listed(order, detail()));
    Reply<std::vector<ListedOrder>> reply(http::Status::ok, views);
    if (more) link_next(reply, *page, orders->back().order_id, newest ? "sort=newest" : "");
    co_return reply;
}

Task<http::Reply<ListedOrder>> OrderApi::one(Request& request, std::string user_id, std::string order_id) {
    if (const auto no = co_await objection(request, user_id, "get"); no) co_return refused(request, *no);
    const auto order = co_await means_.orders.find(std::move(order_id));
    if (!order) co_return failed(request, order.error());
    if (!*order || (*order)->user_id != user_id)
        co_return refused(request, Problem(http::Status::not_found, "ORDER_NOT_FOUND", "No such order"));
    co_return Reply<ListedOrder>(http::Status::ok, listed(**order, detail()));
}

Task<http::Reply<ListedOrder>> OrderApi::cancel(Request& request, std::string user_id, std::string order_id) {
    if (const auto no = co_await objection(request, user_id, "delete"); no) co_return refused(request, *no);
    const auto order = co_await means_.desk.cancel(std::move(user_id), std::move(order_id));
    if (!order) co_return refused(request, order.error());
    co_return Reply<ListedOrder>(http::Status::accepted, listed(*order, detail()));
}

Task<std::optional<Problem>> OrderApi::objection(
    const Request& request, std::string user_id, std::string operation, std::string product_id
) const {
    if (means_.profile == Profile::flotilla) {
        const auto caller = means_.tokens.caller_for(request, user_id);
        if (!caller) co_return caller.error();
    }
    if (user_id.size() > longest_user_id)
        co_return Problem::invalid({{"userId", fmt::format("userId is longer than {}", longest_user_id)}});
    if (!means_.faults.armed()) co_return std::nullopt;
    co_return co_await means_.faults.strike(std::move(operation), std::move(product_id));
}

http::Response OrderApi::refused(const Request& request, const Problem& problem) const {
    return problem.answer(request, means_.clock.wall_now());
}

http::Response OrderApi::failed(const Request& request, const Error& error) const {
    return refused(request, database_problem(error, means_.log));
}

std::string OrderApi::health_text() const {
    return fmt::format("It's Working in Order Service on PORT {}", means_.endpoint().port());
}

}  // namespace flotilla::shop::order
