#include "flotilla/shop/order/order.hpp"

#include <gtest/gtest.h>

#include <array>

#include "flotilla/reflect/json.hpp"
#include "flotilla/shop/order/price_policy.hpp"

namespace flotilla::shop::order {
namespace {

Order order() {
    return {
        .order_id = "9c6e",
        .user_id = "6f1d",
        .product_id = "CATALOG-001",
        .qty = 10,
        .unit_price = 1500,
        .total_price = 15000,
        .created_at = parse_iso_time("2021-02-10T05:22:33Z").value(),
        .status = OrderStatus::confirmed,
    };
}

TEST(Order, GoesForwardOnly) {
    using enum OrderStatus;
    constexpr std::array all{pending, confirmed, rejected, cancelling, cancelled};
    const auto allowed = [](OrderStatus from, OrderStatus to) {
        return (from == pending && (to == confirmed || to == rejected || to == cancelling)) ||
               (from == confirmed && to == cancelling) || (from == cancelling && to == cancelled);
    };
    for (const auto from : all) {
        for (const auto to : all) EXPECT_EQ(may_become(from, to), allowed(from, to));
    }
    EXPECT_FALSE(is_settled(pending));
    EXPECT_FALSE(is_settled(cancelling));
    EXPECT_TRUE(is_settled(confirmed) && is_settled(rejected) && is_settled(cancelled));
}

TEST(Order, IsAnsweredAsInTheCourseWithWhatFlotillaAdds) {
    EXPECT_EQ(
        reflect::to_json(placed(order(), Detail::course)),
        R"({"productId":"CATALOG-001","qty":10,"unitPrice":1500,"totalPrice":15000,"orderId":"9c6e"})"
    );
    EXPECT_EQ(
        reflect::to_json(placed(order(), Detail::full)),
        R"({"productId":"CATALOG-001","qty":10,"unitPrice":1500,"totalPrice":15000,"orderId":"9c6e",)"
        R"("createdAt":"2021-02-10T05:22:33.000+00:00","status":"CONFIRMED"})"
    );
    EXPECT_EQ(
        reflect::to_json(listed(order(), Detail::course)),
        R"({"productId":"CATALOG-001","qty":10,"unitPrice":1500,"totalPrice":15000,)"
        R"("createdAt":"2021-02-10T05:22:33.000+00:00","orderId":"9c6e"})"
    );
}

TEST(Order, ToldToAClientItNamesAllThatIsWrong) {
    EXPECT_EQ(check({}).error().errors().size(), 2U);
    EXPECT_EQ(check({std::string(121, 'x'), 0, -1}).error().errors().size(), 3U);
    EXPECT_EQ(check({"", 10'001, 5'000'000'000}).error().errors().size(), 3U);
    EXPECT_FALSE(check({std::string("a\0b", 3), 1, 1}));
    EXPECT_TRUE(check({std::string(120, 'x'), 10'000, 0}));
    std::string hangul;
    for (int i = 0; i < 120; ++i) hangul += "가";
    EXPECT_TRUE(check({hangul, 1, 1}));
}

TEST(Order, ATotalThatDoesNotFitIsABadRequest) {
    const auto huge = check({"P", 10'000, 2'000'000'000});
    ASSERT_FALSE(huge);
    EXPECT_EQ(huge.error().status(), http::Status::bad_request);
    EXPECT_EQ(total_of(10, 1500), 15000);
    EXPECT_EQ(total_of(1, largest_amount), largest_amount);
    EXPECT_FALSE(total_of(2, largest_amount));
    EXPECT_FALSE(total_of(10'000, INT64_MAX));
    EXPECT_FALSE(repriced(order(), largest_amount));
    EXPECT_EQ(repriced(order(), 2).value().total_price, 20);
}

TEST(Order, TheCourseChecksNothingButWhatCannotBeStoredIsRefused) {
    EXPECT_TRUE(check_storable({"", -5, 0}));
    EXPECT_FALSE(check_storable({std::string(200, 'x'), 1, 1}));
    EXPECT_FALSE(check_storable({"P", INT64_MAX, 1}));
    EXPECT_FALSE(check_storable({"P", 2'000'000'000, 2}));
}

TEST(PricePolicy, N8_TheServerNamesThePrice) {
    EXPECT_EQ(price_of(PricePolicy::catalog, 1, 1500), 1500);
    EXPECT_EQ(price_of(PricePolicy::catalog, std::nullopt, 1500), 1500);
    EXPECT_EQ(price_of(PricePolicy::catalog, 7, std::nullopt), 7);
    EXPECT_EQ(price_of(PricePolicy::client, 1, 1500), 1);
    EXPECT_EQ(price_of(PricePolicy::strict, 1500, 1500), 1500);
    const auto differs = price_of(PricePolicy::strict, 1200, 2000);
    ASSERT_FALSE(differs);
    EXPECT_EQ(differs.error().status(), http::Status::conflict);
    EXPECT_EQ(differs.error().code(), "PRICE_MISMATCH");
    EXPECT_EQ(price_of(PricePolicy::strict, std::nullopt, 1500).error().status(), http::Status::bad_request);
}

}  // namespace
}  // namespace flotilla::shop::order
