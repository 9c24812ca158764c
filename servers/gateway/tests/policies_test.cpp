#include <gtest/gtest.h>

#include "flotilla/gateway/answer_cache.hpp"
#include "shot.hpp"

namespace flotilla::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto npos = std::string::npos;

constexpr std::string_view by_address =
    "{name: RequestRateLimiter, args: {key-resolver: '#{@remoteAddr}', redis-rate-limiter.replenishRate: 1, "
    "redis-rate-limiter.burstCapacity: 1}}";

struct Limited {
    int status = 200;
    std::string remaining, replenish, burst, tokens, retry_after;
};

Limited ask(
    const RouteTable& table,
    TimePoint now,
    std::string_view peer = "10.1.2.3",
    std::string_view line = "GET /"
) {
    Shot shot(line, {.peer = std::string(peer), .now = now});
    const bool passed = send(table, shot);
    const auto header = [&](std::string_view name) {
        return std::string(shot.response.headers().find(name));
    };
    return {
        passed ? 200 : http::code_of(shot.response.status()),
        header("X-RateLimit-Remaining"),
        header("X-RateLimit-Replenish-Rate"),
        header("X-RateLimit-Burst-Capacity"),
        header("X-RateLimit-Requested-Tokens"),
        header("Retry-After")
    };
}

TEST(GatewayFacts, F17_ASecondCallInTheSameSecondIsRefused) {
    const auto table = with_filters({std::string(by_address)});
    const TimePoint start{1h};
    EXPECT_EQ(ask(*table, start).status, 200);
    const Limited second = ask(*table, start + 100ms);
    EXPECT_EQ(second.status, 429);
    EXPECT_EQ(second.remaining, "0");
    EXPECT_EQ(second.replenish, "1");
    EXPECT_EQ(second.burst, "1");
    EXPECT_EQ(second.tokens, "1");
    EXPECT_EQ(second.retry_after, "1");
    EXPECT_EQ(ask(*table, start + 1100ms).status, 200);
    EXPECT_EQ(ask(*table, start + 1100ms, "10.9.9.9").status, 200) << "another key has a bucket of its own";
}

TEST(RateLimitFilter, KnowsItsLimitersByName) {
    const auto asking = [](std::string_view limiter) {
        return refusal_of(
            "routes: [{id: r, uri: 'http://up', predicates: [Path=/**], filters: [{name: RequestRateLimiter, "
            "args: {key-resolver: remoteAddr, redis-rate-limiter.replenishRate: 1, rate-limiter: '" +
            std::string(limiter) + "'}}]}]"
        );
    };
    EXPECT_EQ(asking("#{@redisRateLimiter}"), "");
    EXPECT_NE(
        asking("#{@nonsense}").find("rate-limiter 'nonsense' is unknown; there is: redisRateLimiter"), npos
    );
}

TEST(GatewayFacts, F18_ABurstPassesAndThenTheRate) {
    const auto table = with_filters(
        {"{name: RequestRateLimiter, args: {key-resolver: remoteAddr, redis-rate-limiter.replenishRate: 10, "
         "redis-rate-limiter.burstCapacity: 20}}"}
    );
    const TimePoint start{1h};
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(*table, start).status, 200) << i;
    EXPECT_EQ(ask(*table, start).status, 429);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(*table, start + 1s).status, 200) << i;
    EXPECT_EQ(ask(*table, start + 1s).status, 429);
}

TEST(GatewayFacts, F19_WithoutAKeyTheAnswerIs403UnlessToldOtherwise) {
    const auto denied =
        with_filters({"{name: RequestRateLimiter, args: {redis-rate-limiter.replenishRate: 1}}"});
    const Limited refused = ask(*denied, TimePoint{1h});
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.remaining, "");
    const auto open = with_filters(
        {"{name: RequestRateLimiter, args: {redis-rate-limiter.replenishRate: 1, deny-empty-key: false}}"}
    );
    for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(*open, TimePoint{1h}).status, 200);
}

