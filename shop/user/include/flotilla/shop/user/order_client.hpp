#pragma once
/// The part of order-service's API that users need, as a declared client.

#include <optional>
#include <string>
#include <vector>

#include "flotilla/remote/remote.hpp"
#include "flotilla/shop/user/order_line.hpp"

namespace flotilla::shop::user {

/// Its name stands in the log lines: `[OrderServiceClient#getOrders] ---> GET …`.
struct OrderServiceClient {
    static constexpr remote::Target target{.service = "order-service"};

    using Lines = std::vector<OrderLine>;
    using Sort = http::Query<"sort", std::optional<std::string>>;
    using Limit = http::Query<"limit", std::optional<int>>;

    remote::Get<"/order-service/{userId}/orders", Lines(http::Path<"userId">, Sort, Limit)> get_orders;
    /// The same method at a path that configuration names.
    remote::Get<"/{path}", Lines(http::Path<"path">, Sort, Limit)> get_orders_at;
};

FLT_DESCRIBE(OrderServiceClient, get_orders, (get_orders_at, as("getOrders")))

}  // namespace flotilla::shop::user
