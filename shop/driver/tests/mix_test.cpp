#include "flotilla/shop/driver/mix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace flotilla::shop::driver {

namespace {

using ::testing::HasSubstr;

TEST(Mix, PicksByWeight) {
    const auto mix = Mix::parse("browse=65,login=2,order=15,detail=18");
    ASSERT_TRUE(mix);
    Random random(7);
    std::map<Operation, int> picks;
    for (int i = 0; i < 100'000; ++i) ++picks[mix->pick(random)];
    EXPECT_NEAR(picks[Operation::browse], 65'000, 600);
    EXPECT_NEAR(picks[Operation::login], 2'000, 200);
    EXPECT_NEAR(picks[Operation::order], 15'000, 400);
    EXPECT_NEAR(picks[Operation::detail], 18'000, 450);
    EXPECT_EQ(picks[Operation::enroll], 0);
}

TEST(Mix, OfOneOperationPicksThat) {
    const auto mix = Mix::parse("order=1");
    ASSERT_TRUE(mix);
    Random random(1);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(mix->pick(random), Operation::order);
}

TEST(Mix, TakesTheLastWeightOfAnOperation) {
    const auto mix = Mix::parse("order=1, browse=0, order=3");
    ASSERT_TRUE(mix);
    EXPECT_EQ(mix->weight(Operation::order), 3U);
}

TEST(Mix, SaysWhatItDoesNotUnderstand) {
    EXPECT_THAT(Mix::parse("dance=1").error().message(), HasSubstr("dance is none of"));
    EXPECT_THAT(Mix::parse("register=1").error().message(), HasSubstr("register is none of"));
    EXPECT_THAT(Mix::parse("order").error().message(), HasSubstr("wants a weight"));
    EXPECT_THAT(Mix::parse("order=-1").error().message(), HasSubstr("wants a weight"));
    EXPECT_THAT(Mix::parse("order=0").error().message(), HasSubstr("no operation has a weight"));
    EXPECT_THAT(Mix::parse("").error().message(), HasSubstr("no operation has a weight"));
}

}  // namespace

}  // namespace flotilla::shop::driver
