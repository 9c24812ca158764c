// What becomes of orders, whatever fails meanwhile.

#include "flotilla/shop/order/order_desk.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"
#include "flotilla/crypto/digest.hpp"
#include "order_fixture.hpp"

namespace flotilla::shop::order {
namespace {

Setting accepting() {
    Setting setting;
    setting.config.precheck_on_timeout = OnTimeout::accept;
    return setting;
}

TEST(OrderDesk, AnOrderIsConfirmedWithItsStock) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto response = co_await shop.order(10);
        EXPECT_EQ(status_and_code(response), "201");
        EXPECT_EQ(text_in(response, "status"), "CONFIRMED");
        EXPECT_EQ(shop.catalog.stock, 90);
        EXPECT_EQ(shop.meters.confirmed.count(), 1.0);
        EXPECT_EQ(shop.log.count_of("Before add orders data"), 1U);
        EXPECT_EQ(shop.log.count_of("After added orders data"), 1U);
    });
}

TEST(OrderDesk, N2_ThePreCheckIsAdviceAndTheReservationDecides) {
    with_orders([](OrderFixture& shop) -> Task<> {
        shop.catalog.stock = 5;
        shop.catalog.shown_stock = 100;
        const auto response = co_await shop.order(10);
        EXPECT_EQ(status_and_code(response), "409 INSUFFICIENT_STOCK");
        const Json body = json_of(response);
        EXPECT_EQ(body["available"].as_int64(), 5);
        const auto rows = co_await shop.all();
        EXPECT_EQ(rows.at(0).status, OrderStatus::rejected);
        EXPECT_EQ(shop.catalog.stock, 5);
    });
}

TEST(OrderDesk, S28_WhatThePreCheckRefusesIsNotWrittenDown) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto much = co_await shop.order(1000);
        EXPECT_EQ(status_and_code(much), "409 INSUFFICIENT_STOCK");
        const std::string post = "POST /u1/orders";
        const std::string other = R"({"productId":"CATALOG-999","qty":1,"unitPrice":1})";
        const auto unknown = co_await shop.send(post, other);
        EXPECT_EQ(status_and_code(unknown), "404 UNKNOWN_PRODUCT");
        const auto rows = co_await shop.all();
        EXPECT_TRUE(rows.empty());
        EXPECT_EQ(shop.catalog.asked, 0);
        EXPECT_EQ(shop.meters.refused.count(), 2.0);
    });
}

TEST(OrderDesk, S44_WithoutTheCatalogAnOrderIsPutOffOrTakenAtALaterPrice) {
    with_orders([](OrderFixture& shop) -> Task<> {
        shop.catalog.away = true;
        const auto response = co_await shop.order(1);
        EXPECT_EQ(status_and_code(response), "503 CATALOG_UNAVAILABLE");
        EXPECT_EQ(response.headers().find("Retry-After"), "1");
    });
    with_orders(
        [](OrderFixture& shop) -> Task<> {
            shop.catalog.away = true;
            shop.catalog.deaf = true;
            const std::string post = "POST /u1/orders";
            const std::string cheap = OrderFixture::body_of(2, 1);
            const auto taken = co_await shop.send(post, cheap);
            EXPECT_EQ(text_in(taken, "status"), "PENDING");
            shop.catalog.away = false;
            shop.catalog.deaf = false;
            shop.clock.advance(6s);
            co_await shop.sweep();
            const auto rows = co_await shop.all();
            EXPECT_EQ(rows.at(0).status, OrderStatus::confirmed);
            EXPECT_EQ(rows.at(0).total_price, 3000);
            EXPECT_FALSE(rows.at(0).reason);
        },
        accepting()
    );
}

// As after kill -9 between the reservation and its answer.
TEST(OrderDesk, S71_AnAnswerThatGotLostIsAskedForAgainAndCountsOnce) {
    with_orders([](OrderFixture& shop) -> Task<> {
        shop.catalog.answers_get_lost = true;
        const auto response = co_await shop.order(10, "k1");
        EXPECT_EQ(status_and_code(response), "201");
        EXPECT_EQ(text_in(response, "status"), "PENDING");
        EXPECT_EQ(shop.catalog.stock, 90);
        shop.catalog.answers_get_lost = false;
        co_await shop.sweep();
        const auto young = co_await shop.all();
        EXPECT_EQ(young.at(0).status, OrderStatus::pending);
        shop.clock.advance(6s);
        co_await shop.sweep();
        const auto rows = co_await shop.all();
        EXPECT_EQ(rows.at(0).status, OrderStatus::confirmed);
        EXPECT_EQ(shop.catalog.stock, 90);
    });
}

