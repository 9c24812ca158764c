#pragma once
// A service of orders as tests call it, and the declaration of its API.

#include <atomic>
#include <string>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/remote/deadline.hpp"
#include "flotilla/remote/remote.hpp"
#include "harness.hpp"

namespace flotilla::remote::testing {

struct Order {
    std::string order_id;
    int qty = 0;
};

FLT_DESCRIBE(Order, order_id, qty)

struct OrderClient {
    static constexpr Target target{.service = "order-service"};

    Get<"/order-service/{userId}/orders", std::vector<Order>(Path<"userId">)> get_orders;
    Post<"/order-service/{userId}/orders", Order(Path<"userId">, Body<Order>)> create_order;
    Get<"/echo", std::string()> echo;
    Get<"/status/{code}", std::string(Path<"code", int>)> status;
    Get<"/slow/{ms}", std::string(Path<"ms", int>)> slow;
    Delete<"/orders/{id}", void(Path<"id">)> remove;
};

FLT_DESCRIBE(OrderClient, get_orders, create_order, echo, status, slow, remove)

/// What the services of these tests answer. Counts and names itself.
struct Service {
    explicit Service(std::string its_name) : name(std::move(its_name)) {
        honour_deadlines(router);
        router.get("/order-service/{userId}/orders", [this](http::Path<"userId"> user) {
            ++calls;
            return std::vector<Order>{{name + "-" + *user, 2}};
        });
        router.post("/order-service/{userId}/orders", [this](http::Path<"userId">, http::Body<Order> order) {
            ++calls;
            return Order{order->order_id + "!", order->qty};
        });
        router.get("/echo", [this](http::Request& request) {
            ++calls;
            std::string text = name + "\n";
            for (const auto& field : request.fields()) {
                text += to_lower(field.name) + ": " + std::string(field.value) + "\n";
            }
            return text;
        });
        router.get("/status/{code}", [this](http::Path<"code", int> code) {
            ++calls;
            http::Response response(static_cast<http::Status>(*code), "text/plain", "said " + name);
            if (*code == 429) response.set("Retry-After", "7");
            return response;
        });
        router.get("/slow/{ms}", [this](http::Path<"ms", int> ms) { return slow(*ms); });
        router.del("/orders/{id}", [this](http::Path<"id">) {
            ++calls;
            return http::Response(http::Status::no_content);
        });
        router.get("/raw/{*rest}", [this](http::Request& request) {
            ++calls;
            return std::string(request.raw_path()) + "?" + std::string(request.query());
        });
    }

    Task<std::string> slow(int ms) {
        ++calls;
        co_await runtime::sleep_for(std::chrono::milliseconds(ms));
        co_return name;
    }

    std::string name;
    http::Router router;
    std::atomic<int> calls = 0;
};

}  // namespace flotilla::remote::testing
