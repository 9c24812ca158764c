#include "flotilla/shop/order/order_api.hpp"

#include <gtest/gtest.h>

#include "order_fixture.hpp"

namespace flotilla::shop::order {
namespace {

Setting course() {
    Setting setting{.profile = Profile::course};
    setting.config.price_policy = PricePolicy::client;
    return setting;
}

TEST(OrderApi, SaysWhereItWorks) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto response = co_await shop.send_bare("GET /order-service/health_check");
        EXPECT_EQ(response.text(), "It's Working in Order Service on PORT 10000");
    });
}

TEST(OrderApi, N9_NobodyOrdersOrReadsForAnother) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const std::string body = OrderFixture::body_of(1);
        for (const char* what :
             {"POST /order-service/u1/orders", "GET /u1/orders", "GET /u1/orders/o1", "DELETE /u1/orders/o1"
             }) {
            const auto nobody = co_await shop.send_bare(what, body);
            EXPECT_EQ(status_and_code(nobody), "401 UNAUTHORIZED") << what;
        }
        const auto other = co_await shop.send("GET /order-service/u2/orders");
        EXPECT_EQ(status_and_code(other), "403 FORBIDDEN");
        OrderFixture::Fields forged{{"X-User-Id", "u2"}};
        const auto claimed = co_await shop.send("GET /u2/orders", std::string(), forged);
        EXPECT_EQ(status_and_code(claimed), "403 FORBIDDEN");
    });
}

TEST(OrderApi, ValidatesWhatComes) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const std::string post = "POST /u1/orders";
        for (const char* bad :
             {"{}",
              R"({"productId":"","qty":1,"unitPrice":1})",
              R"({"productId":"P","qty":0,"unitPrice":1})",
              R"({"productId":"P","qty":10001,"unitPrice":1})",
              R"({"productId":"P","qty":1,"unitPrice":-1})",
              R"({"productId":"P","qty":10000,"unitPrice":2147483647})"}) {
            const auto refused = co_await shop.send(post, bad);
            EXPECT_EQ(status_and_code(refused), "400 VALIDATION_FAILED") << bad;
        }
        for (const char* bad : {"{", R"({"qty":99999999999999999999})", R"({"qty":"many"})", "[]"}) {
            const auto unreadable = co_await shop.send(post, bad);
            EXPECT_EQ(http::code_of(unreadable.status()), 400) << bad;
        }
    });
}

TEST(OrderApi, S30_TheSameKeyIsOneOrder) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto first = co_await shop.order(1, "k7");
        EXPECT_FALSE(first.headers().contains("Idempotent-Replayed"));
        for (int time = 0; time < 3; ++time) {
            const auto again = co_await shop.order(1, "k7");
            EXPECT_EQ(status_and_code(again), "201");
            EXPECT_EQ(again.text(), first.text());
            EXPECT_EQ(again.headers().find("Idempotent-Replayed"), "true");
        }
        const auto other = co_await shop.order(2, "k7");
        EXPECT_EQ(status_and_code(other), "422 IDEMPOTENCY_KEY_REUSED");
        const auto rows = co_await shop.all();
        EXPECT_EQ(rows.size(), 1U);
        EXPECT_EQ(shop.catalog.stock, 99);
        EXPECT_EQ(shop.meters.replayed.count(), 3.0);
    });
}

TEST(OrderApi, S30_ARefusalThatWasWrittenDownIsGivenAgain) {
    with_orders([](OrderFixture& shop) -> Task<> {
        shop.catalog.stock = 5;
        shop.catalog.shown_stock = 100;
        const auto first = co_await shop.order(10, "k7");
        shop.catalog.stock = 1000;
        const auto again = co_await shop.order(10, "k7");
        EXPECT_EQ(status_and_code(again), "409 INSUFFICIENT_STOCK");
        EXPECT_EQ(again.text(), first.text());
    });
}

TEST(OrderApi, S30_AKeyThatIsNoneIsRefused) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const std::string long_key(129, 'k');
        const auto refused = co_await shop.order(1, long_key);
        EXPECT_EQ(status_and_code(refused), "400 VALIDATION_FAILED");
    });
}

