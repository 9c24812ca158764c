#include "flotilla/metrics/tags.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flotilla::metrics {
namespace {

std::vector<std::pair<std::string, std::string>> list(const Tags& tags) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [key, value] : tags) all.emplace_back(key, value);
    return all;
}

using List = std::vector<std::pair<std::string, std::string>>;

TEST(Tags, AreSortedAndOfEqualKeysTheLastCounts) {
    const Tags tags{{"b", "1"}, {"a", "2"}, {"b", "3"}};
    EXPECT_EQ(list(tags), (List{{"a", "2"}, {"b", "3"}}));
    EXPECT_EQ(tags.size(), 2u);
    EXPECT_EQ(tags.find("b"), "3");
    EXPECT_EQ(tags.find("c"), std::nullopt);
}

TEST(Tags, AreEqualInAnyOrder) {
    EXPECT_EQ((Tags{{"a", "1"}, {"b", "2"}}), (Tags{{"b", "2"}, {"a", "1"}}));
    EXPECT_NE((Tags{{"a", "1"}}), (Tags{{"a", "2"}}));
    EXPECT_LT((Tags{{"a", "1"}}), (Tags{{"a", "2"}}));
}

TEST(Tags, AreAddedAndTakenAway) {
    const Tags tags{{"a", "1"}, {"b", "2"}};
    EXPECT_EQ(tags.with("b", "3").with("c", ""), (Tags{{"a", "1"}, {"b", "3"}, {"c", ""}}));
    EXPECT_EQ(tags.without("a"), (Tags{{"b", "2"}}));
    EXPECT_TRUE(tags.without("a").without("b").empty());
}

TEST(Tags, ManyAreFineAndNulIsReplaced) {
    std::vector<std::string> keys;
    for (int i = 40; i > 0; --i) keys.push_back(std::to_string(100 + i));
    std::vector<Tags::Tag> many;
    for (const std::string& key : keys) many.emplace_back(key, key);
    many.emplace_back("120", "last");
    const Tags tags{std::span<const Tags::Tag>(many)};
    EXPECT_EQ(tags.size(), 40u);
    EXPECT_EQ(tags.find("120"), "last");
    EXPECT_EQ(list(Tags{{"k", std::string_view("a\0b", 3)}}), (List{{"k", "a?b"}}));
}

}  // namespace
}  // namespace flotilla::metrics
