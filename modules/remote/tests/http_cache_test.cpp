#include "flotilla/remote/http_cache.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::pair<std::string, std::string>>;

http::ClientResponse answer(int status, const Lines& lines, std::string body = "body") {
    auto head = std::make_unique<http::ClientResponseHead>();
    head->status = status;
    head->text.reserve(4096);
    for (const auto& [name, value] : lines) {
        const std::size_t at = head->text.size();
        head->text += name + value;
        const std::string_view text = std::string_view(head->text).substr(at);
        head->fields.add(text.substr(0, name.size()), text.substr(name.size()));
    }
    return {std::move(head), std::move(body)};
}

class HttpCaches : public ::testing::Test {
protected:
    /// Asks, and lets the service answer when it has to be asked; what the caller gets.
    struct Got {
        CachePlan plan;
        CacheResult result{};
        std::string body{};
        bool from_cache = false;
    };

    Got ask(const Lines& service_says, std::string body = "body", int status = 200) {
        return ask_as("GET", {}, service_says, std::move(body), status);
    }

    Got ask_as(
        std::string_view method,
        const Lines& asked,
        const Lines& service_says,
        std::string body = "body",
        int status = 200
    ) {
        http::HeaderBlock headers;
        for (const auto& [name, value] : asked) headers.add(name, value);
        const CacheRequest request{.method = method, .uri = uri, .headers = headers};
        Got got{.plan = cache.plan(request)};
        got.result = got.plan.result;
        if (got.plan.step == CacheStep::serve || got.plan.step == CacheStep::serve_and_refresh) {
            got.body = *got.plan.stored->body;
            got.from_cache = true;
            return got;
        }
        if (got.plan.step == CacheStep::nothing_kept) return got;
        const auto said = answer(status, service_says, body);
        const auto outcome = cache.received(request, got.plan, said);
        got.result = outcome.result;
        got.from_cache = outcome.stored != nullptr;
        got.body = outcome.stored ? *outcome.stored->body : body;
        return got;
    }

    StoredPtr instead() {
        http::HeaderBlock headers;
        const CacheRequest request{.method = "GET", .uri = uri, .headers = headers};
        return cache.instead_of_failure(request, cache.plan(request));
    }

    ManualClock clock;
    std::string uri = "http://order-service/orders/1";
    HttpCache cache{CacheSettings{.enabled = true}, clock};
};

TEST_F(HttpCaches, AFreshAnswerIsServedWithItsAge) {
    EXPECT_EQ(ask({{"Cache-Control", "max-age=60"}}, "one").result, CacheResult::miss);
    clock.advance(59s);
    const auto got = ask({}, "two");
    EXPECT_EQ(got.result, CacheResult::hit);
    EXPECT_EQ(got.body, "one");
    const auto served = got.plan.stored->answer(clock.now());
    EXPECT_EQ(served.header("Age"), "59");
    EXPECT_EQ(served.header("Cache-Control"), "max-age=60");
    EXPECT_EQ(served.body(), "one");
    clock.advance(2s);
    EXPECT_FALSE(ask({{"Cache-Control", "max-age=60"}}, "two").from_cache);
}

TEST(ClientFacts, F24_TheSecondCallAsksWhetherTheStoredAnswerIsStillRight) {
    ManualClock clock;
    HttpCache cache({.enabled = true}, clock);
    const http::HeaderBlock headers;
    const CacheRequest request{.method = "GET", .uri = "http://order-service/x", .headers = headers};
    (void
    )cache.received(request, cache.plan(request), answer(200, {{"ETag", "\"v1\""}, {"X-A", "old"}}, "whole"));
    clock.advance(10s);
    const auto plan = cache.plan(request);
    EXPECT_EQ(plan.step, CacheStep::revalidate);
    EXPECT_EQ(plan.validators, (Lines{{"If-None-Match", "\"v1\""}}));
    const auto outcome = cache.received(
        request, plan, answer(304, {{"ETag", "\"v1\""}, {"X-A", "new"}, {"Cache-Control", "max-age=5"}}, "")
    );
    EXPECT_EQ(outcome.result, CacheResult::revalidated);
    ASSERT_TRUE(outcome.stored);
    const auto got = outcome.stored->answer(clock.now());
    EXPECT_EQ(got.status(), 200);
    EXPECT_EQ(got.body(), "whole");
    EXPECT_EQ(got.header("X-A"), "new");
    EXPECT_EQ(cache.plan(request).step, CacheStep::serve);
    EXPECT_EQ(cache.entries(), 1U);
}

