#include "flotilla/shop/driver/invariants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "flotilla/base/random.hpp"

namespace flotilla::shop::driver {

namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

auto says(const std::string& text) {
    return Field(&Violation::what, HasSubstr(text));
}

JournalLine told(std::string user, std::string order, std::int64_t qty = 1, std::string key = {}) {
    return {
        .kind = JournalKind::order,
        .user_id = std::move(user),
        .order_id = order,
        .product_id = "CATALOG-001",
        .qty = qty,
        .key = key.empty() ? "key of " + order : key,
    };
}

JournalLine lost(std::string user, std::int64_t qty = 1) {
    return {
        .kind = JournalKind::lost,
        .user_id = std::move(user),
        .product_id = "CATALOG-001",
        .qty = qty,
        .key = "k"
    };
}

OrderRow row(std::string user, std::string order, std::int64_t qty = 1, std::string status = "CONFIRMED") {
    return {
        .order_id = std::move(order),
        .user_id = std::move(user),
        .product_id = "CATALOG-001",
        .qty = qty,
        .unit_price = 1500,
        .total_price = 1500 * qty,
        .status = std::move(status),
    };
}

ReservationRow reserved(std::string order, std::int64_t qty = 1, std::string status = "RESERVED") {
    return {
        .order_id = std::move(order), .product_id = "CATALOG-001", .qty = qty, .status = std::move(status)
    };
}

TEST(ShopInvariants, I1_EveryOrderThatWasToldIsThereOnce) {
    const std::vector journal{told("u", "a"), told("u", "b", 2)};
    EXPECT_THAT(check_created(journal, std::vector{row("u", "a"), row("u", "b", 2)}), IsEmpty());
    EXPECT_THAT(
        check_created(journal, std::vector{row("u", "a")}),
        ElementsAre(says("order b was answered with 201 and is not there"))
    );
    EXPECT_THAT(
        check_created(journal, std::vector{row("u", "a"), row("u", "a"), row("u", "b", 2)}),
        ElementsAre(says("order a is there more than once"))
    );
    EXPECT_THAT(
        check_created(journal, std::vector{row("u", "a"), row("u", "b", 3)}),
        ElementsAre(says("order b is 3 x CATALOG-001"))
    );
}

TEST(ShopInvariants, I1_AnOrderThatNobodyWasToldOfIsADuplicateUnlessItsAnswerWasLost) {
    const std::vector journal{told("u", "a"), lost("u")};
    EXPECT_THAT(check_created(journal, std::vector{row("u", "a")}), IsEmpty());
    EXPECT_THAT(check_created(journal, std::vector{row("u", "a"), row("u", "x")}), IsEmpty());
    EXPECT_THAT(
        check_created(journal, std::vector{row("u", "a"), row("u", "x"), row("u", "y")}),
        ElementsAre(says("order y (CONFIRMED) is there, and nobody was told of it"))
    );
    EXPECT_THAT(check_created(journal, std::vector{row("u", "a"), row("u", "x", 7)}), SizeIs(1))
        << "lost was one of 1";
    EXPECT_THAT(check_created(journal, std::vector{row("u", "a"), row("u", "x", 7, "REJECTED")}), IsEmpty());
    EXPECT_THAT(check_created(journal, std::vector{row("u", "a"), row("somebody else", "z")}), IsEmpty());
}

TEST(ShopInvariants, I1_AKeyStandsForOneOrder) {
    EXPECT_THAT(
        check_created(
            std::vector{told("u", "a", 1, "k"), told("u", "b", 1, "k")},
            std::vector{row("u", "a"), row("u", "b")}
        ),
        ElementsAre(says("key k was answered with orders a and b"))
    );
    const std::vector journal{told("u", "a", 1, "k")};
    EXPECT_THAT(check_keys(journal, std::vector{KeyRow{"u", "k", "a"}}), IsEmpty());
    EXPECT_THAT(
        check_keys(journal, std::vector{KeyRow{"u", "k", "b"}}), ElementsAre(says("stands for order b"))
    );
    EXPECT_THAT(
        check_keys(journal, std::vector{KeyRow{"u", "k", "a"}, KeyRow{"u", "l", "a"}}),
        ElementsAre(says("order a has more than one key"))
    );
    EXPECT_THAT(check_keys(journal, std::vector{KeyRow{"u", "m", ""}, KeyRow{"u", "n", ""}}), IsEmpty());
}

TEST(ShopInvariants, I2_StockIsWhatWasThereLessWhatIsReserved) {
    const StockByProduct initial{{"CATALOG-001", 100}};
    const std::vector reservations{
        reserved("a", 10), reserved("b", 5, "RELEASED"), reserved("c", 1, "REJECTED")
    };
    EXPECT_THAT(check_stock(initial, std::vector{Product{"CATALOG-001", 1500, 90}}, reservations), IsEmpty());
    EXPECT_THAT(
        check_stock(initial, std::vector{Product{"CATALOG-001", 1500, 89}}, reservations),
        ElementsAre(says("began with 100, 10 are reserved, and the stock is 89 in place of 90"))
    );
    EXPECT_THAT(
        check_stock({}, std::vector{Product{"CATALOG-001", 1500, -1}}, reservations),
        ElementsAre(says("has a stock of -1"))
    );
    EXPECT_THAT(check_stock(initial, {}, reservations), ElementsAre(says("which is not in the catalog")));
}

TEST(ShopInvariants, I2_WhoHasAnOrderHasItsStock) {
    EXPECT_THAT(check_reservations(std::vector{row("u", "a", 2)}, std::vector{reserved("a", 2)}), IsEmpty());
    EXPECT_THAT(
        check_reservations(std::vector{row("u", "a", 2)}, std::vector{reserved("a", 3)}),
        ElementsAre(says("its reservation of 3"))
    );
    EXPECT_THAT(
        check_reservations(std::vector{row("u", "a")}, {}),
        ElementsAre(says("CONFIRMED without a reservation"))
    );
    EXPECT_THAT(
        check_reservations(std::vector{row("u", "a", 1, "CANCELLED")}, std::vector{reserved("a")}),
        ElementsAre(says("is CANCELLED and holds stock"))
    );
    EXPECT_THAT(
        check_reservations(
            std::vector{row("u", "a", 1, "CANCELLED")}, std::vector{reserved("a", 1, "RELEASED")}
        ),
        IsEmpty()
    );
    EXPECT_THAT(
        check_reservations({}, std::vector{reserved("x")}), ElementsAre(says("order x, which is not there"))
    );
    EXPECT_THAT(check_reservations(std::vector{row("u", "a", 1, "PENDING")}, {}), IsEmpty()) << "not yet";
}

TEST(ShopInvariants, I3_EveryOrderComesToItsEnd) {
    EXPECT_THAT(
        check_final(std::vector{row("u", "a"), row("u", "b", 1, "REJECTED"), row("u", "c", 1, "CANCELLED")}),
        IsEmpty()
    );
    EXPECT_THAT(
        check_final(std::vector{row("u", "d", 1, "PENDING")}), ElementsAre(says("order d is still PENDING"))
    );
    EXPECT_THAT(check_final(std::vector{row("u", "e", 1, "CANCELLING")}), SizeIs(1));
}

TEST(ShopInvariants, I5_AllInstancesListTheSame) {
    const OrderView a{"a", "CATALOG-001", 1, 1500, "CONFIRMED"};
    const OrderView b{"b", "CATALOG-001", 1, 1500, "CONFIRMED"};
    const std::vector journal{told("u", "a")};
    EXPECT_THAT(
        check_lists(journal, std::vector{OrderList{"u", "one", {a, b}}, OrderList{"u", "two", {a, b}}}),
        IsEmpty()
    );
    EXPECT_THAT(
        check_lists(journal, std::vector{OrderList{"u", "one", {a}}, OrderList{"u", "two", {a, b}}}),
        ElementsAre(says("two lists other orders of u than one (2 and 1 of them)"))
    );
    EXPECT_THAT(
        check_lists(journal, std::vector{OrderList{"u", "one", {b}}}),
        ElementsAre(says("one does not list order a"))
    );
    EXPECT_THAT(
        check_lists(journal, std::vector{OrderList{"u", "one", {a, a}}}),
        ElementsAre(says("lists order a more than once"))
    );
    EXPECT_THAT(
        check_lists(journal, std::vector{OrderList{"v", "one", {b}}, OrderList{"w", "two", {}}}), IsEmpty()
    );
}

/// A shop that works, and one thing wrong with it: that is always seen.
TEST(ShopInvariants, SeeEverySingleFaultInAThousandShops) {
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        Random random(seed);
        std::vector<JournalLine> journal;
        std::vector<OrderRow> rows;
        std::vector<ReservationRow> reservations;
        std::int64_t stock = 10'000;
        for (int i = 0; i < 20; ++i) {
            const std::string id = std::to_string(i);
            const auto qty = static_cast<std::int64_t>(1 + random.below(9));
            journal.push_back(told("u" + std::to_string(random.below(3)), id, qty));
            rows.push_back(row(journal.back().user_id, id, qty));
            reservations.push_back(reserved(id, qty));
            stock -= qty;
        }
        const auto violations = [&] {
            Violations all = check_created(journal, rows);
            const std::vector products{Product{"CATALOG-001", 1500, stock}};
            for (const Violations& more :
                 {check_stock({{"CATALOG-001", 10'000}}, products, reservations),
                  check_reservations(rows, reservations),
                  check_final(rows)})
                all.insert(all.end(), more.begin(), more.end());
            return all;
        };
        ASSERT_THAT(violations(), IsEmpty()) << "seed " << seed;
        const auto victim = static_cast<std::ptrdiff_t>(random.below(rows.size()));
        switch (random.below(7)) {
            case 0:
                rows.erase(rows.begin() + victim);
                break;
            case 1:
                rows.push_back(row("u0", "duplicate", 1));
                break;
            case 2:
                stock -= 1;
                break;
            case 3:
                reservations.erase(reservations.begin() + victim);
                break;
            case 4:
                reservations.push_back(reserved("nobody's"));
                break;
            case 5:
                rows[static_cast<std::size_t>(victim)].status = "PENDING";
                break;
            default:
                rows[static_cast<std::size_t>(victim)].qty += 1;
                break;
        }
        EXPECT_FALSE(violations().empty()) << "seed " << seed;
    }
}

}  // namespace

}  // namespace flotilla::shop::driver
