#include "flotilla/crypto/jwt.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/crypto/digest.hpp"
#include "test_keys.hpp"

namespace flotilla::crypto {

namespace {

using namespace std::chrono_literals;
using reflect::Json;

constexpr std::int64_t now_seconds = 1'700'000'000;

class JwtTest : public ::testing::Test {
protected:
    static JwtKey secret_key() { return *JwtKey::hmac("a secret of at least thirty-two bytes"); }

    static Json claims() { return Json::object({{"sub", "u1"}, {"exp", now_seconds + 60}}); }

    static std::string signed_with(const Json& claims) {
        return *sign_jwt(secret_key(), JwtAlgorithm::hs256, claims);
    }

    /// A token whose signature is right, whatever its parts are.
    static std::string signed_parts(std::string_view header, std::string_view body) {
        const std::string input = to_base64url(header) + "." + to_base64url(body);
        return input + "." + to_base64url(*secret_key().sign(JwtAlgorithm::hs256, input));
    }

    /// Nothing when the token is accepted.
    std::error_code refusal(std::string_view token, JwtPolicy policy = {.algorithms = {JwtAlgorithm::hs256}})
        const {
        const auto read = JwtVerifier(std::move(policy), {secret_key()}, clock).verify(token);
        return read ? std::error_code() : read.error().code();
    }