TEST(ClientFacts, F25_APrivateAnswerIsKeptByAPrivateCacheAlone) {
    for (const bool shared : {false, true}) {
        ManualClock clock;
        HttpCache cache({.enabled = true, .shared = shared}, clock);
        const http::HeaderBlock headers;
        const CacheRequest request{.method = "GET", .uri = "http://order-service/x", .headers = headers};
        (void)cache.received(
            request, cache.plan(request), answer(200, {{"Cache-Control", "private, max-age=60"}})
        );
        EXPECT_EQ(cache.entries(), shared ? 0U : 1U);
    }
}

TEST_F(HttpCaches, F26_VariantsAreKeptApartByTheFieldsThatTheyVaryBy) {
    const Lines vary = {{"Cache-Control", "max-age=60"}, {"Vary", "Accept-Language"}};
    EXPECT_EQ(ask_as("GET", {{"Accept-Language", "ko"}}, vary, "ko").result, CacheResult::miss);
    EXPECT_EQ(ask_as("GET", {{"Accept-Language", "en, de"}}, vary, "en").result, CacheResult::miss);
    EXPECT_EQ(ask_as("GET", {{"Accept-Language", "ko"}}, vary).body, "ko");
    EXPECT_EQ(ask_as("GET", {{"Accept-Language", "en,de"}}, vary).body, "en");
    EXPECT_EQ(ask_as("GET", {{"Accept-Language", "en ,  de"}}, vary).body, "en");
    EXPECT_EQ(ask_as("GET", {}, vary, "none").result, CacheResult::miss);
    EXPECT_EQ(cache.entries(), 3U);
    uri = "http://order-service/star";
    (void)ask({{"Cache-Control", "max-age=60"}, {"Vary", "*"}});
    EXPECT_EQ(ask({{"Cache-Control", "max-age=60"}, {"Vary", "*"}}).result, CacheResult::miss);
}

TEST_F(HttpCaches, F27_AStaleAnswerIsServedInsteadOfAFailureForAsLongAsTheServiceAllowed) {
    (void)ask({{"Cache-Control", "max-age=1, stale-if-error=60"}}, "old");
    clock.advance(30s);
    ASSERT_TRUE(instead());
    EXPECT_EQ(instead()->answer(clock.now()).header("Age"), "30");
    const auto got = ask({}, "oops", 503);
    EXPECT_EQ(got.result, CacheResult::stale);
    EXPECT_EQ(got.body, "old");
    EXPECT_EQ(ask({}, "teapot", 418).body, "teapot");
    (void)ask({{"Cache-Control", "max-age=1, stale-if-error=60"}}, "old");
    clock.advance(61s);
    EXPECT_TRUE(instead());
    clock.advance(1s);
    EXPECT_FALSE(instead());
    EXPECT_EQ(ask({}, "oops", 503).body, "oops");
}

TEST_F(HttpCaches, F29_AChangeForgetsWhatWasKept) {
    for (const std::string_view method : {"PUT", "POST", "PATCH", "DELETE"}) {
        (void)ask({{"Cache-Control", "max-age=60"}});
        EXPECT_EQ(cache.entries(), 1U);
        (void)ask_as(method, {}, {}, "", 500);
        EXPECT_EQ(cache.entries(), 1U) << "a change that failed";
        (void)ask_as(method, {}, {}, "", 204);
        EXPECT_EQ(cache.entries(), 0U) << method;
    }
    (void)ask({{"Cache-Control", "max-age=60"}});
    uri = "http://order-service/orders";
    (void)ask_as("POST", {}, {{"Location", "http://elsewhere/orders/1"}}, "", 201);
    EXPECT_EQ(cache.entries(), 1U) << "another origin";
    (void)ask_as("POST", {}, {{"Location", "/orders/1"}}, "", 201);
    EXPECT_EQ(cache.entries(), 0U);
}

