#include "flotilla/shop/driver/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace flotilla::shop::driver {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct Options {
    std::uint32_t users = 200;
    std::chrono::milliseconds think{1000};
    std::string order_db;
    bool quiet = false;
};

FLT_DESCRIBE_CONFIG(
    Options,
    (users, "How many users.", min(1)),
    (think, "Between two requests."),
    (order_db, "URL."),
    (quiet, "Says nothing.")
)

Result<Options> parse(std::vector<std::string_view> words) {
    return parse_arguments<Options>(words);
}

TEST(Arguments, AreTheFieldsOfAStructInEitherSpelling) {
    const auto options = parse({"--users", "50", "--think=250ms", "--order-db", "sqlite:a=b", "--quiet"});
    ASSERT_TRUE(options) << options.error().message();
    EXPECT_EQ(options->users, 50U);
    EXPECT_EQ(options->think, 250ms);
    EXPECT_EQ(options->order_db, "sqlite:a=b");
    EXPECT_TRUE(options->quiet);
}

TEST(Arguments, LeaveDefaultsAlone) {
    const auto options = parse({});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->users, 200U);
    EXPECT_EQ(options->think, 1s);
    EXPECT_FALSE(options->quiet);
}

TEST(Arguments, ThatAreUnknownNameTheNearest) {
    EXPECT_THAT(parse({"--user=5"}).error().message(), HasSubstr("unknown option --user, meant --users?"));
    EXPECT_THAT(parse({"users=5"}).error().message(), HasSubstr("options begin with --"));
}

TEST(Arguments, MustHaveAValueThatFits) {
    EXPECT_THAT(parse({"--users"}).error().message(), HasSubstr("--users wants a value"));
    EXPECT_THAT(parse({"--users", "--quiet"}).error().message(), HasSubstr("--users wants a value"));
    EXPECT_FALSE(parse({"--users=many"}));
    EXPECT_THAT(parse({"--users=0"}).error().message(), HasSubstr("must be greater than or equal to 1"));
}

TEST(Arguments, AreListedWithTheirDocumentation) {
    EXPECT_THAT(list_options(options_of<Options>()), HasSubstr("--order-db ..."));
    EXPECT_THAT(list_options(options_of<Options>()), HasSubstr("Says nothing."));
}

}  // namespace

}  // namespace flotilla::shop::driver