// As after kill -9 between the order's commit and everything else.
TEST(OrderDesk, ToLookForOrdersIsNoTraceToTakeOneUpIs) {
    with_orders([](OrderFixture& shop) -> Task<> {
        co_await shop.sweep();
        EXPECT_TRUE(shop.spans.take().empty());
        shop.catalog.deaf = true;
        const auto taken = co_await shop.order(1);
        EXPECT_EQ(status_and_code(taken), "201");
        shop.catalog.deaf = false;
        shop.clock.advance(6s);
        co_await shop.sweep();
        const auto spans = shop.spans.take();
        EXPECT_EQ(spans.size(), 1U);
        if (spans.empty()) co_return;
        EXPECT_EQ(spans[0].name(), "settle-order");
        const auto rows = co_await shop.all();
        EXPECT_EQ(spans[0].find_tag("order.id"), rows.at(0).order_id);
    });
}

TEST(OrderDesk, S71_AForsakenRequestIsTakenUpByWhoeverAsksAgain) {
    with_orders([](OrderFixture& shop) -> Task<> {
        Order order{
            .order_id = "o1",
            .user_id = "u1",
            .product_id = "CATALOG-001",
            .qty = 3,
            .unit_price = 1500,
            .total_price = 4500,
            .created_at = shop.clock.wall_now(),
        };
        const std::string body = OrderFixture::body_of(3);
        std::optional<KeyRow> key = KeyRow{
            .user_id = "u1",
            .idem_key = "k1",
            .body_sha256 = crypto::hex_digest(crypto::Hash::sha256, body),
            .order_id = "o1",
            .expires_at = shop.clock.wall_now() + 24h,
        };
        const auto written = co_await shop.orders.insert(order, key, false);
        EXPECT_TRUE(written.value_or(false));
        const auto early = co_await shop.order(3, "k1");
        EXPECT_EQ(status_and_code(early), "409 REQUEST_IN_PROGRESS");
        EXPECT_EQ(early.headers().find("Retry-After"), "1");
        shop.clock.advance(5s);
        for (int time = 0; time < 2; ++time) {
            const auto late = co_await shop.order(3, "k1");
            EXPECT_EQ(status_and_code(late), "201");
            EXPECT_EQ(text_in(late, "orderId"), "o1");
            EXPECT_EQ(text_in(late, "status"), "CONFIRMED");
            EXPECT_EQ(late.headers().find("Idempotent-Replayed"), "true");
        }
        EXPECT_EQ(shop.catalog.stock, 97);
    });
}

TEST(OrderDesk, S71_TheSweeperWritesTheAnswerOfTheRequestThatItEnds) {
    with_orders([](OrderFixture& shop) -> Task<> {
        shop.catalog.stock = 0;
        Order order{
            .order_id = "o1",
            .user_id = "u1",
            .product_id = "CATALOG-001",
            .qty = 3,
            .created_at = shop.clock.wall_now() - 10s,
        };
        std::optional<KeyRow> key = KeyRow{
            .user_id = "u1",
            .idem_key = "k1",
            .body_sha256 = crypto::hex_digest(crypto::Hash::sha256, OrderFixture::body_of(3)),
            .order_id = "o1",
            .expires_at = shop.clock.wall_now() + 24h,
        };
        const auto written = co_await shop.orders.insert(order, key, false);
        EXPECT_TRUE(written.value_or(false));
        co_await shop.sweep();
        const auto late = co_await shop.order(3, "k1");
        EXPECT_EQ(status_and_code(late), "409 INSUFFICIENT_STOCK");
        EXPECT_EQ(late.headers().find("Idempotent-Replayed"), "true");
    });
}

