#pragma once
// A desk on a database of its own and a catalog that does as it is told, and requests without a network.

#include <gtest/gtest.h>

#include <map>

#include "flotilla/log/captured_log.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/shop/order/order_api.hpp"
#include "flotilla/shop/order/schema.hpp"
#include "request_builder.hpp"
#include "run_on_loop.hpp"
#include "temporary_database.hpp"

namespace flotilla::shop::order {

using namespace std::chrono_literals;
using reflect::Json;

/// Berlin at 1500, with the promises of the real catalog: one answer for each order.
class FakeCatalog final : public StockReservation, public ProductLookup {
public:
    Task<std::expected<ProductFacts, NoFacts>> look_up(const std::string& product_id) override {
        if (away) co_return std::unexpected(NoFacts::unavailable);
        if (product_id != "CATALOG-001") co_return std::unexpected(NoFacts::unknown_product);
        co_return ProductFacts{.unit_price = 1500, .stock = shown_stock.value_or(stock)};
    }

    Task<StockAnswer> reserve(const Order& order) override {
        ++asked;
        if (deaf) co_return StockAnswer{.reason = "no answer"};
        if (!orders.contains(order.order_id)) {
            const bool enough = stock >= order.qty;
            orders[order.order_id] = enough ? order.qty : refused;
            if (enough) stock -= order.qty;
        }
        const std::int64_t kept = orders[order.order_id];
        if (answers_get_lost) co_return StockAnswer{.reason = "connection reset"};
        if (kept == released) co_return StockAnswer{.kind = StockAnswer::Kind::released};
        if (kept == refused) {
            co_return StockAnswer{
                .kind = StockAnswer::Kind::refused, .reason = reason::insufficient_stock, .available = stock
            };
        }
        co_return StockAnswer{.kind = StockAnswer::Kind::reserved, .unit_price = 1500};
    }

    Task<bool> release(const std::string& order_id) override {
        if (deaf || away) co_return false;
        auto& kept = orders[order_id];
        if (kept > 0) stock += kept;
        kept = released;
        co_return true;
    }

    static constexpr std::int64_t released = -1;
    static constexpr std::int64_t refused = -2;

    std::int64_t stock = 100;
    std::optional<std::int64_t> shown_stock;  ///< what look_up says, when it is out of date
    bool away = false;                        ///< no facts, no release
    bool deaf = false;                        ///< no answer to reserve, and nothing done
    bool answers_get_lost = false;            ///< done, but nobody hears of it
    int asked = 0;
    std::map<std::string, std::int64_t> orders;
};

struct OrderFixture {
    OrderFixture(runtime::Runtime& runtime, Profile profile, OrderConfig config)
        : source(runtime, source_of(folder.url("orders")), {}, migrations()),
          orders(source),
          environment(config::Environment::of({{"token.secret", "s3cret"}})),
          tokens(Tokens::load(environment, clock, log.logger("tokens")).value()),
          faults(Faults::load(environment, &FaultConfig::order, log.logger("faults")).value()),
          meters(registry),
          desk({
              .orders = orders,
              .stock = catalog,
              .products = catalog,
              .meters = meters,
              .clock = clock,
              .tracer = tracer,
              .log = log.logger("order"),
              .config = config,
              .profile = profile,
              .instance_id = "order-service:1",
          }),
          api({
              .desk = desk,
              .orders = orders,
              .tokens = *tokens,
              .faults = *faults,
              .clock = clock,
              .log = log.logger("order"),
              .profile = profile,
              .endpoint = [] { return runtime::Endpoint::parse("127.0.0.1", 10000).value(); },
          }) {
        api.mount(router);
        bearer = "Bearer " + tokens->keys()->issue("u1", 1h * 24 * 365).value();
    }

    using Fields = http::RequestBuilder::Fields;

    /// As user u1.
    Task<http::Response> send(std::string what, std::string body = std::string(), Fields fields = Fields()) {
        fields.emplace_back("Authorization", bearer);
        return send_bare(std::move(what), std::move(body), std::move(fields));
    }

    Task<http::Response> send_bare(
        std::string what, std::string body = std::string(), Fields fields = Fields()
    ) {
        if (!body.empty()) fields.emplace_back("Content-Type", "application/json");
        return http::drive(router, std::move(what), std::move(fields), std::move(body));
    }

    Task<http::Response> order(std::int64_t qty, std::string_view key = {}, Fields fields = Fields()) {
        if (!key.empty()) fields.emplace_back("Idempotency-Key", key);
        return send("POST /order-service/u1/orders", body_of(qty), std::move(fields));
    }

    static std::string body_of(std::int64_t qty, std::int64_t unit_price = 1500) {
        return R"({"productId":"CATALOG-001","qty":)" + std::to_string(qty) + R"(,"unitPrice":)" +
               std::to_string(unit_price) + "}";
    }

    Task<std::vector<Order>> all() {
        const std::string user = "u1";
        const OrderPage page;
        auto rows = co_await orders.list(user, page);
        EXPECT_TRUE(rows) << (rows ? "" : rows.error().message());
        co_return std::move(rows).value_or(std::vector<Order>());
    }

    Task<> sweep() {
        const auto swept = co_await desk.sweep();
        EXPECT_TRUE(swept) << (swept ? "" : swept.error().message());
    }

    DatabaseFolder folder;
    ManualClock clock;
    log::CapturedLog log;
    FakeCatalog catalog;
    DataSource source;
    OrderRepository orders;
    config::Environment environment;
    std::unique_ptr<Tokens> tokens;
    std::unique_ptr<Faults> faults;
    metrics::Registry registry;
    OrderMeters meters;
    tracing::MemorySpanSink spans;
    tracing::Tracer tracer{{.sampler = tracing::always_sampler()}, clock, spans};
    OrderDesk desk;
    OrderApi api;
    http::Router router;
    std::string bearer;
};

struct Setting {
    Profile profile = Profile::flotilla;
    OrderConfig config{};
};

/// A body of a test with an open shop.
inline void with_orders(std::function<Task<>(OrderFixture&)> body, Setting setting = {}) {
    struct Run {
        static Task<> whole(
            runtime::Runtime& runtime, std::function<Task<>(OrderFixture&)> test, Setting as
        ) {
            const auto fixture = std::make_unique<OrderFixture>(runtime, as.profile, as.config);
            const auto opened = co_await fixture->source.open();
            EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
            co_await test(*fixture);
            fixture->source.close();
        }
    };

    test_support::run_on_loop([&](runtime::Runtime& runtime) { return Run::whole(runtime, body, setting); });
}

inline Json json_of(const http::Response& response) {
    return reflect::parse_json(response.text().value_or("")).value_or(Json());
}

inline std::string text_in(const http::Response& response, std::string_view member) {
    const Json body = json_of(response);
    return std::string(body[member].string_or(""));
}

inline std::string status_and_code(const http::Response& response) {
    const std::string code = text_in(response, "code");
    return std::to_string(http::code_of(response.status())) + (code.empty() ? "" : " " + code);
}

}  // namespace flotilla::shop::order
