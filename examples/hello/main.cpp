#include <atomic>

#include "flotilla/service/service.hpp"
#include "orders.hpp"

using namespace flotilla;

struct Greeting {
    std::string message;
};
FLT_DESCRIBE(Greeting, message)

int main(int argc, char** argv) {
    Service service("hello", argc, argv);
    std::atomic<std::uint64_t> orders = 0;

    service.get("/hello", [] { return Greeting{"Hello"}; });
    service.get(
        "/hello/{name}",
        [](Path<"name"> name) { return Greeting{"Hello, " + *name}; },
        {.doc = {.summary = "Greets somebody by name"}}
    );
    service.post(
        "/orders",
        [&](Body<OrderIn> order) {
            Created<OrderOut> created{accepted(std::move(order.value), ++orders), {}};
            created.location = "/orders/" + std::to_string(created.value.id);
            return created;
        },
        {.doc = {.summary = "Places an order"}}
    );
    return service.run();
}
