#include <gtest/gtest.h>

#include "flotilla/base/encoding.hpp"
#include "flotilla/log/captured_log.hpp"
#include "shot.hpp"

namespace flotilla::gateway {
namespace {

using namespace std::chrono_literals;
using crypto::JwtAlgorithm;

constexpr std::string_view secret =
    "a secret that is long enough for HS256, and for HS512: sixty-four bytes at least";

struct GatewayTokenFacts : testing::Test {
    ManualClock clock;
    std::shared_ptr<const TokenCheck> check = std::make_shared<const TokenCheck>(TokenCheck{
        .verifier = std::make_shared<crypto::JwtVerifier>(
            crypto::JwtPolicy{.algorithms = {JwtAlgorithm::hs256}, .leeway = 30s},
            std::vector{*crypto::JwtKey::hmac(secret)},
            clock
        )
    });
    std::shared_ptr<const RouteTable> table = with_filters({"AuthorizationHeaderFilter"}, {.tokens = check});

    static std::string token(
        Json claims, JwtAlgorithm algorithm = JwtAlgorithm::hs256, std::string_view key = secret
    ) {
        return *crypto::sign_jwt(*crypto::JwtKey::hmac(key), algorithm, claims);
    }

    [[nodiscard]] std::int64_t in(std::chrono::seconds span) const {
        return std::chrono::duration_cast<std::chrono::seconds>((clock.wall_now() + span).time_since_epoch())
            .count();
    }

    [[nodiscard]] Json claims(std::string_view subject = "u-1") const {
        return Json::object({{"sub", subject}, {"exp", in(60s)}});
    }

