#include "flotilla/shop/driver/log_scan.hpp"

#include <gtest/gtest.h>

namespace flotilla::shop::driver {

namespace {

const LogScan scan({"user_token_of_the_shop", "abc"});

TEST(LogScan, FindsPasswordHashes) {
    EXPECT_EQ(
        scan.leak_in("row: $2a$10$abcdefghijklmnopqrstuu6VFZE.TtiJ2cr5lBUZZkdTY8FkA5ul2"), "a password hash"
    );
    EXPECT_EQ(scan.leak_in("$2y$12$"), "a password hash");
    EXPECT_FALSE(scan.leak_in("it cost $2 and $25"));
}

TEST(LogScan, FindsWholeTokens) {
    EXPECT_EQ(
        scan.leak_in("Authorization: Bearer eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiIxMTEx.LJmleYnDCg4I"), "a token"
    );
    EXPECT_FALSE(scan.leak_in("the header eyJhbGciOiJIUzUxMiJ9 alone gives nothing away"));
    EXPECT_FALSE(scan.leak_in("Authorization: Bearer ******"));
}

TEST(LogScan, FindsTheSecretsThatItIsTold) {
    const auto leak = scan.leak_in("token.secret=user_token_of_the_shop");
    ASSERT_TRUE(leak);
    EXPECT_EQ(*leak, "secret number 1");
    EXPECT_FALSE(scan.leak_in("abc is too short to be looked for"));
}

}  // namespace

}  // namespace flotilla::shop::driver