TEST(OrderDesk, S31_AnOrderThatCannotBeSettledIsCancelledAndTheLateReservationRefused) {
    with_orders([](OrderFixture& shop) -> Task<> {
        shop.catalog.deaf = true;
        co_await shop.order(10);
        shop.clock.advance(31s);
        co_await shop.sweep();
        auto rows = co_await shop.all();
        EXPECT_EQ(rows.at(0).status, OrderStatus::cancelling);
        EXPECT_EQ(rows.at(0).reason, reason::pending_timeout);
        shop.catalog.deaf = false;
        co_await shop.sweep();
        rows = co_await shop.all();
        EXPECT_EQ(rows.at(0).status, OrderStatus::cancelled);
        const auto late = co_await shop.catalog.reserve(rows.at(0));
        EXPECT_EQ(late.kind, StockAnswer::Kind::released);
        EXPECT_EQ(shop.catalog.stock, 100);
        EXPECT_EQ(shop.meters.cancelled.count(), 1.0);
    });
}

TEST(OrderDesk, S31_ACancelledOrderGivesItsStockBackOnce) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto placed = co_await shop.order(10);
        const std::string cancel = "DELETE /order-service/u1/orders/" + text_in(placed, "orderId");
        const auto first = co_await shop.send(cancel);
        EXPECT_EQ(status_and_code(first), "202");
        EXPECT_EQ(text_in(first, "status"), "CANCELLED");
        EXPECT_EQ(shop.catalog.stock, 100);
        const auto second = co_await shop.send(cancel);
        EXPECT_EQ(status_and_code(second), "409 NOT_CANCELLABLE");
        EXPECT_EQ(shop.catalog.stock, 100);
        const auto unknown = co_await shop.send("DELETE /u1/orders/nothing");
        EXPECT_EQ(status_and_code(unknown), "404 ORDER_NOT_FOUND");
    });
}

// What the request was answered stays, whatever becomes of its order.
TEST(OrderDesk, S30_AKeyOfAnOrderThatWasConfirmedSaysSoWhenItIsCancelledToo) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto first = co_await shop.order(10, "k1");
        EXPECT_EQ(status_and_code(first), "201");
        EXPECT_FALSE(first.headers().contains("Idempotent-Replayed"));
        const std::string path = "/u1/orders/" + text_in(first, "orderId");
        for (const bool cancelled : {false, true}) {
            if (cancelled) {
                const auto gone = co_await shop.send("DELETE " + path);
                EXPECT_EQ(status_and_code(gone), "202");
            }
            for (int time = 0; time < 2; ++time) {
                const auto again = co_await shop.order(10, "k1");
                EXPECT_EQ(again.text(), first.text());
                EXPECT_EQ(again.status(), first.status());
                EXPECT_EQ(again.headers().find("Location"), first.headers().find("Location"));
                EXPECT_EQ(again.headers().find("Idempotent-Replayed"), "true");
                const auto other = co_await shop.order(9, "k1");
                EXPECT_EQ(status_and_code(other), "422 IDEMPOTENCY_KEY_REUSED");
                shop.clock.advance(1min);
            }
        }
        EXPECT_EQ(shop.catalog.asked, 1);
        EXPECT_EQ(shop.meters.replayed.count(), 4.0);
        const auto rows = co_await shop.all();
        EXPECT_EQ(rows.size(), 1U);
    });
}

// The client was told that it is taken; it stays so although it is confirmed since.
TEST(OrderDesk, S30_AKeyOfAnOrderThatWasPendingSaysSoAlways) {
    with_orders([](OrderFixture& shop) -> Task<> {
        shop.catalog.deaf = true;
        const auto first = co_await shop.order(10, "k1");
        EXPECT_EQ(text_in(first, "status"), "PENDING");
        shop.catalog.deaf = false;
        shop.clock.advance(6s);
        co_await shop.sweep();
        const auto rows = co_await shop.all();
        EXPECT_EQ(rows.at(0).status, OrderStatus::confirmed);
        const auto again = co_await shop.order(10, "k1");
        EXPECT_EQ(again.text(), first.text());
        EXPECT_EQ(again.headers().find("Idempotent-Replayed"), "true");
    });
}

