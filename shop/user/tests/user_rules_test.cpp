#include "flotilla/shop/user/user_rules.hpp"

#include <gtest/gtest.h>

namespace flotilla::shop::user {
namespace {

using Text = std::optional<std::string>;

const UserRules strict(Profile::flotilla, {});
const UserRules naive(Profile::course, {});

/// `field: message` of everything that is wrong.
std::vector<std::string> complaints(const Outcome<void>& outcome) {
    std::vector<std::string> all;
    if (outcome) return all;
    EXPECT_EQ(outcome.error().status(), http::Status::bad_request);
    for (const auto& error : outcome.error().errors()) all.push_back(error.field + ": " + error.message);
    return all;
}

NewUser tester() {
    return {.email = "a@x.io", .name = "Tester", .pwd = "test1111"};
}

NewUser with_email(Text email) {
    NewUser user = tester();
    user.email = std::move(email);
    return user;
}

NewUser with_name(Text name) {
    NewUser user = tester();
    user.name = std::move(name);
    return user;
}

NewUser with_password(Text pwd) {
    NewUser user = tester();
    user.pwd = std::move(pwd);
    return user;
}

using Lines = std::vector<std::string>;

TEST(UserRules, S11_TheRulesOfTheCourseHaveItsWords) {
    EXPECT_TRUE(strict.check(tester()));
    EXPECT_EQ(complaints(strict.check(with_email(std::nullopt))), Lines{"email: Email cannot be null"});
    EXPECT_EQ(
        complaints(strict.check(with_email("a"))),
        (Lines{"email: Email not be less than two characters", "email: must be a well-formed email address"})
    );
    EXPECT_EQ(complaints(strict.check(with_name(std::nullopt))), Lines{"name: Name cannot be null"});
    EXPECT_EQ(complaints(strict.check(with_name("x"))), Lines{"name: Name not be less than two characters"});
    EXPECT_EQ(complaints(strict.check(with_password(std::nullopt))), Lines{"pwd: Password cannot be null"});
    EXPECT_EQ(
        complaints(strict.check(with_password("1234"))),
        Lines{"pwd: Password must be equal or grater than 8 characters"}
    );
    const Credentials short_password{.email = "a@x.io", .password = "1234"};
    EXPECT_EQ(
        complaints(strict.check(short_password)),
        Lines{"password: Password must be equals or grater than 8 characters"}
    );
    EXPECT_EQ(
        complaints(strict.check(NewUser{})),
        (Lines{"email: Email cannot be null", "name: Name cannot be null", "pwd: Password cannot be null"})
    );
}

TEST(UserRules, S11_TheCourseEnforcesNoneOfThem) {
    EXPECT_TRUE(naive.check(with_password("1234")));
    EXPECT_TRUE(naive.check(with_email("a")));
    EXPECT_TRUE(naive.check(with_name("")));
    EXPECT_TRUE(naive.check(Credentials{.email = "a", .password = ""}));
}

TEST(UserRules, WhatCannotBeStoredIsRefusedByAll) {
    for (const UserRules& rules : {strict, naive}) {
        EXPECT_FALSE(rules.check(with_email(std::nullopt)));
        EXPECT_FALSE(rules.check(with_email(std::string(45, 'a') + "@x.iooo")));
        EXPECT_FALSE(rules.check(with_name(std::string(51, 'a'))));
        EXPECT_FALSE(rules.check(with_password(std::string(73, 'a'))));
        EXPECT_FALSE(rules.check(with_password(std::string("abcdefgh\0ijk", 12))));
        EXPECT_FALSE(rules.check(Credentials{}));
    }
}

TEST(UserRules, LengthsAreInCharactersAndOfPasswordsInBytes) {
    std::string hangul;
    for (int i = 0; i < 50; ++i) hangul += "한";
    EXPECT_TRUE(strict.check(with_name(hangul)));
    EXPECT_FALSE(strict.check(with_name(hangul + "글")));
    EXPECT_TRUE(strict.check(with_name("😀😀")));
    EXPECT_FALSE(strict.check(with_name("😀")));
    EXPECT_TRUE(strict.check(with_password(hangul.substr(0, 24))));
    EXPECT_TRUE(strict.check(with_password(hangul.substr(0, 72))));
    EXPECT_FALSE(strict.check(with_password(hangul.substr(0, 75))));
    EXPECT_FALSE(strict.check(with_name("a\nb")));
}

TEST(UserRules, AnEmailIsSomethingAtAHost) {
    for (const char* good :
         {"a@x.io", "a@b", "first.last+tag@sub.example.org", "한글@도메인.kr", "o'neil@x-y.io"})
        EXPECT_TRUE(is_email(good)) << good;
    for (const char* bad :
         {"",
          "a",
          "@",
          "a@",
          "@x.io",
          "a b@x.io",
          "a@x..io",
          ".a@x.io",
          "a.@x.io",
          "a@.io",
          "a@x.io.",
          "a@b@c",
          "a@x_y.io",
          "a@x.io\n",
          "<a@x.io>"})
        EXPECT_FALSE(is_email(bad)) << bad;
}

TEST(UserRules, MessagesCanBeOthers) {
    UserMessages korean;
    korean.email_null = "이메일을 입력하세요";
    const UserRules rules(Profile::flotilla, korean);
    EXPECT_EQ(complaints(rules.check(with_email(std::nullopt))), Lines{"email: 이메일을 입력하세요"});
}

}  // namespace
}  // namespace flotilla::shop::user
