#include "flotilla/shop/user/orders_url.hpp"

#include <gtest/gtest.h>

namespace flotilla::shop::user {
namespace {

TEST(OrdersUrl, HasAPlaceForTheUser) {
    const auto url = OrdersUrl::of("http://ORDER-SERVICE/order-service/%s/orders").value();
    EXPECT_EQ(url.of_user("6f1d"), "http://ORDER-SERVICE/order-service/6f1d/orders");
    EXPECT_EQ(url.corrected_host(), "");
}

TEST(OrdersUrl, TheSeedsTypingErrorsAreTold) {
    const auto url = OrdersUrl::of("http://ORDER_SERVICE/order_service/%s/orders").value();
    EXPECT_EQ(url.corrected_host(), "ORDER-SERVICE");
    EXPECT_EQ(url.of_user("6f1d"), "http://ORDER-SERVICE/order_service/6f1d/orders")
        << "a path may have them";
    const auto wrong = OrdersUrl::of("http://ORDER-SERVICE/order-service/$s/orders");
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message().find("%s is, not $s"), std::string::npos) << wrong.error().message();
}

TEST(OrdersUrl, WhatIsNoneIsAnError) {
    for (const char* text :
         {"http://ORDER-SERVICE/orders", "/order-service/%s/orders", "http://a/%s/%s", "", "%s"})
        EXPECT_FALSE(OrdersUrl::of(text)) << text;
}

TEST(OrdersUrl, APathHasOneToo) {
    EXPECT_EQ(
        orders_path("/order-service/{userId}/orders_ng", "6f1d").value(), "order-service/6f1d/orders_ng"
    );
    EXPECT_FALSE(orders_path("/order-service/orders", "6f1d"));
    EXPECT_FALSE(orders_path("order-service/{userId}", "6f1d"));
}

}  // namespace
}  // namespace flotilla::shop::user