TEST_F(HttpCaches, AStaleAnswerMayBeServedWhileItIsRefreshed) {
    (void)ask({{"Cache-Control", "max-age=10, stale-while-revalidate=30"}, {"ETag", "\"a\""}}, "old");
    clock.advance(20s);
    const auto got = ask({});
    EXPECT_EQ(got.plan.step, CacheStep::serve_and_refresh);
    EXPECT_EQ(got.result, CacheResult::stale);
    EXPECT_EQ(got.plan.validators.size(), 1U);
    clock.advance(21s);
    EXPECT_EQ(ask({}, "new").plan.step, CacheStep::revalidate);
}

TEST_F(HttpCaches, WhatMustNotBeKeptIsNot) {
    (void)ask({{"Cache-Control", "no-store, max-age=60"}});
    (void)ask_as("GET", {{"Cache-Control", "no-store"}}, {{"Cache-Control", "max-age=60"}});
    (void)ask({{"Cache-Control", "max-age=60"}}, "part", 206);
    (void)ask({}, "no freshness, no validator");
    (void)ask({{"Last-Modified", "Sat, 01 Nov 2025 00:00:00 GMT"}}, "busy", 503);
    (void)ask_as("POST", {}, {{"Cache-Control", "max-age=60"}});
    (void)ask_as("GET", {{"Range", "bytes=0-1"}}, {{"Cache-Control", "max-age=60"}});
    EXPECT_EQ(cache.entries(), 0U);
    (void)ask({{"Cache-Control", "max-age=60"}}, "gone", 404);
    EXPECT_EQ(cache.entries(), 1U);
}

TEST_F(HttpCaches, AnAnswerThatMayNotBeKeptForgetsTheOneThatWas) {
    (void)ask({{"Cache-Control", "max-age=1"}}, "old");
    clock.advance(5s);
    (void)ask({{"Cache-Control", "no-store"}}, "new");
    EXPECT_EQ(cache.entries(), 0U);
}

TEST_F(HttpCaches, ANonsenseExpiresIsInThePast) {
    (void)ask({{"Expires", "0"}, {"ETag", "\"a\""}});
    EXPECT_EQ(ask({}).plan.step, CacheStep::revalidate);
}

TEST_F(HttpCaches, WithoutWordOfFreshnessATenthOfTheAgeOfTheContentIsAssumed) {
    const std::string changed = "Tue, 14 Nov 2023 12:13:20 GMT";  // ten hours before the clock's time
    (void)ask({{"Last-Modified", changed}, {"Date", "Tue, 14 Nov 2023 22:13:20 GMT"}}, "old");
    clock.advance(59min);
    EXPECT_EQ(ask({}).result, CacheResult::hit);
    clock.advance(2min);
    const auto got = ask({});
    EXPECT_EQ(got.plan.step, CacheStep::revalidate);
    EXPECT_EQ(got.plan.validators, (Lines{{"If-Modified-Since", changed}}));
}

TEST_F(HttpCaches, AnAnswerIsAsOldAsItSaysOrAsItsDateSays) {
    (void)ask({{"Cache-Control", "max-age=60"}, {"Age", "50"}});
    clock.advance(9s);
    EXPECT_EQ(ask({}).result, CacheResult::hit);
    clock.advance(2s);
    EXPECT_EQ(ask({}).plan.step, CacheStep::revalidate);
    uri += "0";
    (void)ask({{"Cache-Control", "max-age=60"}, {"Date", "Tue, 14 Nov 2023 22:13:00 GMT"}});
    clock.advance(30s);
    EXPECT_EQ(ask({}).plan.step, CacheStep::revalidate);
}