    ManualClock clock{WallTime{std::chrono::seconds(now_seconds)}};
};

TEST_F(JwtTest, WhatIsSignedIsVerified) {
    const JwtKey key = *JwtKey::hmac("a secret of at least thirty-two bytes");
    const std::string token =
        *sign_jwt(key, JwtAlgorithm::hs256, Json::object({{"sub", "u1"}, {"exp", 1'700'000'060}}));
    const JwtVerifier verifier({.algorithms = {JwtAlgorithm::hs256}}, {key}, clock);
    EXPECT_EQ(verifier.verify(token)->subject(), "u1");
}

TEST_F(JwtTest, MatchesRfc7515ExampleA1) {
    const auto key = JwtKey::hmac(*from_base64url(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    ));
    const ManualClock then(WallTime{1'300'819'379s});
    const JwtVerifier verifier({.algorithms = {JwtAlgorithm::hs256}, .require_subject = false}, {*key}, then);
    const auto token = verifier.verify(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    ASSERT_TRUE(token) << token.error().message();
    EXPECT_EQ(token->claims["iss"].string_or(""), "joe");
}

TEST_F(JwtTest, MatchesRfc7515ExampleA2) {
    const auto key = RsaKey::from_modulus(
        *from_base64url("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
                        "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ"
                        "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
                        "bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2"
                        "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
                        "h9iaGNj8q2ethFkMLs91kzk2PAcD"
                        "TW9gb54h4FRWyuXpoQ"),
        *from_base64url("AQAB")
    );
    ASSERT_TRUE(key);
    const ManualClock then(WallTime{1'300'819'379s});
    const JwtVerifier verifier(
        {.algorithms = {JwtAlgorithm::rs256}, .require_subject = false}, {JwtKey::rsa(*key)}, then
    );
    const auto token = verifier.verify(
        "eyJhbGciOiJSUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
        "O8W2Fp5jujGbds9uJ"
        "dbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
        "eSN9383Lc"
        "OLn6_dO--xi12jzDwusC-"
        "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtV"
        "rBp0igcN_IoypGlUPQGe77Rw"
    );
    EXPECT_TRUE(token) << token.error().message();
}

TEST_F(JwtTest, MatchesTheShopsTokensInEachEncodingOfTheSecret) {
    const Json body = Json::object({{"sub", "11111111-2222-3333-4444-555555555555"}, {"exp", 4'102'444'800}});
    const std::string parts =
        "eyJhbGciOiJIUzUxMiJ9."
        "eyJzdWIiOiIxMTExMTExMS0yMjIyLTMzMzMtNDQ0NC01NTU1NTU1NTU1NTUiLCJleHAiOjQxMDI0NDQ4MDB9.";
    const auto token_of = [&](SecretEncoding encoding) {
        const TokenSecret secret = *decode_token_secret("user_token", encoding);
        return *sign_jwt(*JwtKey::hmac(secret.key.view()), secret.algorithm, body);
    };
    EXPECT_EQ(
        token_of(SecretEncoding::base64),
        parts + "ky1lTagVPY6oq0igmbI6gBoH28UhdxoO2l1m2LuLW9FDGA2CBIY5InyqP_EChiIjjvfqu6MpGT7sIUINuXVJvQ"
    );
    EXPECT_EQ(
        token_of(SecretEncoding::raw),
        parts + "LJmleYnDCg4IrmMvAx0VV3q_bo-CfccXubxnzxU-LqYQbbrgTy1ZhdGOkL7-bBPmxYWtdwH0KgNoH-Cqu1xfBA"
    );
}

TEST_F(JwtTest, EachAlgorithmReadsItsOwn) {
    const RsaKey rsa = *RsaKey::from_pem(test_key_pem());
    for (const JwtAlgorithm algorithm :
         {JwtAlgorithm::hs256, JwtAlgorithm::hs384, JwtAlgorithm::hs512, JwtAlgorithm::rs256}) {
        const bool is_rsa = algorithm == JwtAlgorithm::rs256;
        const JwtKey key = is_rsa ? JwtKey::rsa(rsa) : secret_key();
        const auto token = sign_jwt(key, algorithm, claims());
        ASSERT_TRUE(token);
        const JwtKey check = is_rsa ? JwtKey::rsa(rsa.public_half()) : secret_key();
        EXPECT_TRUE(JwtVerifier({.algorithms = {algorithm}}, {check}, clock).verify(*token));
        EXPECT_EQ(parse_jwt_algorithm(to_string(algorithm)), algorithm);
    }
    EXPECT_FALSE(parse_jwt_algorithm("hs256"));
    EXPECT_FALSE(parse_jwt_algorithm("none"));
}

TEST_F(JwtTest, TheAlgorithmMustBeOnTheList) {
    const std::string token = *sign_jwt(secret_key(), JwtAlgorithm::hs512, claims());
    EXPECT_EQ(refusal(token), JwtErrc::algorithm_not_allowed);
    EXPECT_EQ(refusal(token, {.algorithms = {}}), JwtErrc::algorithm_not_allowed);
    for (const char* header :
         {R"({"alg":"none"})",
          R"({"alg":"None"})",
          R"({"alg":""})",
          R"({"alg":null})",
          R"({"alg":["HS256"]})",
          "{}",
          R"({"alg":"hs256"})",
          R"({"alg":"ES256"})"}) {
        EXPECT_EQ(refusal(signed_parts(header, claims().text())), JwtErrc::algorithm_not_allowed) << header;
        const std::string bare = to_base64url(header) + "." + to_base64url(claims().text()) + ".";
        EXPECT_EQ(refusal(bare), JwtErrc::algorithm_not_allowed) << header;
    }
}

TEST_F(JwtTest, APublicKeyIsNeverTakenForASecret) {
    const RsaKey rsa = *RsaKey::from_pem(test_key_pem());
    const std::string forged = *sign_jwt(*JwtKey::hmac(rsa.public_pem()), JwtAlgorithm::hs256, claims());
    const JwtVerifier lax(
        {.algorithms = {JwtAlgorithm::rs256, JwtAlgorithm::hs256}}, {JwtKey::rsa(rsa.public_half())}, clock
    );
    EXPECT_EQ(lax.verify(forged).error().code(), JwtErrc::bad_signature);
    EXPECT_FALSE(sign_jwt(secret_key(), JwtAlgorithm::rs256, claims()));
    EXPECT_FALSE(sign_jwt(JwtKey::rsa(rsa), JwtAlgorithm::hs256, claims()));
    EXPECT_FALSE(sign_jwt(JwtKey::rsa(rsa.public_half()), JwtAlgorithm::rs256, claims()));
}

TEST_F(JwtTest, TimesCountWithLeeway) {
    const auto with = [](const char* name, Json at) {
        Json body = claims();
        body[name] = std::move(at);
        return signed_with(body);
    };
    EXPECT_EQ(refusal(with("exp", now_seconds - 29)), std::error_code());
    EXPECT_EQ(refusal(with("exp", now_seconds - 30)), JwtErrc::expired);
    EXPECT_EQ(refusal(with("exp", static_cast<double>(now_seconds) - 29.5)), std::error_code());
    EXPECT_EQ(
        refusal(with("exp", now_seconds), {.algorithms = {JwtAlgorithm::hs256}, .leeway = 0s}),
        JwtErrc::expired
    );
    EXPECT_EQ(refusal(with("nbf", now_seconds + 30)), std::error_code());
    EXPECT_EQ(refusal(with("nbf", now_seconds + 31)), JwtErrc::not_yet_valid);
    EXPECT_EQ(refusal(with("iat", now_seconds + 31)), JwtErrc::not_yet_valid);
    EXPECT_EQ(refusal(with("iat", now_seconds - 1000)), std::error_code());
    for (const char* name : {"exp", "nbf", "iat"}) {
        EXPECT_EQ(refusal(with(name, "soon")), JwtErrc::malformed) << name;
        EXPECT_EQ(refusal(with(name, nullptr)), JwtErrc::malformed) << name;
    }
    EXPECT_EQ(refusal(with("exp", 1e300)), std::error_code());
    EXPECT_EQ(refusal(with("exp", -1e300)), JwtErrc::expired);
}

TEST_F(JwtTest, RequiredClaimsMustBeThere) {
    EXPECT_EQ(refusal(signed_with(Json::object({{"sub", "u1"}}))), JwtErrc::missing_claim);
    EXPECT_EQ(refusal(signed_with(Json::object({{"exp", now_seconds + 1}}))), JwtErrc::missing_claim);
    EXPECT_EQ(
        refusal(signed_with(Json::object({{"sub", ""}, {"exp", now_seconds + 1}}))), JwtErrc::missing_claim
    );
    EXPECT_EQ(refusal(signed_with(Json::object({{"sub", 7}, {"exp", now_seconds + 1}}))), JwtErrc::malformed);
    const JwtPolicy lax{
        .algorithms = {JwtAlgorithm::hs256}, .require_expiry = false, .require_subject = false
    };
    EXPECT_EQ(refusal(signed_with(Json::object()), lax), std::error_code());
}

TEST_F(JwtTest, IssuerAndAudienceAreLookedAtWhenAskedFor) {
    Json body = claims();
    body["iss"] = "user-service";
    body["aud"] = Json::array({"shop", "admin"});
    const std::string token = signed_with(body);
    const auto policy = [](std::string issuer, std::string audience) {
        return JwtPolicy{
            .algorithms = {JwtAlgorithm::hs256}, .issuer = std::move(issuer), .audience = std::move(audience)
        };
    };
    EXPECT_EQ(refusal(token, policy("user-service", "admin")), std::error_code());
    EXPECT_EQ(refusal(token, policy("other", "admin")), JwtErrc::wrong_issuer);
    EXPECT_EQ(refusal(token, policy("user-service", "sho")), JwtErrc::wrong_audience);
    EXPECT_EQ(refusal(signed_with(claims()), policy("", "admin")), JwtErrc::wrong_audience);
    body["aud"] = "shop";
    EXPECT_EQ(refusal(signed_with(body), policy("", "shop")), std::error_code());
}

TEST_F(JwtTest, CriticalExtensionsAreRefused) {
    EXPECT_EQ(
        refusal(signed_parts(R"({"alg":"HS256","crit":["exp"]})", claims().text())),
        JwtErrc::critical_extension
    );
    EXPECT_EQ(
        refusal(signed_parts(R"({"alg":"HS256","crit":[]})", claims().text())), JwtErrc::critical_extension
    );
}

TEST_F(JwtTest, MalformedTokensAreRefused) {
    const std::string good = signed_with(claims());
    const std::size_t first = good.find('.');
    const std::string rows[] = {
        "",
        ".",
        "..",
        "...",
        "a.b",
        good + ".",
        good + ".x",
        good + "=",
        " " + good,
        good + " ",
        good.substr(0, first),
        good.substr(0, good.rfind('.')),
        "=" + good,
        signed_parts("", claims().text()),
        signed_parts("[]", claims().text()),
        signed_parts("{\"alg\":\"HS256\"", claims().text()),
        signed_parts("{\"alg\":\"HS256\"} x", claims().text()),
        signed_parts("{\"alg\":\"HS256\"}", "[]"),
        signed_parts("{\"alg\":\"HS256\"}", "null"),
        signed_parts("{\"alg\":\"HS256\"}", ""),
        signed_parts("{\"alg\":\"HS256\"}", "{\"sub\":\"\xff\"}"),
        signed_parts("{\"alg\":\"HS256\"}", std::string(100, '[')),
    };
    for (const std::string& row : rows) EXPECT_EQ(refusal(row), JwtErrc::malformed) << row;
    EXPECT_EQ(refusal(std::string(8193, 'a')), JwtErrc::too_large);
    EXPECT_EQ(refusal(std::string(8192, 'a')), JwtErrc::malformed);
}

TEST_F(JwtTest, AnyChangedCharacterIsNoticed) {
    const std::string good = signed_with(claims());
    ASSERT_EQ(refusal(good), std::error_code());
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string changed = good;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_TRUE(refusal(changed)) << i;
    }
    const std::size_t last = good.rfind('.');
    EXPECT_EQ(refusal(good.substr(0, last + 1)), JwtErrc::bad_signature);
    EXPECT_EQ(
        refusal(good.substr(0, last + 1) + to_base64url(std::string(32, '\0'))), JwtErrc::bad_signature
    );
}

TEST_F(JwtTest, KeysMayRotate) {
    const JwtKey old_key = *JwtKey::hmac("the old secret, of thirty-two bytes", "2026-01");
    const JwtKey new_key = *JwtKey::hmac("the new secret, of thirty-two bytes", "2026-02");
    const JwtVerifier verifier({.algorithms = {JwtAlgorithm::hs256}}, {new_key, old_key}, clock);
    const auto token = verifier.verify(*sign_jwt(old_key, JwtAlgorithm::hs256, claims()));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->header["kid"].string_or(""), "2026-01");
    const JwtKey unnamed = *JwtKey::hmac("the old secret, of thirty-two bytes");
    EXPECT_TRUE(verifier.verify(*sign_jwt(unnamed, JwtAlgorithm::hs256, claims())));
    const JwtKey stranger = *JwtKey::hmac("the old secret, of thirty-two bytes", "2025-12");
    EXPECT_EQ(
        verifier.verify(*sign_jwt(stranger, JwtAlgorithm::hs256, claims())).error().code(),
        JwtErrc::bad_signature
    );
}

TEST_F(JwtTest, AShortKeyIsNamed) {
    EXPECT_EQ(
        JwtKey::hmac("user_token")->weakness(JwtAlgorithm::hs512),
        "HS512 asks for a key of 64 bytes, this one has 10"
    );
    EXPECT_EQ(JwtKey::hmac(std::string(32, 'x'))->weakness(JwtAlgorithm::hs256), "");
    EXPECT_NE(JwtKey::rsa(*RsaKey::from_pem(test_key_pem())).weakness(JwtAlgorithm::rs256), "");
    EXPECT_FALSE(JwtKey::hmac(""));
}

TEST(TokenSecret, HasAFingerprint) {
    EXPECT_EQ(secret_fingerprint("abc"), "ba7816bf");
}

TEST(TokenSecret, IsDecodedAsTheCoursesVersionsDo) {
    EXPECT_EQ(to_hex(decode_token_secret("user_token", SecretEncoding::base64)->key.view()), "bac7abb6891e");
    const TokenSecret text =
        *decode_token_secret("a-secret-of-thirty-eight-characters-ok", SecretEncoding::base64_text);
    EXPECT_EQ(text.algorithm, JwtAlgorithm::hs384);
    EXPECT_EQ(text.key.view(), to_base64("a-secret-of-thirty-eight-characters-ok"));
    EXPECT_EQ(
        decode_token_secret(std::string(48, 'x'), SecretEncoding::base64_text)->algorithm, JwtAlgorithm::hs512
    );
    EXPECT_EQ(
        decode_token_secret(std::string(24, 'x'), SecretEncoding::base64_text)->algorithm, JwtAlgorithm::hs256
    );
    EXPECT_FALSE(decode_token_secret("short", SecretEncoding::base64_text));
    EXPECT_FALSE(decode_token_secret("", SecretEncoding::raw));
    EXPECT_FALSE(decode_token_secret("___", SecretEncoding::base64));
    EXPECT_EQ(parse_secret_encoding("base64-text"), SecretEncoding::base64_text);
    EXPECT_EQ(parse_secret_encoding("base64"), SecretEncoding::base64);
    EXPECT_EQ(parse_secret_encoding("raw"), SecretEncoding::raw);
    EXPECT_FALSE(parse_secret_encoding("hex"));
}

TEST(JwtErrc, HasAText) {
    EXPECT_EQ(make_error_code(JwtErrc::expired).message(), "token expired");
    EXPECT_STREQ(make_error_code(JwtErrc::expired).category().name(), "jwt");
}

}  // namespace

}  // namespace flotilla::crypto
