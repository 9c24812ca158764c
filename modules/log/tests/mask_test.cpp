#include "mask.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace flotilla::log::detail {
namespace {

std::string masked_text(std::string_view text) {
    std::string scratch;
    return std::string(mask(text, {}, scratch));
}

TEST(Mask, HidesValuesOfSecretKeys) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"password=abc", "password=******"},
        {"user=a&password=abc&x=1", "user=a&password=******&x=1"},
        {"client_secret=s access_token=t.t-t, done", "client_secret=****** access_token=******, done"},
        {"Password = abc def", "Password = ****** def"},
        {"token: abc", "token: ******"},
        {R"({"password":"a\"b","user":"u"})", R"({"password":"******","user":"u"})"},
        {R"({"password" : "a, b"})", R"({"password" : "******"})"},
        {R"(body {\"password\":\"abc\",\"n\":1})", R"(body {\"password\":\"******\",\"n\":1})"},
        {"{'apiKey': 'abc def'}", "{'apiKey': '******'}"},
        {"Authorization: Bearer eyJ.x.y next", "Authorization: Bearer ****** next"},
        {"authorization: Basic dXNlcg==", "authorization: Basic ******"},
        {"Authorization: Digest a=\"1\", b=2\nHost: x", "Authorization: Digest ******\nHost: x"},
        {R"(curl -H "Authorization: Digest a b" http://x)",
         R"(curl -H "Authorization: Digest ******" http://x)"},
        {"Authorization: opaque", "Authorization: ******"},
        {"PASSWORD=a password=b", "PASSWORD=****** password=******"},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(masked_text(text), expected) << text;
}

TEST(Mask, LeavesOtherTextsAsTheyAre) {
    for (const std::string_view text :
         {"",
          "order 17 created",
          "a=b:c",
          "tokens=5",
          "password",
          "password=",
          "passwords: 3",
          "=",
          ":",
          "the secret is safe",
          "at 12:30:00 x=1"}) {
        std::string scratch;
        EXPECT_EQ(mask(text, {}, scratch).data(), text.data()) << text;
    }
}

TEST(Mask, HidesRegisteredValuesEverywhere) {
    std::string scratch;
    EXPECT_EQ(mask("k=abcd and abcd", {"abcd"}, scratch), "k=****** and ******");
    EXPECT_EQ(mask("password=abcd", {"abcd"}, scratch), "password=******");
}

}  // namespace
}  // namespace flotilla::log::detail