TEST(OrderApi, S30_AKeyBelongsToItsUser) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto mine = co_await shop.order(1, "k7");
        shop.bearer = "Bearer " + shop.tokens->keys()->issue("u2", 1h).value();
        OrderFixture::Fields key{{"Idempotency-Key", "k7"}};
        const std::string body = OrderFixture::body_of(1);
        const auto theirs = co_await shop.send("POST /u2/orders", body, key);
        EXPECT_EQ(status_and_code(theirs), "201");
        EXPECT_NE(text_in(theirs, "orderId"), text_in(mine, "orderId"));
    });
}

TEST(OrderApi, N8_TheCatalogNamesThePriceUnlessThePolicySaysOtherwise) {
    const auto ordered_at_one = [](PricePolicy policy) {
        Setting setting;
        setting.config.price_policy = policy;
        std::string outcome;
        with_orders(
            [&outcome](OrderFixture& shop) -> Task<> {
                const std::string cheap = OrderFixture::body_of(2, 1);
                const auto response = co_await shop.send("POST /u1/orders", cheap);
                const Json body = json_of(response);
                outcome = status_and_code(response) + " " + body["totalPrice"].text();
            },
            setting
        );
        return outcome;
    };
    EXPECT_EQ(ordered_at_one(PricePolicy::catalog), "201 3000");
    EXPECT_EQ(ordered_at_one(PricePolicy::strict), "409 PRICE_MISMATCH null");
    EXPECT_EQ(ordered_at_one(PricePolicy::client), "201 2");
}

TEST(OrderApi, N11_AnOrderIsThereForWhoAsksNext) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto placed = co_await shop.order(10);
        const std::string id = text_in(placed, "orderId");
        const auto list = co_await shop.send("GET /order-service/u1/orders");
        const Json rows = json_of(list);
        EXPECT_EQ(rows.size(), 1U);
        EXPECT_EQ(rows[0]["orderId"].string_or(""), id);
        EXPECT_EQ(rows[0]["totalPrice"].as_int64(), 15000);
        EXPECT_EQ(rows[0]["createdAt"].string_or(""), "2023-11-14T22:13:20.000+00:00");
        EXPECT_EQ(placed.headers().find("Location"), "/order-service/u1/orders/" + id);
        const auto one = co_await shop.send("GET /order-service/u1/orders/" + id);
        EXPECT_EQ(text_in(one, "status"), "CONFIRMED");
        const auto none = co_await shop.send("GET /u1/orders/nothing");
        EXPECT_EQ(status_and_code(none), "404 ORDER_NOT_FOUND");
        EXPECT_EQ(shop.log.count_of("Before retrieve orders data"), 1U);
        EXPECT_EQ(shop.log.count_of("After retrieved orders data"), 1U);
    });
}

TEST(OrderApi, AUserWithoutOrdersHasAnEmptyList) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const auto list = co_await shop.send("GET /u1/orders");
        EXPECT_EQ(list.text(), "[]");
    });
}

TEST(OrderApi, N14_ListsComeInPagesFromEitherEnd) {
    with_orders([](OrderFixture& shop) -> Task<> {
        std::vector<std::string> ids;
        for (int i = 0; i < 5; ++i) {
            const auto placed = co_await shop.order(1);
            ids.push_back(text_in(placed, "orderId"));
        }
        for (const bool newest : {false, true}) {
            std::vector<std::string> seen;
            std::string next = newest ? "?limit=2&sort=newest" : "?limit=2";
            while (!next.empty()) {
                const std::string get = "GET /u1/orders" + next;
                const auto page = co_await shop.send(get);
                const Json rows = json_of(page);
                EXPECT_LE(rows.size(), 2U);
                for (const Json& row : rows.elements()) seen.emplace_back(row["orderId"].string_or(""));
                const std::string link(page.headers().find("Link"));
                next = link.empty() ? "" : link.substr(1, link.find('>') - 1);
            }
            if (newest) std::ranges::reverse(seen);
            EXPECT_EQ(seen, ids);
        }
        const auto bad = co_await shop.send("GET /u1/orders?sort=random");
        EXPECT_EQ(status_and_code(bad), "400 VALIDATION_FAILED");
    });
}

