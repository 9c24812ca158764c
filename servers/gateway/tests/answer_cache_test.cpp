#include "flotilla/gateway/answer_cache.hpp"

#include <gtest/gtest.h>

namespace flotilla::gateway {
namespace {

using namespace std::chrono_literals;

struct AnswerCacheTest : testing::Test {
    AnswerCache cache{{.time_to_live = 60s, .most_bytes = 2000, .longest_body = 1000}};
    http::HeaderBlock sent;
    http::HeaderBlock answer;
    TimePoint start{1h};

    /// `/a` is what clients have as `gateway/a`, and the service as `http://service/a`.
    [[nodiscard]] CacheSubject subject(std::string_view path) const {
        CacheSubject made{
            .key = std::string(path),
            .outside = "gateway" + std::string(path),
            .inside = "http://service" + std::string(path)
        };
        made.mark = cache.mark(made);
        return made;
    }

    CachedPtr keep(std::string_view key, std::string body = "hello", int status = 200) {
        return keep_as(subject(key), std::move(body), status);
    }

    CachedPtr keep_as(const CacheSubject& as, std::string body = "hello", int status = 200) {
        return cache.keep(as, Headers(sent), status, Headers(answer), std::move(body), start);
    }

    CachedPtr find(std::string_view key) { return cache.find(key, Headers(sent)); }
};

TEST_F(AnswerCacheTest, KeepsAnAnswerAsLongAsTheServiceSaysAndNeverLongerThanItIsTold) {
    answer.add("Cache-Control", "public, max-age=5");
    keep("/a");
    const CachedPtr found = find("/a");
    ASSERT_TRUE(found);
    EXPECT_EQ(*found->body, "hello");
    EXPECT_TRUE(found->fresh(start + 4s));
    EXPECT_FALSE(found->fresh(start + 5s));
    answer.set("Cache-Control", "max-age=3600");
    EXPECT_FALSE(keep("/a")->fresh(start + 60s));
    answer.clear();
    EXPECT_TRUE(keep("/a")->fresh(start + 59s)) << "without a word the time to live counts";
}

TEST_F(AnswerCacheTest, CountsTheAgeThatAnAnswerCameWith) {
    answer.add("Cache-Control", "max-age=10");
    answer.add("Age", "7");
    EXPECT_FALSE(keep("/a")->fresh(start + 3s));
}

TEST_F(AnswerCacheTest, KeepsNothingThatIsNotForEverybody) {
    for (const std::string_view control : {"no-store", "private, max-age=60", "no-cache", "max-age=0"}) {
        answer.set("Cache-Control", control);
        EXPECT_FALSE(keep("/a")) << control;
    }
    answer.clear();
    answer.add("Set-Cookie", "a=b");
    EXPECT_FALSE(keep("/a"));
    answer.clear();
    answer.add("Vary", "Accept, *");
    EXPECT_FALSE(keep("/a"));
    answer.clear();
    EXPECT_FALSE(keep("/a", "x", 206));
    EXPECT_FALSE(keep("/a", "x", 500));
    EXPECT_FALSE(keep("/a", std::string(1001, 'x'))) << "too long";
}

TEST_F(AnswerCacheTest, HasNothingToDoWithRequestsThatAreSomebodys) {
    EXPECT_TRUE(AnswerCache::concerns("GET", false, Headers(sent)));
    EXPECT_FALSE(AnswerCache::concerns("POST", false, Headers(sent)));
    EXPECT_FALSE(AnswerCache::concerns("GET", true, Headers(sent)));
    for (const std::string_view name : {"Authorization", "Cookie", "Range"}) {
        http::HeaderBlock fields;
        fields.add(name, "x");
        EXPECT_FALSE(AnswerCache::concerns("GET", false, Headers(fields))) << name;
    }
}

TEST_F(AnswerCacheTest, TellsVariantsApart) {
    answer.add("Vary", "Accept-Language");
    sent.add("Accept-Language", "de");
    keep("/a", "hallo");
    sent.set("Accept-Language", "en");
    EXPECT_FALSE(find("/a"));
    keep("/a", "hello");
    EXPECT_EQ(*find("/a")->body, "hello");
    sent.set("Accept-Language", "de");
    EXPECT_EQ(*find("/a")->body, "hallo");
}

TEST_F(AnswerCacheTest, ForgetsTheLeastRecentlyUsedWhenItIsFull) {
    keep("/a", std::string(900, 'a'));
    keep("/b", std::string(900, 'b'));
    EXPECT_TRUE(find("/a"));
    keep("/c", std::string(900, 'c'));
    EXPECT_TRUE(find("/a"));
    EXPECT_FALSE(find("/b"));
    EXPECT_LE(cache.bytes(), 2000U);
}

TEST_F(AnswerCacheTest, ForgetsAllVariantsOfWhatIsInvalidatedFromEitherSide) {
    answer.add("Vary", "Accept-Language");
    for (const std::string_view language : {"de", "en"}) {
        sent.set("Accept-Language", language);
        keep("/a");
    }
    keep("/b");
    cache.invalidate("gateway/a");
    for (const std::string_view language : {"de", "en"}) {
        sent.set("Accept-Language", language);
        EXPECT_FALSE(find("/a")) << language;
    }
    EXPECT_TRUE(find("/b"));
    cache.invalidate("gateway/c");
    EXPECT_TRUE(find("/b"));
    cache.invalidate("http://service/b");
    EXPECT_FALSE(find("/b"));
    EXPECT_EQ(cache.bytes(), 0U);
    keep("/a");
    EXPECT_TRUE(find("/a")) << "what comes later is kept again";
}

TEST_F(AnswerCacheTest, WhatWasAskedForBeforeAChangeIsNotKeptAfterIt) {
    const CacheSubject asked = subject("/a");
    EXPECT_TRUE(cache.holds(asked));
    cache.invalidate("gateway/a");
    EXPECT_FALSE(cache.holds(asked));
    EXPECT_FALSE(keep_as(asked));
    EXPECT_FALSE(find("/a"));
    EXPECT_TRUE(keep("/a"));
}

TEST_F(AnswerCacheTest, IsStaleForAsLongAsTheServiceAllows) {
    answer.add("Cache-Control", "max-age=5, stale-while-revalidate=30, stale-if-error=60");
    const CachedPtr kept = keep("/a");
    EXPECT_TRUE(kept->stale_for(start + 34s, kept->while_revalidate));
    EXPECT_FALSE(kept->stale_for(start + 35s, kept->while_revalidate));
    EXPECT_TRUE(kept->stale_for(start + 64s, kept->if_error));
    answer.set("Cache-Control", "max-age=5, stale-if-error=60, must-revalidate");
    EXPECT_EQ(keep("/a")->if_error, 0s);
}

}  // namespace
}  // namespace flotilla::gateway