TEST(RateLimit, ForgetsTheLeastRecentlyUsedKey) {
    KeyedRateLimiter limiter({.replenish_rate = 1, .burst_capacity = 1, .max_keys = 160});
    for (int i = 0; i < 10'000; ++i) limiter.ask(std::to_string(i), TimePoint{1h});
    EXPECT_LE(limiter.keys(), 160U);
}

TEST(RateLimit, ARouteWithoutARateOrWithAnUnknownKeyDoesNotLoad) {
    EXPECT_NE(refusal_of("routes: [{id: r, uri: 'http://a', filters: [RequestRateLimiter]}]"), "");
    const std::string unknown = refusal_of(
        "routes: [{id: r, uri: 'http://a', filters: [{name: RequestRateLimiter, args: {key-resolver: "
        "'#{@nobody}', "
        "redis-rate-limiter.replenishRate: 1}}]}]"
    );
    EXPECT_NE(
        unknown.find("key-resolver 'nobody' is unknown; there are: principal, remoteAddr"), std::string::npos
    ) << unknown;
}

RetryPolicy retry_of(const std::string& filter) {
    const auto table = with_filters({filter});
    return table ? table->routes()[0].policies().retry.value_or(RetryPolicy{.retries = 0}) : RetryPolicy{};
}

TEST(Retry, DefaultsAreThreeRetriesOfGetAfterAServerError) {
    const RetryPolicy policy = retry_of("Retry");
    EXPECT_EQ(policy.retries, 3U);
    EXPECT_TRUE(policy.covers_method("GET"));
    EXPECT_FALSE(policy.covers_method("POST"));
    EXPECT_TRUE(policy.covers_status(503));
    EXPECT_FALSE(policy.covers_status(599)) << "a status without a name is in no series";
    EXPECT_FALSE(policy.covers_status(404));
    EXPECT_TRUE(policy.on_io_error);
    EXPECT_TRUE(policy.on_timeout);
    Random random(1);
    EXPECT_EQ(policy.backoff(0, {}, random), 0ns);
}

TEST(Retry, ReadsItsShortcutAndItsArguments) {
    const RetryPolicy shortcut = retry_of("'Retry=2, BAD_GATEWAY, GET, 10ms, 50ms, 2, false'");
    EXPECT_EQ(shortcut.retries, 2U);
    EXPECT_TRUE(shortcut.covers_status(502));
    Random random(1);
    EXPECT_EQ(shortcut.backoff(0, {}, random), 10ms);
    EXPECT_EQ(shortcut.backoff(1, 10ms, random), 20ms);
    EXPECT_EQ(shortcut.backoff(5, 40ms, random), 50ms);
    const RetryPolicy named = retry_of(
        "{name: Retry, args: {retries: 1, series: '', statuses: 'NOT_FOUND,503', methods: 'GET,POST', "
        "exceptions: "
        "java.io.IOException}}"
    );
    EXPECT_TRUE(named.covers_status(404));
    EXPECT_TRUE(named.covers_status(503));
    EXPECT_FALSE(named.covers_status(500));
    EXPECT_TRUE(named.covers_method("POST"));
    EXPECT_FALSE(named.on_timeout);
    EXPECT_NE(refusal_of("routes: [{id: r, uri: 'http://a', filters: ['Retry=0']}]"), "");
}

TEST(Retry, JitterSpreadsAroundTheBackoff) {
    const RetryPolicy policy = retry_of(
        "{name: Retry, args: {backoff.firstBackoff: 100ms, backoff.basedOnPreviousValue: false, "
        "jitter.randomFactor: 0.5}}"
    );
    Random random(3);
    for (int i = 0; i < 100; ++i) {
        const Duration wait = policy.backoff(0, {}, random);
        EXPECT_GE(wait, 50ms);
        EXPECT_LE(wait, 150ms);
    }
}

TEST(CircuitBreaker, ReadsItsArguments) {
    const auto table =
        with_filters({"{name: CircuitBreaker, args: {fallbackUri: 'forward:/fb/{x}', statusCodes: "
                      "'500,SERVICE_UNAVAILABLE'}}"});
    ASSERT_TRUE(table->routes()[0].policies().breaker);
    const BreakerPolicy& policy = *table->routes()[0].policies().breaker;
    EXPECT_EQ(policy.name, "r") << "the route's id";
    EXPECT_EQ(policy.fallback->text(), "/fb/{x}");
    EXPECT_TRUE(policy.covers_status(503));
    EXPECT_FALSE(policy.covers_status(502));
    EXPECT_NE(
        refusal_of("routes: [{id: r, uri: 'http://a', filters: [{name: CircuitBreaker, args: {fallbackUri: "
                   "'http://x'}}]}]"),
        ""
    );
}

TEST(CircuitBreaker, FallbackHeadersSayWhatHappenedInAFixedWord) {
    const auto table = with_filters({"FallbackHeaders"});
    Shot plain("GET /");
    ASSERT_TRUE(send(*table, plain));
    EXPECT_EQ(plain->headers().get("Execution-Exception-Type"), "");
    Shot failed("GET /");
    failed->failure = Failure{"timeout"};
    ASSERT_TRUE(send(*table, failed));
    EXPECT_EQ(failed->headers().get("Execution-Exception-Type"), "timeout");
}

// ---- CORS

CorsRules rules_of(std::string_view yaml) {
    const auto json = reflect::parse_yaml(yaml);
    const auto rules = CorsRules::from(json->at(0));
    EXPECT_TRUE(rules) << rules.error().message();
    return *rules;
}

TEST(GatewayFacts, F30_APreflightIsAnsweredAndAForeignOriginRefused) {
    const CorsRules rules = rules_of(
        "{allowedOrigins: 'https://a.org', allowedMethods: [GET, POST], allowedHeaders: [X-A], maxAge: 30}"
    );
    Shot shot(
        "OPTIONS /x",
        {.headers = "Origin: https://a.org\r\nAccess-Control-Request-Method: POST\r\n"
                    "Access-Control-Request-Headers: x-a, x-b\r\n"}
    );
    EXPECT_EQ(rules.judge(*shot), CorsRules::Verdict::preflight);
    const auto header = [&](std::string_view name) { return shot.response.headers().find(name); };
    EXPECT_EQ(shot.response.status(), http::Status::ok);
    EXPECT_EQ(header("Access-Control-Allow-Origin"), "https://a.org");
    EXPECT_EQ(header("Access-Control-Allow-Methods"), "GET,POST");
    EXPECT_EQ(header("Access-Control-Allow-Headers"), "x-a");
    EXPECT_EQ(header("Access-Control-Max-Age"), "30");
    Shot foreign(
        "OPTIONS /x", {.headers = "Origin: https://b.org\r\nAccess-Control-Request-Method: POST\r\n"}
    );
    EXPECT_EQ(rules.judge(*foreign), CorsRules::Verdict::refused);
    EXPECT_EQ(foreign.response.status(), http::Status::forbidden);
}

TEST(Cors, PlainRequestsPassFromAllowedOriginsAndFromTheOwnOne) {
    const CorsRules rules = rules_of("{allowedOriginPatterns: 'https://*.a.org', allowCredentials: true}");
    Shot own("POST /", {.headers = "Origin: http://gateway:8000\r\n"});
    EXPECT_EQ(rules.judge(*own), CorsRules::Verdict::not_cors);
    Shot allowed("GET /", {.headers = "Origin: https://x.a.org\r\n"});
    EXPECT_EQ(rules.judge(*allowed), CorsRules::Verdict::allowed);
    allowed.response.add("Access-Control-Allow-Origin", "*");
    Answer answer(allowed.response);
    rules.decorate(*allowed, answer);
    EXPECT_EQ(
        answer.headers.values("Access-Control-Allow-Origin"), (std::vector<std::string>{"https://x.a.org"})
    ) << "the gateway's in place of the upstream's";
    EXPECT_EQ(answer.headers.get("Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(answer.headers.values("Vary").size(), 3U);
    Shot method("PUT /", {.headers = "Origin: https://x.a.org\r\n"});
    EXPECT_EQ(rules.judge(*method), CorsRules::Verdict::refused);
}

TEST(Cors, CredentialsForEverybodyAreAMistake) {
    const auto json = reflect::parse_yaml("{allowedOrigins: '*', allowCredentials: true}");
    EXPECT_FALSE(CorsRules::from(json->at(0)));
    EXPECT_FALSE(CorsRules::from(Json::object({{"allowedOrigin", "x"}})));
}

TEST(Policies, CachesBeginWithWhatHoldsForAll) {
    ComponentMeans means;
    means.setting = [](std::string_view name) {
        return std::string(name == "filter.local-response-cache.time-to-live" ? "30s" : "");
    };
    const auto ttl_of = [&](const std::string& filters) -> Duration {
        const auto table =
            table_of("routes: [{id: r, uri: 'http://a', predicates: [Path=/**]" + filters + "}]", means);
        EXPECT_TRUE(table) << (table ? "" : table.error().message());
        const auto& cache = (*table)->routes().front().policies().cache;
        return cache ? cache->config().time_to_live : Duration::zero();
    };
    EXPECT_EQ(ttl_of(""), 0s);
    EXPECT_EQ(ttl_of(", filters: [LocalResponseCache]"), 30s);
    EXPECT_EQ(ttl_of(", filters: [LocalResponseCache=2m]"), 2min);
    means.answer_cache = std::make_shared<AnswerCache>(AnswerCacheConfig::read(means).value());
    EXPECT_EQ(ttl_of(""), 30s);
    EXPECT_EQ(ttl_of(", filters: [LocalResponseCache=2m]"), 2min) << "its own";
    means.setting = [](std::string_view name) { return std::string(name.ends_with("size") ? "none" : ""); };
    EXPECT_FALSE(AnswerCacheConfig::read(means));
}

}  // namespace
}  // namespace flotilla::gateway
