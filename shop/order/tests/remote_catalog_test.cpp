#include "flotilla/shop/order/remote_catalog.hpp"

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"
#include "run_on_loop.hpp"

namespace flotilla::shop::order {
namespace {

remote::CallError said(int status, std::string body) {
    remote::CallError error(remote::ErrorKind::status, "the catalog said no");
    error.answered(status, std::move(body), std::nullopt);
    return error;
}

TEST(RemoteCatalog, ARefusalIsFinal) {
    const auto answer = stock_answer_of(said(409, R"({"code":"INSUFFICIENT_STOCK","available":3})"));
    EXPECT_EQ(answer.kind, StockAnswer::Kind::refused);
    EXPECT_EQ(answer.reason, "INSUFFICIENT_STOCK");
    EXPECT_EQ(answer.available, 3);
    EXPECT_EQ(stock_answer_of(said(404, R"({"code":"UNKNOWN_PRODUCT"})")).kind, StockAnswer::Kind::refused);
    EXPECT_EQ(
        stock_answer_of(said(409, R"({"code":"RESERVATION_RELEASED"})")).kind, StockAnswer::Kind::released
    );
}

TEST(RemoteCatalog, WhateverElseComesIsAskedAgain) {
    for (const auto& error : {
             said(500, R"({"code":"INTERNAL_ERROR"})"),
             said(503, "{}"),
             said(404, "not ours"),
             said(401, R"({"code":"UNAUTHORIZED"})"),
             remote::CallError(remote::ErrorKind::timeout, "2s"),
             remote::CallError(remote::ErrorKind::not_permitted, "open"),
         })
        EXPECT_EQ(stock_answer_of(error).kind, StockAnswer::Kind::unknown) << error.message();
}

TEST(RemoteCatalog, AsksUnderTheOrdersIdWithATokenOfItsOwn) {
    log::CapturedLog log;
    ManualClock clock;
    const auto tokens =
        Tokens::load(config::Environment::of({{"token.secret", "s"}}), clock, log.logger("t")).value();
    std::vector<std::string> seen;
    CatalogClient client;
    client.get_product = [](std::string_view, std::string_view freshness) {
        EXPECT_EQ(freshness, "no-cache");
        return CatalogProduct{.unit_price = 1500, .stock = 7};
    };
    client.reserve =
        [&](std::string_view id, const StockWanted& wanted, std::string_view token, std::string_view key) {
            EXPECT_EQ(id, key);
            EXPECT_EQ(wanted.qty, 2);
            EXPECT_TRUE(tokens->keys()->verify(token.substr(7))->has_role(service_role));
            seen.emplace_back(id);
            return StockTaken{.unit_price = 1500};
        };
    client.release = [&](std::string_view id, std::string_view, std::string_view) { seen.emplace_back(id); };
    RemoteCatalog catalog(client, *tokens, log.logger("order.catalog"));
    test_support::run_on_loop([&](runtime::Runtime&) -> Task<> {
        const std::string product = "CATALOG-001";
        const auto facts = co_await catalog.look_up(product);
        EXPECT_EQ(facts->stock, 7);
        const Order order{.order_id = "o1", .product_id = product, .qty = 2};
        const auto answer = co_await catalog.reserve(order);
        EXPECT_EQ(answer.kind, StockAnswer::Kind::reserved);
        const auto released = co_await catalog.release(order.order_id);
        EXPECT_TRUE(released);
    });
    EXPECT_EQ(seen, (std::vector<std::string>{"o1", "o1"}));
}

}  // namespace
}  // namespace flotilla::shop::order
