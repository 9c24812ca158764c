#include "flotilla/shop/driver/shop_requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "flotilla/crypto/jwt.hpp"

namespace flotilla::shop::driver {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string base = "http://127.0.0.1:8000";
const Login tester{.user_id = "6f1d", .token = "abc.def.ghi"};

TEST(ShopRequests, AreThoseOfTheCourse) {
    const auto registration = register_request(base, "a@x.io", "test1111");
    EXPECT_EQ(registration.description(), "POST http://127.0.0.1:8000/user-service/users");
    EXPECT_EQ(registration.body_text(), R"({"email":"a@x.io","name":"Tester","pwd":"test1111"})");
    const auto login = login_request(base, "a@x.io", "test1111");
    EXPECT_EQ(login.description(), "POST http://127.0.0.1:8000/user-service/login");
    EXPECT_EQ(login.body_text(), R"({"email":"a@x.io","password":"test1111"})");
    EXPECT_EQ(products_request(base).description(), "GET http://127.0.0.1:8000/catalog-service/catalogs");
    EXPECT_EQ(
        product_request(base, "CATALOG-001").description(),
        "GET http://127.0.0.1:8000/catalog-service/CATALOG-001"
    );
    EXPECT_EQ(
        detail_request(base, tester).description(), "GET http://127.0.0.1:8000/user-service/users/6f1d"
    );
    EXPECT_THAT(
        std::string(detail_request(base, tester).headers()), HasSubstr("Authorization: Bearer abc.def.ghi")
    );
}

TEST(ShopRequests, OrdersCanBeSentAgain) {
    const OrderWish wish{.product_id = "CATALOG-001", .qty = 10, .unit_price = 1500};
    const auto order = order_request(base, tester, wish, "k1");
    EXPECT_EQ(order.description(), "POST http://127.0.0.1:8000/order-service/6f1d/orders");
    EXPECT_EQ(order.body_text(), R"({"productId":"CATALOG-001","qty":10,"unitPrice":1500})");
    EXPECT_THAT(std::string(order.headers()), HasSubstr("Idempotency-Key: k1"));
    EXPECT_TRUE(order.replayable());
}

TEST(ShopRequests, FollowPages) {
    EXPECT_EQ(orders_request(base, tester, {}).url().to_string(), base + "/order-service/6f1d/orders");
    EXPECT_EQ(orders_request(base, tester, "limit=2&cursor=c").url().query, "limit=2&cursor=c");
    EXPECT_EQ(next_page_of(R"(<?limit=2&cursor=c>; rel="next")"), "limit=2&cursor=c");
    EXPECT_EQ(next_page_of(R"(</order-service/u/orders?cursor=c>; rel="next")"), "cursor=c");
    EXPECT_FALSE(next_page_of(""));
    EXPECT_FALSE(next_page_of(R"(<?cursor=c>; rel="prev")"));
    EXPECT_FALSE(next_page_of(R"(</orders>; rel="next")"));
}

TEST(ShopRequests, SignAsAnAdmin) {
    ManualClock clock;
    const auto token = admin_token("a secret of the shop", clock.wall_now());
    ASSERT_TRUE(token);
    auto key = crypto::JwtKey::hmac("a secret of the shop");
    ASSERT_TRUE(key);
    const crypto::JwtVerifier verifier({.algorithms = {crypto::JwtAlgorithm::hs512}}, {*key}, clock);
    const auto jwt = verifier.verify(*token);
    ASSERT_TRUE(jwt) << jwt.error().message();
    EXPECT_EQ(jwt->claims.at_pointer("/roles/0")->string_or(""), "admin");
    clock.advance(2h);
    EXPECT_FALSE(verifier.verify(*token));
    EXPECT_FALSE(admin_token("", clock.wall_now()));
}

}  // namespace

}  // namespace flotilla::shop::driver