TEST_F(HttpCaches, TheRequestMayBeMoreOrLessStrict) {
    (void)ask({{"Cache-Control", "max-age=60"}}, "old");
    clock.advance(30s);
    const auto step = [&](const Lines& asked) { return ask_as("GET", asked, {}, "x", 500).plan.step; };
    EXPECT_EQ(step({{"Cache-Control", "max-age=29"}}), CacheStep::revalidate);
    EXPECT_EQ(step({{"Cache-Control", "max-age=0"}}), CacheStep::revalidate);
    EXPECT_EQ(step({{"Cache-Control", "no-cache"}}), CacheStep::revalidate);
    EXPECT_EQ(step({{"Pragma", "no-cache"}}), CacheStep::revalidate);
    EXPECT_EQ(step({{"Cache-Control", "min-fresh=31"}}), CacheStep::revalidate);
    EXPECT_EQ(step({{"Cache-Control", "min-fresh=30"}}), CacheStep::serve);
    clock.advance(40s);
    EXPECT_EQ(step({}), CacheStep::revalidate);
    EXPECT_EQ(step({{"Cache-Control", "max-stale"}}), CacheStep::serve);
    EXPECT_EQ(step({{"Cache-Control", "max-stale=10"}}), CacheStep::serve);
    EXPECT_EQ(step({{"Cache-Control", "max-stale=9"}}), CacheStep::revalidate);
    EXPECT_EQ(step({{"Cache-Control", "only-if-cached"}}), CacheStep::nothing_kept);
    uri += "0";
    EXPECT_EQ(step({{"Cache-Control", "only-if-cached"}}), CacheStep::nothing_kept);
}

TEST_F(HttpCaches, WhatMustBeRevalidatedIsNeverServedStale) {
    (void)ask({{"Cache-Control", "max-age=1, must-revalidate, stale-if-error=60, stale-while-revalidate=60"}}
    );
    clock.advance(5s);
    EXPECT_EQ(ask_as("GET", {{"Cache-Control", "max-stale"}}, {}, "x", 500).plan.step, CacheStep::revalidate);
    EXPECT_FALSE(instead());
    uri += "0";
    (void)ask({{"Cache-Control", "no-cache, max-age=60, stale-if-error=60"}});
    EXPECT_EQ(ask({}, "x", 500).plan.step, CacheStep::revalidate);
    EXPECT_FALSE(instead());
}

TEST_F(HttpCaches, AnImmutableAnswerIsNotAskedAboutWhileItIsFresh) {
    (void)ask({{"Cache-Control", "max-age=60, immutable"}});
    clock.advance(30s);
    EXPECT_EQ(ask_as("GET", {{"Cache-Control", "no-cache"}}, {}).plan.step, CacheStep::serve);
    clock.advance(31s);
    EXPECT_EQ(ask({}).plan.step, CacheStep::revalidate);
}

TEST(SharedHttpCaches, AuthorizedAnswersNeedALeave) {
    for (const auto& [leave, kept] : std::vector<std::pair<std::string, bool>>{
             {"max-age=60", false},
             {"public, max-age=60", true},
             {"s-maxage=60", true},
             {"max-age=60, must-revalidate", true}
         }) {
        ManualClock clock;
        HttpCache cache({.enabled = true, .shared = true}, clock);
        http::HeaderBlock headers;
        headers.add("Authorization", "Bearer x");
        const CacheRequest request{.method = "GET", .uri = "http://a/x", .headers = headers};
        (void)cache.received(request, cache.plan(request), answer(200, {{"Cache-Control", leave}}));
        EXPECT_EQ(cache.entries(), kept ? 1U : 0U) << leave;
    }
}

TEST(SharedHttpCaches, SMaxageCountsThereAloneAndForbidsStaleAnswers) {
    for (const bool shared : {false, true}) {
        ManualClock clock;
        HttpCache cache({.enabled = true, .shared = shared}, clock);
        const http::HeaderBlock headers;
        const CacheRequest request{.method = "GET", .uri = "http://a/x", .headers = headers};
        (void)cache.received(
            request,
            cache.plan(request),
            answer(200, {{"Cache-Control", "max-age=10, s-maxage=60, stale-if-error=600"}})
        );
        clock.advance(30s);
        EXPECT_EQ(cache.plan(request).step, shared ? CacheStep::serve : CacheStep::revalidate);
        clock.advance(60s);
        EXPECT_EQ(cache.instead_of_failure(request, cache.plan(request)) == nullptr, shared);
    }
}

