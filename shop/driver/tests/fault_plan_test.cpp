#include "flotilla/shop/driver/fault_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>

namespace flotilla::shop::driver {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

FaultPlanOptions options(std::uint64_t seed) {
    return {
        .seed = seed,
        .duration = 120s,
        .pause = 3s,
        .longest = 4s,
        .parts = {"registry", "gateway", "user", "order-1", "order-2", "catalog"},
        .flags = {{"order", "shop.fault.order.get.delay-ms", "2000"}},
    };
}

TEST(FaultPlan, FollowsFromItsSeed) {
    EXPECT_EQ(make_fault_plan(options(7)), make_fault_plan(options(7)));
    EXPECT_NE(make_fault_plan(options(7)), make_fault_plan(options(8)));
}

TEST(FaultPlan, DoesNotDependOnTheOrderInWhichPartsAreGiven) {
    FaultPlanOptions other = options(7);
    std::swap(other.parts[0], other.parts[4]);
    EXPECT_EQ(make_fault_plan(options(7)), make_fault_plan(other));
}

TEST(FaultPlan, HasOneFaultAtATimeWithinTheDuration) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Duration free_from{};
        for (const Fault& fault : make_fault_plan(options(seed))) {
            EXPECT_GE(fault.at, free_from + 1s) << "seed " << seed;
            EXPECT_LT(fault.at, 120s);
            EXPECT_LE(fault.length, 4s);
            EXPECT_EQ(fault.length > 0ns, fault.kind != FaultKind::kill);
            free_from = fault.at + fault.length;
        }
    }
}

TEST(FaultPlan, HitsEveryPartBeforeItHitsOneTwice) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        std::map<std::string, int> hits;
        int dealt = 0;
        for (const Fault& fault : make_fault_plan(options(seed))) {
            ++hits[fault.part];
            if (++dealt % 6 == 0)
                for (const auto& [part, count] : hits)
                    EXPECT_EQ(count, dealt / 6) << "seed " << seed << ' ' << part;
        }
        EXPECT_EQ(hits.size(), 6U);
    }
}

TEST(FaultPlan, SetsFlagsOnlyWhereTheyBelong) {
    std::set<FaultKind> kinds;
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
        for (const Fault& fault : make_fault_plan(options(seed))) {
            kinds.insert(fault.kind);
            if (fault.kind == FaultKind::flag) EXPECT_TRUE(is_of_group(fault.part, "order")) << fault.part;
        }
    EXPECT_EQ(kinds.size(), 3U);
}

TEST(FaultPlan, KeepsToTheKindsThatAreAskedFor) {
    FaultPlanOptions only = options(3);
    only.kinds = {FaultKind::kill};
    for (const Fault& fault : make_fault_plan(only)) EXPECT_EQ(fault.kind, FaultKind::kill);
    only.parts.clear();
    EXPECT_TRUE(make_fault_plan(only).empty());
}

TEST(FaultPlan, KnowsThePartsOfAGroup) {
    EXPECT_TRUE(is_of_group("order", "order"));
    EXPECT_TRUE(is_of_group("order-12", "order"));
    EXPECT_FALSE(is_of_group("order-history", "order"));
    EXPECT_FALSE(is_of_group("orders", "order"));
}

TEST(FaultPlan, ReadsFlagsAndKinds) {
    const auto flags = parse_fault_flags("order:order.get.delay-ms=2000, catalog:catalog.get.error-rate=0.3");
    ASSERT_TRUE(flags);
    EXPECT_THAT(
        *flags,
        ElementsAre(
            FaultFlag{"order", "shop.fault.order.get.delay-ms", "2000"},
            FaultFlag{"catalog", "shop.fault.catalog.get.error-rate", "0.3"}
        )
    );
    EXPECT_THAT(parse_fault_flags("order.get=1").error().message(), HasSubstr("wanted is"));
    const auto kinds = parse_fault_kinds("kill,stop");
    ASSERT_TRUE(kinds);
    EXPECT_THAT(*kinds, ElementsAre(FaultKind::kill, FaultKind::stop));
    EXPECT_FALSE(parse_fault_kinds("flood"));
    EXPECT_FALSE(parse_fault_kinds(""));
}

}  // namespace

}  // namespace flotilla::shop::driver
