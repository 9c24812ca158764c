#include "flotilla/shop/catalog/catalog_repository.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "catalog_fixture.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/runtime/task_scope.hpp"

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

/// Reservations that come at the same moment.
class Rush {
public:
    Rush(CatalogFixture& catalog, runtime::EventLoop& loop) : catalog_(catalog), scope_(loop) {}

    void want(Reservation wanted) {
        outcomes.push_back(ReserveOutcome{.stock = -1});
        scope_.spawn("reserve", take(*this, outcomes.size() - 1, std::move(wanted)));
    }

    Task<> end() {
        const auto left =
            co_await scope_.drain(Deadline::after(Clock::system().now(), std::chrono::seconds(10)));
        EXPECT_EQ(left, 0U);
    }

    [[nodiscard]] int count(ReserveResult result) const {
        return static_cast<int>(std::ranges::count(outcomes, result, &ReserveOutcome::result));
    }

    std::vector<ReserveOutcome> outcomes;

private:
    static Task<> take(Rush& rush, std::size_t place, Reservation wanted) {
        const ReserveOutcome outcome = co_await reserve(rush.catalog_, std::move(wanted));
        rush.outcomes[place] = outcome;
    }

    CatalogFixture& catalog_;
    runtime::TaskScope scope_;
};

TEST(CatalogRepository, N1_WhatComesAtOnceTakesAsOneAfterTheOther) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        Rush rush(catalog, runtime::EventLoop::current());
        for (int i = 0; i < 20; ++i)
            rush.want(
                reservation("o" + std::to_string(i), 1 + i % 3, i % 4 == 0 ? "CATALOG-002" : "CATALOG-001")
            );
        co_await rush.end();
        EXPECT_EQ(rush.count(ReserveResult::reserved), 20);
        std::int64_t first = 100;
        for (std::size_t i = 0; i < 20; ++i) {
            if (i % 4 == 0) continue;
            first -= static_cast<std::int64_t>(1 + i % 3);
            EXPECT_EQ(rush.outcomes[i].stock, first) << i;
            EXPECT_EQ(rush.outcomes[i].unit_price, 1500);
        }
        const auto left = co_await catalog.stock();
        EXPECT_EQ(left, first);
    });
}

TEST(CatalogRepository, N1_NeverSellsMoreThanThereIsToThoseWhoComeAtOnce) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        Rush rush(catalog, runtime::EventLoop::current());
        // Some ask twice, and some for what does not exist.
        for (int i = 0; i < 40; ++i) rush.want(reservation("o" + std::to_string(i % 30), 7));
        for (int i = 0; i < 5; ++i) rush.want(reservation("x" + std::to_string(i), 1, "CATALOG-999"));
        co_await rush.end();
        EXPECT_EQ(rush.count(ReserveResult::unknown_product), 5);
        const auto repeated = std::ranges::count(rush.outcomes, true, &ReserveOutcome::repeated);
        EXPECT_EQ(repeated, 10);
        std::set<std::size_t> orders;
        for (std::size_t i = 0; i < 40; ++i)
            if (rush.outcomes[i].result == ReserveResult::reserved) orders.insert(i % 30);
        EXPECT_EQ(orders.size(), 14U);
        const auto left = co_await catalog.stock();
        EXPECT_EQ(left, 100 - 14 * 7);
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
