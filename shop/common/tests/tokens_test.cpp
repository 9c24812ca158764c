#include "flotilla/shop/tokens.hpp"

#include <gtest/gtest.h>

#include "flotilla/crypto/jwt.hpp"
#include "flotilla/log/captured_log.hpp"
#include "flotilla/reflect/json.hpp"
#include "request_builder.hpp"

namespace flotilla::shop {
namespace {

using namespace std::chrono_literals;
using http::RequestBuilder;
using reflect::Json;

constexpr std::string_view known_subject = "11111111-2222-3333-4444-555555555555";
constexpr std::string_view known_start =
    "eyJhbGciOiJIUzUxMiJ9."
    "eyJzdWIiOiIxMTExMTExMS0yMjIyLTMzMzMtNDQ0NC01NTU1NTU1NTU1NTUiLCJleHAiOjQxMDI0NDQ4MDB9.";

using Properties = std::vector<std::pair<std::string, Json>>;

struct Shop {
    explicit Shop(Properties properties)
        : environment(config::Environment::of(properties)),
          tokens(Tokens::load(environment, clock, log.logger("tokens")).value()) {}

    ManualClock clock;
    log::CapturedLog log;
    config::Environment environment;
    std::unique_ptr<Tokens> tokens;

    [[nodiscard]] std::string token_for(std::string_view user, std::vector<std::string> roles = {}) const {
        return tokens->keys()->issue(user, 1h, roles).value();
    }

    [[nodiscard]] Outcome<Caller> asks(std::string_view authorization, std::string_view user) const {
        const RequestBuilder request("GET /", {{"Authorization", authorization}}, "");
        return tokens->caller_for(request.request, user);
    }
};

TokenConfig course_secret(std::string encoding) {
    TokenConfig config;
    config.secret = "user_token";
    config.secret_encoding = std::move(encoding);
    return config;
}

std::string known_token(const std::string& encoding) {
    ManualClock clock;
    const auto keys = TokenKeys::of(course_secret(encoding), clock).value();
    return keys->issue(known_subject, WallTime(4102444800s) - clock.wall_now()).value();
}

TEST(TokenFacts, S2_4_TheVectorWithTheSecretDecodedAsTheFirstVersionDoes) {
    EXPECT_EQ(
        known_token("base64"),
        std::string(known_start) +
            "ky1lTagVPY6oq0igmbI6gBoH28UhdxoO2l1m2LuLW9FDGA2CBIY5InyqP_EChiIjjvfqu6MpGT7sIUINuXVJvQ"
    );
}

TEST(TokenFacts, S2_4_TheVectorWithTheBytesOfTheSecret) {
    EXPECT_EQ(
        known_token("raw"),
        std::string(known_start) +
            "LJmleYnDCg4IrmMvAx0VV3q_bo-CfccXubxnzxU-LqYQbbrgTy1ZhdGOkL7-bBPmxYWtdwH0KgNoH-Cqu1xfBA"
    );
}

TEST(TokenFacts, S2_4_TheLengthOfTheKeyChoosesTheAlgorithmInTheSecondVersion) {
    ManualClock clock;
    TokenConfig config = course_secret("base64-text");
    config.secret = "a secret with 38 characters, exactly!!";
    const auto token = TokenKeys::of(config, clock).value()->issue("u", 1h).value();
    EXPECT_TRUE(token.starts_with("eyJhbGciOiJIUzM4NCJ9.")) << token;
}

TEST(TokenFacts, S2_4_AShortKeyIsAWarningOrARefusalToStart) {
    ManualClock clock;
    EXPECT_FALSE(TokenKeys::of(course_secret("raw"), clock).value()->weakness().empty());
    TokenConfig strict = course_secret("raw");
    strict.min_key_check = "error";
    EXPECT_FALSE(TokenKeys::of(strict, clock));
}

TEST(Tokens, WithoutASecretThereAreNone) {
    log::CapturedLog log;
    const auto tokens = Tokens::load(config::Environment::of({}), Clock::system(), log.logger("t"));
    ASSERT_FALSE(tokens);
    EXPECT_EQ(tokens.error().message(), "token.secret is not set");
}

TEST(Tokens, N9_AUserActsForHimselfAlone) {
    const Shop shop(Properties{{"token.secret", "s3cret"}});
    const std::string bearer = "Bearer " + shop.token_for("u1");
    EXPECT_EQ(shop.asks(bearer, "u1")->id, "u1");
    const auto other = shop.asks(bearer, "u2");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().status(), http::Status::forbidden);
}

TEST(Tokens, AnAdminActsForEverybody) {
    const Shop shop(Properties{{"token.secret", "s3cret"}});
    EXPECT_TRUE(shop.asks("Bearer " + shop.token_for("boss", {"ADMIN"}), "u2"));
}

TEST(Tokens, AServiceShowsWhatItIs) {
    const Shop shop(Properties{{"token.secret", "s3cret"}});
    const std::string own = shop.tokens->service_authorization("order-service").value();
    const RequestBuilder request("PUT /reservations/1", {{"Authorization", own}}, "");
    EXPECT_EQ(shop.tokens->caller_with(request.request, service_role)->id, "order-service");
    const std::string of_user = "Bearer " + shop.token_for("u1");
    const RequestBuilder other("PUT /reservations/1", {{"Authorization", of_user}}, "");
    EXPECT_EQ(
        shop.tokens->caller_with(other.request, service_role).error().status(), http::Status::forbidden
    );
}

TEST(Tokens, N16_WhatIsNoGoodTokenIsAnsweredWithAChallenge) {
    Shop shop(Properties{{"token.secret", "s3cret"}, {"token.leeway", "0s"}});
    const std::string good = shop.token_for("u1");
    const Shop stranger(Properties{{"token.secret", "another"}});
    const std::string none = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSIsImV4cCI6NDEwMjQ0NDgwMH0.";
    for (const std::string& bad : {
             std::string("Bearer x.y.z"),
             std::string("Bearer"),
             "Basic " + good,
             "Bearer" + good,
             "Bearer " + good + " " + good,
             "Bearer " + stranger.token_for("u1"),
             none,
         }) {
        const auto caller = shop.asks(bad, "u1");
        ASSERT_FALSE(caller) << bad;
        EXPECT_EQ(caller.error().status(), http::Status::unauthorized);
        const RequestBuilder request("GET /", {}, "");
        const auto answer = caller.error().answer(request.request, shop.clock.wall_now());
        EXPECT_EQ(answer.headers().find("WWW-Authenticate"), R"(Bearer error="invalid_token")");
    }
    EXPECT_TRUE(shop.asks("bEaReR   " + good, "u1"));
    shop.clock.advance(1h + 1s);
    EXPECT_FALSE(shop.asks("Bearer " + good, "u1"));
}

TEST(Tokens, TwoAuthorizationsAreNone) {
    const Shop shop(Properties{{"token.secret", "s3cret"}});
    const std::string bearer = "Bearer " + shop.token_for("u1");
    const RequestBuilder twice("GET /", {{"Authorization", bearer}, {"Authorization", bearer}}, "");
    EXPECT_FALSE(shop.tokens->caller_of(twice.request));
    const RequestBuilder without("GET /", {}, "");
    const auto nobody = shop.tokens->caller_of(without.request);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().message(), "No authorization header");
}

