#include "flotilla/shop/catalog/kept_answers.hpp"

#include <gtest/gtest.h>

#include "catalog_fixture.hpp"

namespace flotilla::shop::catalog {
namespace {

using namespace std::chrono_literals;

class Keeping : public testing::Test {
protected:
    KeptAnswer answer(std::string body, std::uint64_t changes = 0) {
        KeptAnswer made{.body = std::move(body), .tag = "\"1\""};
        made.changes = changes;
        made.asked_at = clock.now();
        return made;
    }

    ManualClock clock;
    metrics::Registry registry;
    KeptAnswers kept{{}, clock, registry};
};

TEST_F(Keeping, GivesWhatItHasUntilSomethingChanges) {
    EXPECT_EQ(kept.find("a", 0), nullptr);
    kept.keep("a", answer("first"));
    ASSERT_NE(kept.find("a", 0), nullptr);
    EXPECT_EQ(kept.find("a", 0)->body, "first");
    EXPECT_EQ(kept.find("b", 0), nullptr);
    EXPECT_EQ(kept.find("a", 1), nullptr);
}

// Another instance may have changed it.
TEST_F(Keeping, ForgetsAfterAWhileCountedFromWhenItWasAskedFor) {
    KeptAnswer slow = answer("slow");
    clock.advance(200ms);
    kept.keep("a", std::move(slow));
    EXPECT_NE(kept.find("a", 0), nullptr);
    clock.advance(50ms);
    EXPECT_EQ(kept.find("a", 0), nullptr);
}

TEST_F(Keeping, DoesNotKeepWhatIsLarge) {
    const auto given = kept.keep("a", answer(std::string(1 << 20, 'x')));
    EXPECT_EQ(given->body.size(), 1U << 20);
    EXPECT_EQ(kept.find("a", 0), nullptr);
}

TEST_F(Keeping, KeepsNothingWhereItShallNot) {
    KeptAnswers none({.type = CacheType::none}, clock, registry);
    none.keep("a", answer("first"));
    EXPECT_EQ(none.find("a", 0), nullptr);
}

/// As if another instance had done it.
Task<> rename_behind(CatalogFixture& catalog, std::string name) {
    const auto renamed = co_await catalog.source->execute(
        "update catalog set product_name = ?, version = version + 1 where product_id = 'CATALOG-001'", name
    );
    EXPECT_TRUE(renamed) << (renamed ? "" : renamed.error().message());
}

std::string first_name(const http::Response& response) {
    const Json list = json_of(response);
    return std::string(list[0]["productName"].string_or(""));
}

TEST(CatalogApi, S79_WhatIsAtHandIsGivenAndOtherInstancesAreSeenWithinASecond) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        for (int time = 0; time < 50; ++time) {
            const auto list = co_await catalog.send("GET /catalogs");
            EXPECT_EQ(first_name(list), "Berlin");
        }
        const auto hits = catalog.registry.counter("cache.gets", {{"cache", "catalog"}, {"result", "hit"}});
        EXPECT_EQ(hits.count(), 49.0);
        co_await rename_behind(catalog, "Bonn");
        const auto known = co_await catalog.send("GET /catalogs");
        EXPECT_EQ(first_name(known), "Berlin");
        const CatalogFixture::Fields truth{{"Cache-Control", "no-cache"}};
        const auto fresh = co_await catalog.send("GET /catalogs", truth);
        EXPECT_EQ(first_name(fresh), "Bonn");
        co_await rename_behind(catalog, "Berlin");
        catalog.clock.advance(1s);
        const auto late = co_await catalog.send("GET /catalogs");
        EXPECT_EQ(first_name(late), "Berlin");
        EXPECT_NE(late.headers().find("ETag"), fresh.headers().find("ETag"));
    });
}

TEST(CatalogApi, S79_WhatTheInstanceChangesItShowsAtOnce) {
    with_catalog([](CatalogFixture& catalog) -> Task<> {
        std::string body = R"({"productId":"CATALOG-001","qty":10})";
        const std::string path = "GET /CATALOG-001";
        const auto before = co_await catalog.send(path);
        EXPECT_EQ(json_of(before)["stock"].as_int64(), 100);
        co_await catalog.send_as("service", "PUT /reservations/o1", body);
        const auto taken = co_await catalog.send(path);
        EXPECT_EQ(json_of(taken)["stock"].as_int64(), 90);
        co_await catalog.send_as("service", "DELETE /reservations/o1");
        const auto given_back = co_await catalog.send(path);
        EXPECT_EQ(json_of(given_back)["stock"].as_int64(), 100);
        std::string added = R"({"productId":"NEW","productName":"New","stock":1,"unitPrice":1})";
        const auto three = co_await catalog.send("GET /catalogs");
        EXPECT_EQ(json_of(three).size(), 3U);
        co_await catalog.send_as("admin", "POST /catalogs", added);
        const auto four = co_await catalog.send("GET /catalogs");
        EXPECT_EQ(json_of(four).size(), 4U);
        std::string edit = R"({"unitPrice":7})";
        CatalogFixture::Fields over{{"If-Match", "*"}};
        co_await catalog.send_as("admin", "PATCH /catalogs/NEW", edit, over);
        const auto edited = co_await catalog.send("GET /NEW");
        EXPECT_EQ(json_of(edited)["unitPrice"].as_int64(), 7);
    });
}

}  // namespace
}  // namespace flotilla::shop::catalog
