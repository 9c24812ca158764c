#include "flotilla/http/percent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"

namespace flotilla::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> pairs(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& pair : UrlEncoded(text)) all.emplace_back(pair.name(), pair.value());
    return all;
}

TEST(Percent, DecodesEscapesOnly) {
    EXPECT_EQ(percent_decode("a%20b%c3%A4+c"), "a b\xc3\xa4+c");
    EXPECT_EQ(percent_decode(""), "");
    for (const char* bad : {"%", "%4", "%zz", "a%4", "%4g"})
        EXPECT_EQ(percent_decode(bad), std::nullopt) << bad;
}

TEST(Percent, EncodesWhatItsPlaceDoesNotAllow) {
    EXPECT_EQ(percent_encode("a b/c?d=e&f+g"), "a%20b%2Fc%3Fd%3De%26f%2Bg");
    EXPECT_EQ(percent_encode("a:b@c;d/e", EscapeFor::segment), "a:b@c;d%2Fe");
    EXPECT_EQ(percent_encode("-._~\xc3\xa4"), "-._~%C3%A4");
}

TEST(Percent, DecodesWhatItEncoded) {
    Random random(3);
    for (int round = 0; round < 500; ++round) {
        std::string text(random.below(40), '\0');
        for (char& c : text) c = static_cast<char>(random());
        EXPECT_EQ(percent_decode(percent_encode(text)), text);
        EXPECT_EQ(percent_decode(percent_encode(text, EscapeFor::segment)), text);
        EXPECT_EQ(form_decode(percent_encode(text)), text);
        std::string query;
        append_urlencoded(query, text, text);
        if (!text.empty()) {
            EXPECT_THAT(pairs(query), ElementsAre(Pair(text, text)));
        }
    }
}

TEST(UrlEncoded, GivesPairsInOrder) {
    EXPECT_THAT(
        pairs("a=1&b=x+y%26&a=&c&=d"),
        ElementsAre(Pair("a", "1"), Pair("b", "x y&"), Pair("a", ""), Pair("c", ""), Pair("", "d"))
    );
    EXPECT_THAT(pairs(""), ElementsAre());
    EXPECT_THAT(pairs("&&a=1&&"), ElementsAre(Pair("a", "1")));
    EXPECT_THAT(pairs("a=b=c"), ElementsAre(Pair("a", "b=c")));
}

TEST(UrlEncoded, LeavesMalformedEscapesAlone) {
    EXPECT_THAT(pairs("a=100%&%zz=%4"), ElementsAre(Pair("a", "100%"), Pair("%zz", "%4")));
}

TEST(UrlEncoded, FindsEncodedNames) {
    const UrlEncoded query("first%20name=Ann&last+name=Lee&x");
    EXPECT_EQ(query.get("first name"), "Ann");
    EXPECT_EQ(query.get("last name"), "Lee");
    EXPECT_EQ(query.get("x"), "");
    EXPECT_EQ(query.get("y"), std::nullopt);
    EXPECT_FALSE((*UrlEncoded("x").begin()).has_value);
    EXPECT_TRUE((*UrlEncoded("x=").begin()).has_value);
}

}  // namespace
}  // namespace flotilla::http
