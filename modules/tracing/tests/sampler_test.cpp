#include "flotilla/tracing/sampler.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"

namespace flotilla::tracing {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint begin{1h};

int sampled_between(Sampler& sampler, Duration from, Duration to, Duration step) {
    int count = 0;
    for (Duration at = from; at < to; at += step) count += sampler.sample({.now = begin + at}) ? 1 : 0;
    return count;
}

TEST(RateSampler, UnderTenMayBeUsedAtAnyTimeOfTheSecond) {
    const auto sampler = *rate_sampler(5);
    EXPECT_EQ(sampled_between(*sampler, 0s, 10ms, 1ms), 5);
    EXPECT_EQ(sampled_between(*sampler, 10ms, 1s, 1ms), 0);
    EXPECT_EQ(sampled_between(*sampler, 1s, 2s, 1ms), 5);
}

TEST(RateSampler, WhatAPartLeavesUnusedGoesToTheRestOfTheSecond) {
    const auto sampler = *rate_sampler(100);
    EXPECT_TRUE(sampler->sample({.now = begin}));
    EXPECT_EQ(sampled_between(*sampler, 900ms, 1s, 100us), 99);
    EXPECT_EQ(sampled_between(*sampler, 5s, 5100ms, 100us), 10);
}

TEST(RateSampler, ZeroRecordsNothing) {
    const auto sampler = *rate_sampler(0);
    EXPECT_EQ(sampled_between(*sampler, 0s, 3s, 10ms), 0);
    EXPECT_FALSE(rate_sampler(2'000'000));
}

TEST(RateSampler, ATimeBeforeTheWindowBelongsToItsFirstPart) {
    const auto sampler = *rate_sampler(10);
    EXPECT_TRUE(sampler->sample({.now = begin}));
    EXPECT_FALSE(sampler->sample({.now = begin - 5ms}));
}

TEST(ProbabilitySampler, TakesItsShareToAMillionth) {
    Random random(3);
    for (const double p : {0.0, 0.000001, 0.1, 0.25, 0.999999, 1.0}) {
        const auto sampler = *probability_sampler(p);
        EXPECT_FALSE(sampler->needs_time());
        int count = 0;
        for (int i = 0; i < 100'000; ++i) count += sampler->sample({.trace_low = random()}) ? 1 : 0;
        EXPECT_NEAR(count / 100'000.0, p, 0.01) << p;
    }
    EXPECT_FALSE((*probability_sampler(0))->sample({.trace_low = 0}));
    EXPECT_TRUE((*probability_sampler(1))->sample({.trace_low = ~0ULL}));
    EXPECT_TRUE((*probability_sampler(0.000001))->sample({.trace_low = 0}));
}

TEST(ProbabilitySampler, RefusesWhatIsNoProbability) {
    EXPECT_FALSE(probability_sampler(-0.1));
    EXPECT_FALSE(probability_sampler(1.1));
    EXPECT_FALSE(probability_sampler(std::numeric_limits<double>::quiet_NaN()));
}

TEST(RulesSampler, TheFirstRuleThatMatchesDecides) {
    const auto sampler = rules_sampler(
        {{.method = "post", .sampler = always_sampler()},
         {.path_prefix = "/health", .sampler = never_sampler()},
         {.route = "/users/{id}", .sampler = always_sampler()},
         {.topic = "orders", .sampler = always_sampler()}},
        never_sampler()
    );
    EXPECT_TRUE(sampler->sample({.method = "POST", .path = "/health"}));
    EXPECT_FALSE(sampler->sample({.method = "GET", .path = "/health/live"}));
    EXPECT_TRUE(sampler->sample({.method = "GET", .path = "/users/1", .route = "/users/{id}"}));
    EXPECT_TRUE(sampler->sample({.topic = "orders"}));
    EXPECT_FALSE(sampler->sample({.topic = "other"}));
    EXPECT_FALSE(sampler->needs_time());
    EXPECT_TRUE(rules_sampler({}, *rate_sampler(1))->needs_time());
}

TEST(SkipPattern, TheUsualOneLeavesOutWhatIsNoWork) {
    const auto skip = SkipPattern::parse(SkipPattern::default_pattern());
    ASSERT_TRUE(skip);
    for (const char* path :
         {"/actuator/",
          "/actuator/health",
          "/v3/api-docs",
          "/v3/api-docs.yaml",
          "/swagger-ui/index",
          "/a/b.png",
          "/x.css",
          "/app.js",
          "/index.html",
          "/favicon.ico",
          "/eureka/apps/A/heartbeat"})
        EXPECT_TRUE(skip->matches(path)) << path;
    for (const char* path :
         {"", "/", "/actuator", "/users/1", "/orders/actuator/", "/x.jsp", "/favicon.icon", "/png"})
        EXPECT_FALSE(skip->matches(path)) << path;
}

TEST(SkipPattern, MatchesWholePathsWithSeveralGaps) {
    const auto skip = SkipPattern::parse("a.*b.*c|/x.y|.*");
    EXPECT_TRUE(skip->matches("anything"));
    const auto strict = SkipPattern::parse("a.*b.*c||/x.y");
    EXPECT_TRUE(strict->matches("abc"));
    EXPECT_TRUE(strict->matches("a-b-b-c-c"));
    EXPECT_FALSE(strict->matches("a-c-b"));
    EXPECT_FALSE(strict->matches("abcd"));
    EXPECT_TRUE(strict->matches("/x-y"));
    EXPECT_FALSE(strict->matches("/xy"));
    EXPECT_FALSE(SkipPattern().matches("/"));
}

TEST(SkipPattern, SaysWhatItDoesNotUnderstand) {
    for (const char* pattern : {"(a|b)", "a+", "[ab]", "a?", "a*", "^a", "a$", "\\d", "a\\"})
        EXPECT_FALSE(SkipPattern::parse(pattern)) << pattern;
}

}  // namespace

}  // namespace flotilla::tracing
