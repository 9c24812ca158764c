#include "flotilla/crypto/password.hpp"

#include <gtest/gtest.h>

namespace flotilla::crypto {

namespace {

TEST(Password, MatchesThePublishedVectors) {
    struct Row {
        std::string password;
        std::string_view hash;
    };

    const Row rows[] = {
        {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
        {"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"},
        {"", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"},
        {"12345678", "$2a$10$abcdefghijklmnopqrstuu6VFZE.TtiJ2cr5lBUZZkdTY8FkA5ul2"},
        {"test1111", "$2a$10$N9qo8uLOickgx2ZMRZoMye8I7UlKkIwoWDfLOfRgOG5wIXgGHzElS"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(verify_password(row.password, row.hash), true) << row.password;
        EXPECT_EQ(verify_password(row.password + "x", row.hash), false) << row.password;
    }
}

TEST(Password, ReadsItsOwnHashesAndThoseOfOthers) {
    const std::string hash = *hash_password("비밀번호", 4);
    EXPECT_TRUE(hash.starts_with("$2a$04$"));
    EXPECT_EQ(hash.size(), 60U);
    EXPECT_NE(hash, *hash_password("비밀번호", 4)) << "a new salt each time";
    for (const char variant : {'a', 'b', 'y'}) {
        std::string same = hash;
        same[2] = variant;
        EXPECT_EQ(verify_password("비밀번호", same), true) << variant;
    }
    EXPECT_EQ(verify_password("비밀번", hash), false);
}

TEST(Password, TheUsualCostIsTen) {
    EXPECT_TRUE(hash_password("p")->starts_with("$2a$10$"));
}

TEST(Password, SeventyTwoBytesAreTheLimitAndNothingIsCut) {
    const std::string longest(72, 'x');
    const auto hash = hash_password(longest, 4);
    ASSERT_TRUE(hash);
    EXPECT_EQ(verify_password(longest, *hash), true);
    EXPECT_EQ(verify_password(longest + "x", *hash), false);
    EXPECT_EQ(hash_password(longest + "x", 4).error().code(), Errc::limit_exceeded);
}

TEST(Password, ANulCharacterIsRefused) {
    const std::string_view with_nul("ab\0cd", 5);
    EXPECT_EQ(hash_password(with_nul, 4).error().code(), Errc::invalid_argument);
    EXPECT_EQ(verify_password(with_nul, *hash_password("ab", 4)), false);
}

TEST(Password, SaysWhenAHashIsNone) {
    for (const char* hash :
         {"",
          "plain",
          "$1$abc$def",
          "$2a$10$short",
          "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
          "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
          "$2a$0x$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
          "$2a$05$CCCCCCCCCCCCCCCCCCCC:.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
          "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWx"})
        EXPECT_EQ(verify_password("p", hash).error().code(), Errc::malformed) << hash;
    EXPECT_EQ(
        verify_password("p", "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").error().code(),
        Errc::limit_exceeded
    );
    EXPECT_FALSE(hash_password("p", 3));
    EXPECT_FALSE(hash_password("p", 19));
}

TEST(Password, NobodysPasswordIsAlwaysWrong) {
    EXPECT_FALSE(verify_nothing("p", 4));
    EXPECT_FALSE(verify_nothing(std::string(100, 'x'), 4));
}

}  // namespace

}  // namespace flotilla::crypto
