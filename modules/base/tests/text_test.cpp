#include "flotilla/base/text.hpp"

#include <gtest/gtest.h>

namespace flotilla {

namespace {

TEST(Text, ComparesWithoutCase) {
    EXPECT_TRUE(iequals("Content-Length", "content-LENGTH"));
    EXPECT_FALSE(iequals("a", "ab"));
    EXPECT_TRUE(istarts_with("Bearer x", "bearer "));
    EXPECT_TRUE(icontains("db.PASSWORD", "password"));
}

TEST(Text, SplitsAndTrims) {
    EXPECT_EQ(split("a,,b", ',').size(), 3U);
    EXPECT_EQ(split_list(" a, ,b ,"), (std::vector<std::string_view>{"a", "b"}));
    EXPECT_EQ(trim("\t x y \r\n"), "x y");
    EXPECT_EQ(replace_all("aXbX", "X", "--"), "a--b--");
}

TEST(Text, MatchesGlobs) {
    EXPECT_TRUE(glob_match("order-*:**", "order-service:8080"));
    EXPECT_TRUE(glob_match("a?c", "abc"));
    EXPECT_FALSE(glob_match("a?c", "ac"));
    EXPECT_TRUE(glob_match("*", ""));
    EXPECT_FALSE(glob_match("*b", "abc"));
}

TEST(Text, ParsesWholeNumbersOnly) {
    EXPECT_EQ(parse_integer<int>("42"), 42);
    EXPECT_FALSE(parse_integer<int>("42 "));
    EXPECT_FALSE(parse_integer<int>("+42"));
    EXPECT_FALSE(parse_integer<unsigned char>("256"));
}

TEST(Text, FindsTheWordThatWasMeant) {
    EXPECT_EQ(edit_distance("prot", "port"), 1U);
    EXPECT_EQ(nearest_word("prot", {"address", "port"}), "port");
    EXPECT_FALSE(nearest_word("colour", {"address", "port"}));
}

TEST(Text, ChangesNameStyles) {
    EXPECT_EQ(snake_to_camel("wait_duration_in_open_state"), "waitDurationInOpenState");
    EXPECT_EQ(to_kebab("waitDurationInOpenState"), "wait-duration-in-open-state");
    EXPECT_EQ(to_kebab("wait_duration"), "wait-duration");
}

}  // namespace

}  // namespace flotilla
