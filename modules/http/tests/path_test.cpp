#include "flotilla/http/path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flotilla::http {
namespace {

std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> all;
    for_each_segment(path, [&](std::string_view segment) { all.push_back(segment); });
    return all;
}

TEST(Path, LosesDotSegmentsAndNothingElse) {
    EXPECT_EQ(*resolve_path("/"), "/");
    EXPECT_EQ(*resolve_path("/a/b/../c/./d"), "/a/c/d");
    EXPECT_EQ(*resolve_path("/a/b/.."), "/a/");
    EXPECT_EQ(*resolve_path("/a/."), "/a/");
    EXPECT_EQ(*resolve_path("/a/.."), "/");
    EXPECT_EQ(*resolve_path("//a//b/"), "//a//b/");
    EXPECT_EQ(*resolve_path("/a%20b;x=%3b/%c3%a4"), "/a%20b;x=%3b/%c3%a4");
}

TEST(Path, RefusesWhatRuleS12Names) {
    for (const char* bad :
         {"", "a", "/..", "/a/../..", "/%2e%2e", "/a%2fb", "/%", "/%00", "/a\\b", "/..;/a", "/a b", "/\x01"
         }) {
        EXPECT_FALSE(resolve_path(bad)) << bad;
        EXPECT_FALSE(decode_path(bad)) << bad;
    }
    EXPECT_EQ(resolve_path("/a%2fb").error().message(), "encoded slash or backslash in the path");
}

TEST(Path, IsDecodedWithoutMakingSeparators) {
    EXPECT_EQ(*decode_path("/a%20b/%C3%A4/%25"), "/a b/\xc3\xa4/%");
    EXPECT_EQ(*decode_path("/a%2fb%5Cc/d", EncodedSlash::keep), "/a%2Fb%5Cc/d");
}

TEST(Path, SegmentsAreDecodedWithoutParameters) {
    EXPECT_EQ(decode_segment("a%20b;x=1;y"), "a b");
    EXPECT_EQ(decode_segment("a%2Fb"), "a/b");
    EXPECT_EQ(decode_segment("a%3Bb"), "a;b");
    EXPECT_EQ(decode_segment("%zz"), "%zz");
}

TEST(Path, SegmentsAreWhatStandsBetweenSlashes) {
    EXPECT_THAT(segments("/"), ::testing::ElementsAre(""));
    EXPECT_THAT(segments("/a/b"), ::testing::ElementsAre("a", "b"));
    EXPECT_THAT(segments("/a//b/"), ::testing::ElementsAre("a", "", "b", ""));
}

}  // namespace
}  // namespace flotilla::http
