#include "flotilla/shop/catalog/catalog_repository.hpp"

#include <gtest/gtest.h>

#include <map>

#include "catalog_fixture.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::shop::catalog {
namespace {

Reservation reservation(std::string order, std::int64_t qty, std::string product = "CATALOG-001") {
    return {.order_id = std::move(order), .product_id = std::move(product), .qty = qty};
}

Task<ReserveOutcome> reserve(CatalogFixture& catalog, Reservation wanted) {
    const auto outcome = co_await catalog.repository.reserve(std::move(wanted));
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message());
    co_return outcome.value_or(ReserveOutcome{});
}

Task<ReleaseOutcome> release(CatalogFixture& catalog, std::string order) {
    const auto outcome = co_await catalog.repository.release(std::move(order));
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message());
    co_return outcome.value_or(ReleaseOutcome{});
}

TEST(CatalogRepository, SeedsOnlyAnEmptyTable) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        Reservation wanted = reservation("o1", 10);
        co_await reserve(catalog, wanted);
        const auto products = data_set("tmax").value();
        const auto again = co_await catalog.repository.seed(products);
        EXPECT_TRUE(again);
        const auto page = co_await catalog.repository.page(std::nullopt);
        EXPECT_EQ(page->products.size(), 3U);
        EXPECT_EQ(page->products[0].stock, 90);
    });
}

TEST(CatalogRepository, N1_TakesStockOnceForAnOrder) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        Reservation wanted = reservation("o1", 10);
        const auto first = co_await reserve(catalog, wanted);
        EXPECT_EQ(first.result, ReserveResult::reserved);
        EXPECT_FALSE(first.repeated);
        EXPECT_EQ(first.stock, 90);
        EXPECT_EQ(first.unit_price, 1500);
        const auto second = co_await reserve(catalog, wanted);
        EXPECT_EQ(second.result, ReserveResult::reserved);
        EXPECT_TRUE(second.repeated);
        const auto left = co_await catalog.stock();
        EXPECT_EQ(left, 90);
    });
}

TEST(CatalogRepository, N1_NeverSellsMoreThanThereIs) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        Reservation all = reservation("o1", 100);
        Reservation one = reservation("o2", 1);
        co_await reserve(catalog, all);
        const auto late = co_await reserve(catalog, one);
        EXPECT_EQ(late.result, ReserveResult::insufficient);
        EXPECT_EQ(late.stock, 0);
        const std::string given_back = "o1";
        co_await release(catalog, given_back);
        // What was refused once stays refused, whatever has come back meanwhile.
        const auto again = co_await reserve(catalog, one);
        EXPECT_EQ(again.result, ReserveResult::insufficient);
        EXPECT_TRUE(again.repeated);
        const auto left = co_await catalog.stock();
        EXPECT_EQ(left, 100);
    });
}

TEST(CatalogRepository, GivesBackOnce) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        Reservation wanted = reservation("o1", 10);
        co_await reserve(catalog, wanted);
        const std::string order = "o1";
        const auto first = co_await release(catalog, order);
        EXPECT_TRUE(first.released);
        const auto second = co_await release(catalog, order);
        EXPECT_FALSE(second.released);
        EXPECT_TRUE(second.repeated);
        const auto late = co_await reserve(catalog, wanted);
        EXPECT_EQ(late.result, ReserveResult::released);
        const auto left = co_await catalog.stock();
        EXPECT_EQ(left, 100);
    });
}

TEST(CatalogRepository, S31_AReleaseBeforeItsReservationRefusesTheLateOne) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const std::string order = "o1";
        const auto early = co_await release(catalog, order);
        EXPECT_FALSE(early.released);
        Reservation wanted = reservation("o1", 10);
        const auto late = co_await reserve(catalog, wanted);
        EXPECT_EQ(late.result, ReserveResult::released);
        const auto left = co_await catalog.stock();
        EXPECT_EQ(left, 100);
    });
}

TEST(CatalogRepository, N1_InTheCourseTheStockFallsBelowZeroAndForgetsNoRepetition) {
    with_catalog(
        [](CatalogFixture& catalog) -> Task<> {
            Reservation wanted = reservation("o1", 60);
            for (const std::int64_t expected : {40, -20}) {
                const auto left = co_await catalog.repository.lower(wanted);
                EXPECT_TRUE(left && *left == expected);
            }
            const auto stock = co_await catalog.stock();
            EXPECT_EQ(stock, -20);
            Reservation unknown = reservation("o2", 1, "CATALOG-999");
            const auto nothing = co_await catalog.repository.lower(unknown);
            EXPECT_TRUE(nothing && !*nothing);
        },
        Profile::course
    );
}

TEST(CatalogRepository, KnowsWhichProductsItDoesNotHave) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        Reservation wanted = reservation("o1", 1, "CATALOG-999");
        for (int time = 0; time < 2; ++time) {
            const auto outcome = co_await reserve(catalog, wanted);
            EXPECT_EQ(outcome.result, ReserveResult::unknown_product);
        }
    });
}

TEST(CatalogRepository, PagesGoOnAfterTheLastProductSeen) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const std::string after = "CATALOG-001";
        const auto page = co_await catalog.repository.page(1, after);
        EXPECT_EQ(page->products.size(), 1U);
        EXPECT_EQ(page->products.at(0).product_id, "CATALOG-002");
        EXPECT_EQ(page->state.products, 3);
        const std::string last = "CATALOG-003";
        const auto end = co_await catalog.repository.page(1, last);
        EXPECT_TRUE(end->products.empty());
    });
}

TEST(CatalogRepository, AnEditOfAnOldVersionIsNone) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        const std::string id = "CATALOG-001";
        const auto found = co_await catalog.repository.find(id);
        auto mine = edited(**found, {.unit_price = 1600}).value();
        auto other = edited(**found, {.unit_price = 1700}).value();
        const auto first = co_await catalog.repository.update(mine);
        EXPECT_TRUE(first.value_or(false));
        const auto second = co_await catalog.repository.update(other);
        EXPECT_FALSE(second.value_or(true));
    });
}

// Invariant 2 of the specification's section 14, whatever comes in whatever order.
TEST(CatalogRepository, StockIsAlwaysWhatItWasLessWhatIsReserved) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        Random random(20211231);
        std::map<std::string, std::int64_t> reserved;
        for (int step = 0; step < 300; ++step) {
            const std::string order = "o" + std::to_string(random.below(40));
            if (random.below(3) == 0) {
                co_await release(catalog, order);
                reserved[order] = 0;
            } else {
                // The quantity belongs to the order, so that repeats are repeats.
                const auto qty = static_cast<std::int64_t>(1 + std::hash<std::string>{}(order) % 9);
                Reservation wanted = reservation(order, qty);
                const auto outcome = co_await reserve(catalog, wanted);
                if (outcome.result == ReserveResult::reserved) reserved[order] = qty;
            }
            std::int64_t sum = 0;
            for (const auto& [each, qty] : reserved) sum += qty;
            const auto left = co_await catalog.stock();
            EXPECT_EQ(left, 100 - sum);
            EXPECT_GE(left, 0);
        }
    });
}

}  // namespace
}  // namespace flotilla::shop::catalog