TEST(OrderDesk, S31_ACancellationGoesOnWhenTheCatalogIsBack) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto placed = co_await shop.order(10);
        shop.catalog.away = true;
        const auto answer = co_await shop.send("DELETE /u1/orders/" + text_in(placed, "orderId"));
        EXPECT_EQ(status_and_code(answer), "202");
        EXPECT_EQ(text_in(answer, "status"), "CANCELLING");
        EXPECT_EQ(shop.catalog.stock, 90);
        shop.catalog.away = false;
        co_await shop.sweep();
        const auto rows = co_await shop.all();
        EXPECT_EQ(rows.at(0).status, OrderStatus::cancelled);
        EXPECT_EQ(shop.catalog.stock, 100);
    });
}

TEST(OrderDesk, AnOrderThatIsTooDearForItsColumnsIsCancelled) {
    with_orders(
        [](OrderFixture& shop) -> Task<> {
            shop.catalog.away = true;
            shop.catalog.stock = 10'000'000;
            Order order{
                .order_id = "o1",
                .user_id = "u1",
                .product_id = "CATALOG-001",
                .qty = 2'000'000,
                .created_at = shop.clock.wall_now() - 10s,
                .reason = reason::unpriced,
            };
            const std::optional<KeyRow> none;
            co_await shop.orders.insert(order, none, false);
            shop.catalog.away = false;
            co_await shop.sweep();
            const auto rows = co_await shop.all();
            EXPECT_EQ(rows.at(0).status, OrderStatus::cancelled);
            EXPECT_EQ(rows.at(0).reason, reason::total_too_large);
            EXPECT_EQ(shop.catalog.stock, 10'000'000);
        },
        accepting()
    );
}

TEST(OrderDesk, KeysAreForgottenAfterADay) {
    with_orders([](OrderFixture& shop) -> Task<> {
        co_await shop.order(1, "k1");
        shop.clock.advance(24h);
        const auto again = co_await shop.order(2, "k1");
        EXPECT_EQ(status_and_code(again), "201");
        EXPECT_FALSE(again.headers().contains("Idempotent-Replayed"));
        shop.clock.advance(24h);
        const auto forgotten = co_await shop.desk.forget_keys();
        EXPECT_TRUE(forgotten);
        const std::string user = "u1";
        const std::string key = "k1";
        const auto row = co_await shop.orders.find_key(user, key);
        EXPECT_TRUE(row && !*row);
    });
}

// Whatever the catalog does, in whatever order: in the end no order is left undecided, and the stock is what
// it was less what confirmed orders took (invariants 2 and 3 of the specification's section 14).
TEST(OrderDesk, S71_InTheEndEveryOrderIsDecidedAndTheStockIsExact) {
    with_orders([](OrderFixture& shop) -> Task<> {
        Random random(1640918280);
        shop.catalog.stock = 60;
        std::vector<std::string> ids;
        for (int step = 0; step < 120; ++step) {
            shop.catalog.away = random.below(6) == 0;
            shop.catalog.deaf = random.below(5) == 0;
            shop.catalog.answers_get_lost = random.below(4) == 0;
            shop.clock.advance(std::chrono::milliseconds(random.below(8'000)));
            const auto choice = random.below(4);
            if (choice < 2) {
                const auto response = co_await shop.order(static_cast<std::int64_t>(1 + random.below(5)));
                if (const std::string id = text_in(response, "orderId"); !id.empty()) ids.push_back(id);
            } else if (choice == 2 && !ids.empty()) {
                const std::string cancel = "DELETE /u1/orders/" + ids[random.below(ids.size())];
                co_await shop.send(cancel);
            } else {
                co_await shop.sweep();
            }
        }
        shop.catalog.away = shop.catalog.deaf = shop.catalog.answers_get_lost = false;
        shop.clock.advance(60s);
        co_await shop.sweep();
        std::int64_t taken = 0;
        const auto rows = co_await shop.all();
        for (const Order& row : rows) {
            EXPECT_TRUE(is_settled(row.status)) << row.order_id;
            if (row.status == OrderStatus::confirmed) taken += row.qty;
        }
        EXPECT_GT(taken, 0);
        EXPECT_EQ(shop.catalog.stock, 60 - taken);
    });
}

}  // namespace
}  // namespace flotilla::shop::order