    /// The status, and what the service is told.
    std::pair<int, std::string> asked(const std::string& headers) const {
        Shot shot("GET /", {.headers = headers});
        const bool passed = send(*table, shot);
        if (!passed) {
            EXPECT_EQ(shot.response.text().value_or(""), "The requested token is invalid.");
            EXPECT_EQ(shot.response.headers().find("WWW-Authenticate"), R"(Bearer error="invalid_token")");
        }
        return {
            passed ? 200 : http::code_of(shot.response.status()),
            std::string(shot->headers().get("X-User-Id"))
        };
    }
};

TEST_F(GatewayTokenFacts, AValidTokenPassesAndTellsWhoseItIs) {
    const auto [status, user] =
        asked("Authorization: bearer " + token(claims()) + "\r\nX-User-Id: admin\r\n");
    EXPECT_EQ(status, 200);
    EXPECT_EQ(user, "u-1") << "what the client says of itself is not believed";
}

TEST_F(GatewayTokenFacts, F32_WithoutAuthorizationTheAnswerIs401) {
    EXPECT_EQ(asked("").first, 401);
}

TEST_F(GatewayTokenFacts, F33_EveryTokenThatIsNotRightIs401) {
    const std::string good = token(claims());
    const std::string payload = to_base64url(claims().text());
    const std::vector<std::string> wrong{
        "Authorization: Bearer " + to_base64url(R"({"alg":"none"})") + "." + payload + ".\r\n",
        "Authorization: Bearer " + token(claims(), JwtAlgorithm::hs256, std::string(64, 'x')) + "\r\n",
        "Authorization: Bearer " + token(Json::object({{"sub", "u"}, {"exp", in(-60s)}})) + "\r\n",
        "Authorization: Bearer " + token(claims("")) + "\r\n",
        "Authorization: Bearer " + token(claims(), JwtAlgorithm::hs512) + "\r\n",
        "Authorization: Bearer " + good + "\r\nAuthorization: Bearer " + good + "\r\n",
        "Authorization: Basic " + good + "\r\n",
        "Authorization: Bearer " + good + " " + good + "\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: " + good + "\r\n",
        "Authorization: Bearer " + token(Json::object({{"sub", "u"}})) + "\r\n",
        "Authorization: Bearer " + token(claims("a\r\nX-Evil: 1")) + "\r\n",
    };
    for (const std::string& headers : wrong) EXPECT_EQ(asked(headers).first, 401) << headers;
}

TEST_F(GatewayTokenFacts, ATokenThatHasPassedBeforePassesUntilItExpires) {
    const std::string header = "Authorization: Bearer " + token(claims()) + "\r\n";
    for (int i = 0; i < 3; ++i) EXPECT_EQ(asked(header), (std::pair<int, std::string>(200, "u-1")));
    clock.advance(89s);
    EXPECT_EQ(asked(header).first, 200);
    clock.advance(1s);
    EXPECT_EQ(asked(header), (std::pair<int, std::string>(401, "")));
}

TEST_F(GatewayTokenFacts, TheSignatureOfATokenThatHasPassedIsGoodForNoOther) {
    const std::string good = token(claims("u-1"));
    EXPECT_EQ(asked("Authorization: Bearer " + good + "\r\n").first, 200);
    const std::string signature = good.substr(good.rfind('.'));
    const std::string other = token(claims("u-2"));
    const std::string forged = other.substr(0, other.rfind('.')) + signature;
    ASSERT_EQ(forged.size(), good.size());
    EXPECT_EQ(asked("Authorization: Bearer " + forged + "\r\n").first, 401);
    EXPECT_EQ(asked("Authorization: Bearer " + other + "\r\n").second, "u-2");
}

TEST_F(GatewayTokenFacts, MoreTokensThanAreRememberedAndVeryLongOnesPassEachTime) {
    VerifiedTokens tokens;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < VerifiedTokens::places + 100; ++i)
        texts.push_back(token(claims("u-" + std::to_string(i))));
    Json large = claims("u-long");
    large["note"] = std::string(VerifiedTokens::longest, 'x');
    texts.push_back(token(large));
    for (int round = 0; round < 2; ++round)
        for (const std::string& text : texts) ASSERT_TRUE(tokens.verify(*check->verifier, text));
    clock.advance(90s);
    for (const std::string& text : texts) ASSERT_FALSE(tokens.verify(*check->verifier, text));
}

TEST_F(GatewayTokenFacts, ASubjectThatIsAskedForMustBeTheTokens) {
    const auto own =
        with_filters({"'AuthorizationHeaderFilter={userId}'"}, {.tokens = check}, "/{userId}/orders");
    const auto status = [&](const std::string& path, const Json& claims) {
        Shot shot("GET " + path, {.headers = "Authorization: Bearer " + token(claims) + "\r\n"});
        return send(*own, shot) ? 200 : http::code_of(shot.response.status());
    };
    EXPECT_EQ(status("/u-1/orders", claims("u-1")), 200);
    EXPECT_EQ(status("/u-2/orders", claims("u-1")), 403);
    Json admin = claims("u-1");
    admin["role"] = "admin";
    EXPECT_EQ(status("/u-2/orders", admin), 200);
}

TEST_F(GatewayTokenFacts, ALimitByPrincipalComesAfterTheCheck) {
    const auto limited = with_filters(
        {"AuthorizationHeaderFilter",
         "{name: RequestRateLimiter, args: {redis-rate-limiter.replenishRate: 1}}"},
        {.tokens = check}
    );
    const auto status = [&](std::string_view subject) {
        Shot shot("GET /", {.headers = "Authorization: Bearer " + token(claims(subject)) + "\r\n"});
        return send(*limited, shot) ? 200 : http::code_of(shot.response.status());
    };
    EXPECT_EQ(status("a"), 200);
    EXPECT_EQ(status("a"), 429);
    EXPECT_EQ(status("b"), 200);
}

TEST(CourseFilters, ARouteWithATokenCheckNeedsASecret) {
    EXPECT_NE(
        refusal_of("routes: [{id: r, uri: 'http://a', filters: [AuthorizationHeaderFilter]}]")
            .find("token.secret"),
        std::string::npos
    );
}

TEST(CourseFilters, LogInTheCoursesWords) {
    log::CapturedLog captured;
    const auto table = with_filters(
        {"{name: LoggingFilter, args: {baseMessage: Hi, preLogger: true, postLogger: true}}",
         "{name: GlobalFilter, args: {baseMessage: Spring Cloud Gateway Global Filter, preLogger: true, "
         "postLogger: true}}",
         "CustomFilter"},
        {.log = captured.logger("gateway")}
    );
    Shot shot("GET /");
    ASSERT_TRUE(send(*table, shot));
    Answer answer(shot.response);
    shot->route()->after(*shot, answer);
    const std::vector<std::string> said{
        "Global Filter baseMessage: Spring Cloud Gateway Global Filter, /10.1.2.3:5000",
        "Global Filter Start: request id -> abc-1",
        "Custom PRE filter: request id -> abc-1",
        "Logging Filter baseMessage: Hi",
        "Logging PRE Filter: request id -> abc-1",
        "Logging POST Filter: response code -> 200 OK",
        "Custom POST filter: response code -> 200 OK",
        "Global Filter End: response code -> 200 OK",
    };
    const auto lines = captured.lines();
    ASSERT_EQ(lines.size(), said.size());
    for (std::size_t i = 0; i < said.size(); ++i)
        EXPECT_TRUE(lines[i].ends_with(said[i]))
            << lines[i] << " (the logging filter is innermost wherever it stands)";
}

}  // namespace
}  // namespace flotilla::gateway
