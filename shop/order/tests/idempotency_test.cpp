#include "flotilla/shop/order/idempotency.hpp"

#include <gtest/gtest.h>

#include "flotilla/shop/order/order_api.hpp"

namespace flotilla::shop::order {
namespace {

using namespace std::chrono_literals;

const WallTime now = WallTime(1'700'000'000s);

KeyRow row(KeyState state) {
    return {.user_id = "u", .idem_key = "k", .body_sha256 = "abc", .state = state, .expires_at = now + 24h};
}

TEST(IdempotencyKey, S30_DecidesWhatARequestGets) {
    EXPECT_EQ(verdict_on(std::nullopt, "abc", now), KeyVerdict::fresh);
    EXPECT_EQ(verdict_on(row(KeyState::done), "abc", now), KeyVerdict::replay);
    EXPECT_EQ(verdict_on(row(KeyState::running), "abc", now), KeyVerdict::running);
    EXPECT_EQ(verdict_on(row(KeyState::done), "abd", now), KeyVerdict::misuse);
    EXPECT_EQ(verdict_on(row(KeyState::running), "abd", now), KeyVerdict::misuse);
    EXPECT_EQ(verdict_on(row(KeyState::done), "abd", now + 24h), KeyVerdict::expired);
}

TEST(IdempotencyKey, HasOneTo128PrintableCharacters) {
    EXPECT_TRUE(check_key("k7"));
    EXPECT_TRUE(check_key(std::string(128, '~')));
    for (const std::string& bad :
         {std::string(), std::string(129, 'k'), std::string("a\tb"), std::string("키")}) {
        const auto refused = check_key(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().status(), http::Status::bad_request);
    }
}

TEST(IdempotencyKey, SaysNoWithAStatusOfItsOwn) {
    EXPECT_EQ(http::code_of(key_misused().status()), 422);
    EXPECT_EQ(http::code_of(still_running().status()), 409);
}

TEST(Prefer, NamesTheSecondsThatAClientWouldWait) {
    EXPECT_EQ(preferred_wait("wait=3"), 3s);
    EXPECT_EQ(preferred_wait("respond-async, Wait=10; x=1"), 10s);
    EXPECT_EQ(preferred_wait("wait=soon"), 0s);
    EXPECT_EQ(preferred_wait("wait=-4"), 0s);
    EXPECT_EQ(preferred_wait(""), std::nullopt);
    EXPECT_EQ(preferred_wait("return=minimal"), std::nullopt);
}

}  // namespace
}  // namespace flotilla::shop::order
