#include "flotilla/shop/catalog/product.hpp"

#include <gtest/gtest.h>

#include "flotilla/reflect/json.hpp"

namespace flotilla::shop::catalog {
namespace {

Product berlin() {
    return {
        .product_id = "CATALOG-001",
        .product_name = "Berlin",
        .stock = 90,
        .unit_price = 1500,
        .version = 1,
        .created_at = parse_iso_time("2021-02-10T05:20:00Z").value(),
    };
}

TEST(Product, LooksAsInTheCourse) {
    EXPECT_EQ(
        reflect::to_json(views_of({berlin()})),
        R"([{"productId":"CATALOG-001","productName":"Berlin","unitPrice":1500,"stock":90,)"
        R"("createdAt":"2021-02-10T05:20:00.000+00:00"}])"
    );
}

TEST(Product, TheDataSetsAreThoseOfTheSpecification) {
    const auto course = data_set("default").value();
    ASSERT_EQ(course.size(), 3U);
    EXPECT_EQ(course[2].product_id, "CATALOG-003");
    EXPECT_EQ(course[2].product_name, "Stockholm");
    EXPECT_EQ(course[2].stock, 120);
    EXPECT_EQ(course[2].unit_price, 2000);
    const auto tmax = data_set("tmax").value();
    EXPECT_EQ(tmax[1].product_id, "CATALOG-0002");
    EXPECT_EQ(tmax[1].unit_price, 900);
    EXPECT_FALSE(data_set("none"));
}

TEST(Product, AnAdminIsToldAllThatIsWrong) {
    const auto nothing = product_of({});
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().errors().size(), 4U);
    const auto long_id = product_of({std::string(121, 'x'), "name", -1, 2'147'483'648});
    ASSERT_FALSE(long_id);
    EXPECT_EQ(long_id.error().errors().size(), 3U);
    EXPECT_TRUE(product_of({"P-1", "Seoul 서울 🏙", 0, 0}));
}

TEST(Product, AnEditChangesWhatIsThereAndTheVersion) {
    const auto after = edited(berlin(), {.stock = 5}).value();
    EXPECT_EQ(after.stock, 5);
    EXPECT_EQ(after.product_name, "Berlin");
    EXPECT_EQ(after.version, 2);
    EXPECT_FALSE(edited(berlin(), {}));
    EXPECT_FALSE(edited(berlin(), {.unit_price = -5}));
}

TEST(Product, AnyChangeOfAnyProductShowsInTheTagOfTheList) {
    EXPECT_EQ(tag_of(TableState{.products = 3, .versions = 7}), R"("3-7")");
    EXPECT_NE(tag_of(TableState{3, 7, {}}), tag_of(TableState{3, 8, {}}));
    EXPECT_NE(tag_of(TableState{3, 7, {}}), tag_of(TableState{4, 7, {}}));
}

}  // namespace
}  // namespace flotilla::shop::catalog