TEST_F(HttpCaches, AllTagsOfTheVariantsAreOfferedAndTheServiceChooses) {
    const auto variant = [](std::string tag) {
        return Lines{{"Vary", "Accept"}, {"ETag", std::move(tag)}, {"Cache-Control", "max-age=1"}};
    };
    (void)ask_as("GET", {{"Accept", "a"}}, variant("\"1\""), "one");
    (void)ask_as("GET", {{"Accept", "b"}}, variant("W/\"2\""), "two");
    clock.advance(5s);
    const auto got = ask_as("GET", {{"Accept", "a"}}, {{"ETag", "W/\"2\""}}, "", 304);
    EXPECT_NE(got.plan.validators.at(0).second.find("\"1\""), std::string::npos);
    EXPECT_NE(got.plan.validators.at(0).second.find("W/\"2\""), std::string::npos);
    EXPECT_EQ(got.body, "two");
}

TEST(HttpCacheKeys, HostAndSchemeCountInAnyCaseAndAPathDoesNot) {
    EXPECT_EQ(cache_key("HTTP://Order-Service:80/A?b#c"), "http://order-service/A?b");
    EXPECT_EQ(cache_key("http://order-service:8080/A"), "http://order-service:8080/A");
    EXPECT_NE(cache_key("http://a/A"), cache_key("http://a/a"));
}

TEST(HttpCacheSizes, TheLeastRecentlyUsedGoesWhenThereIsNoRoom) {
    ManualClock clock;
    HttpCache cache({.enabled = true, .max_bytes = Bytes::kilo(20), .max_entry = Bytes::kilo(4)}, clock);
    const http::HeaderBlock headers;
    const auto fetch = [&](const std::string& uri, std::size_t size) {
        const CacheRequest request{.method = "GET", .uri = uri, .headers = headers};
        const auto plan = cache.plan(request);
        if (plan.step == CacheStep::serve) return true;
        (void)cache.received(
            request, plan, answer(200, {{"Cache-Control", "max-age=60"}}, std::string(size, 'x'))
        );
        return false;
    };
    Random random(7);
    for (int i = 0; i < 2000; ++i) {
        (void)fetch("http://a/" + std::to_string(random.below(50)), random.below(5000));
        EXPECT_LE(cache.bytes(), 20U * 1024);
    }
    EXPECT_GT(cache.entries(), 3U);
    cache.clear();
    EXPECT_EQ(cache.bytes(), 0U);
    (void)fetch("http://a/1", 4000);
    (void)fetch("http://a/2", 4000);
    EXPECT_TRUE(fetch("http://a/1", 4000));
    for (int i = 3; i < 6; ++i) (void)fetch("http://a/" + std::to_string(i), 4000);
    EXPECT_TRUE(fetch("http://a/1", 4000)) << "it was used";
    EXPECT_FALSE(fetch("http://a/2", 4000)) << "it was not";
    EXPECT_FALSE(fetch("http://a/9", 4097));
    EXPECT_FALSE(fetch("http://a/9", 4097)) << "too long to be kept";
}

TEST(CacheControls, TheStricterOfTwoCountsAndNonsenseIsStrictest) {
    CacheControl control;
    control.add("max-age=60, Max-Age=\"30\", foo=\"a, no-store\", private=\"x-a, x-b\" , s-maxage=x");
    EXPECT_EQ(control.max_age, 30s);
    EXPECT_EQ(control.s_maxage, 0s);
    EXPECT_TRUE(control.is_private);
    EXPECT_FALSE(control.no_store);
    control.add("no-store,,max-age=99999999999999999999,stale-if-error=1,=,\"");
    EXPECT_TRUE(control.no_store);
    EXPECT_EQ(control.max_age, 30s);
    EXPECT_EQ(control.stale_if_error, 1s);
    Random random(3);
    for (int i = 0; i < 20'000; ++i) {
        static constexpr std::string_view letters = "max-age=0 \",\t1private";
        std::string text(random.below(30), ' ');
        for (char& c : text) c = letters[random.below(letters.size())];
        CacheControl any;
        any.add(text);
    }
}

}  // namespace

}  // namespace flotilla::remote