TEST(Tokens, ANewSecretTakesEffectAndThePreviousOneIsGoodForAWhile) {
    Shop shop(Properties{{"token.secret", "old"}});
    const std::string before = shop.token_for("u1");
    const std::string old_fingerprint = shop.tokens->keys()->fingerprint();
    ASSERT_TRUE(shop.environment.set_at_run_time({{"token.secret", "new"}}));
    EXPECT_FALSE(shop.asks("Bearer " + before, "u1"));
    EXPECT_NE(shop.tokens->keys()->fingerprint(), old_fingerprint);
    ASSERT_TRUE(shop.environment.set_at_run_time({{"token.previous-secrets", Json::array({"old"})}}));
    EXPECT_TRUE(shop.asks("Bearer " + before, "u1"));
    EXPECT_TRUE(shop.asks("Bearer " + shop.token_for("u1"), "u1"));
}

TEST(Tokens, AChangeThatDoesNotFitLeavesThemAsTheyAre) {
    Shop shop(Properties{{"token.secret", "old"}});
    const std::string before = shop.token_for("u1");
    ASSERT_TRUE(shop.environment.set_at_run_time({{"token.secret-encoding", "rot13"}}));
    EXPECT_TRUE(shop.asks("Bearer " + before, "u1"));
    EXPECT_EQ(shop.log.count_of("is left out"), 1U);
    EXPECT_EQ(shop.log.count_of("old"), 0U);
}

}  // namespace
}  // namespace flotilla::shop