TEST(OrderApi, AClientMayWaitForTheEnd) {
    with_orders([](OrderFixture& shop) -> Task<> {
        OrderFixture::Fields prefer{{"Prefer", "wait=3"}};
        const auto confirmed = co_await shop.order(1, std::string_view(), prefer);
        EXPECT_EQ(confirmed.headers().find("Preference-Applied"), "wait=3");
        shop.catalog.deaf = true;
        prefer = {{"Prefer", "wait=0"}};
        const auto pending = co_await shop.order(1, std::string_view(), prefer);
        EXPECT_EQ(status_and_code(pending), "201");
        EXPECT_EQ(text_in(pending, "status"), "PENDING");
        EXPECT_FALSE(pending.headers().contains("Preference-Applied"));
    });
}

TEST(OrderApi, FaultsOnDemandStrike) {
    with_orders([](OrderFixture& shop) -> Task<> {
        EXPECT_TRUE(shop.environment.set_at_run_time({{"shop.fault.order.get.error-rate", 1}}));
        const auto struck = co_await shop.send("GET /u1/orders");
        EXPECT_EQ(status_and_code(struck), "500 FAULT_ON_DEMAND");
        const auto spared = co_await shop.order(1);
        EXPECT_EQ(status_and_code(spared), "201");
    });
}

TEST(OrderApi, N8_TheCourseTakesWhatTheClientSays) {
    with_orders(
        [](OrderFixture& shop) -> Task<> {
            const std::string free_goods = R"({"productId":"CATALOG-001","qty":1000,"unitPrice":0})";
            OrderFixture::Fields key{{"Idempotency-Key", "k1"}};
            for (int time = 0; time < 2; ++time) {
                const auto response =
                    co_await shop.send_bare("POST /order-service/u9/orders", free_goods, key);
                EXPECT_EQ(status_and_code(response), "201");
                const Json body = json_of(response);
                EXPECT_EQ(body.size(), 5U);
                EXPECT_FALSE(body.contains("status"));
            }
            const auto list = co_await shop.send_bare("GET /order-service/u9/orders");
            const Json rows = json_of(list);
            EXPECT_EQ(rows.size(), 2U);  // N7: nothing keeps a request from counting twice
            EXPECT_FALSE(rows[0].contains("status"));
            EXPECT_EQ(shop.catalog.orders.size(), 2U);
            for (const Json& row : rows.elements())  // N4: the catalog knows it by another id
                EXPECT_FALSE(shop.catalog.orders.contains(std::string(row["orderId"].string_or(""))));
        },
        course()
    );
}

TEST(OrderApi, N5_InTheCourseAnOrderStandsWhateverBecomesOfItsStock) {
    with_orders(
        [](OrderFixture& shop) -> Task<> {
            shop.catalog.deaf = true;
            const auto unheard = co_await shop.order(1);
            shop.catalog.deaf = false;
            const auto too_many = co_await shop.order(101);
            EXPECT_EQ(status_and_code(unheard) + status_and_code(too_many), "201201");
            EXPECT_EQ(shop.catalog.stock, 100);
            EXPECT_EQ(shop.log.count_of("the catalog has not heard of order"), 2U);
        },
        course()
    );
}

TEST(OrderApi, N2_N3_TheCheckOfTheCourseHoldsNothingAndRefusesWithA500) {
    Setting checking = course();
    checking.config.course_precheck = true;
    with_orders(
        [](OrderFixture& shop) -> Task<> {
            const auto too_many = co_await shop.order(101);
            EXPECT_EQ(http::code_of(too_many.status()), 500);
            EXPECT_EQ(too_many.text().value_or(""), "");
            shop.catalog.shown_stock = 500;  // as another order has seen it a moment ago
            const auto oversold = co_await shop.order(101);
            EXPECT_EQ(status_and_code(oversold), "201");
        },
        checking
    );
}

TEST(OrderApi, TextsOfAllKindsComeBackAsTheyWent) {
    with_orders(
        [](OrderFixture& shop) -> Task<> {
            for (const char* product : {"서울 🏙", "'; drop table orders; --", "a/b?c#d", "%00"}) {
                const std::string body = R"({"productId":)" + reflect::to_json(std::string(product)) +
                                         R"(,"qty":1,"unitPrice":1})";
                const auto placed = co_await shop.send_bare("POST /u1/orders", body);
                EXPECT_EQ(status_and_code(placed), "201");
                EXPECT_EQ(text_in(placed, "productId"), product);
            }
            const auto rows = co_await shop.all();
            EXPECT_EQ(rows.size(), 4U);
        },
        course()
    );
}

}  // namespace
}  // namespace flotilla::shop::order
