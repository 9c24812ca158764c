#include "flotilla/shop/page.hpp"

#include <gtest/gtest.h>

#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/timestamp.hpp"

namespace flotilla::shop {
namespace {

TEST(Page, BeginsAtTheBeginningWithAHundred) {
    const auto page = PageRequest::of(std::nullopt, std::nullopt, default_page_limit);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->limit, 100);
    EXPECT_TRUE(page->after.empty());
}

TEST(Page, TakesLimitsFromOneToAThousand) {
    EXPECT_EQ(PageRequest::of("1", std::nullopt, 100)->limit, 1);
    EXPECT_EQ(PageRequest::of("1000", std::nullopt, 100)->limit, 1000);
    for (const char* bad : {"0", "-1", "1001", "ten", "", "99999999999999999999"}) {
        const auto page = PageRequest::of(bad, std::nullopt, 100);
        ASSERT_FALSE(page) << bad;
        EXPECT_EQ(page.error().status(), http::Status::bad_request);
        EXPECT_EQ(page.error().errors().at(0).field, "limit");
    }
}

TEST(Page, ACursorLeadsToWhereItCameFrom) {
    const auto page = PageRequest::of(std::nullopt, to_cursor("CATALOG-001"), 100);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->after, "CATALOG-001");
}

TEST(Page, WhatIsNoCursorIsRefused) {
    for (const char* bad : {"", "x", "Q0FUQUxPRy0wMDE", "%%%", "YWZ0ZXI6"}) {
        const auto page = PageRequest::of(std::nullopt, bad, 100);
        ASSERT_FALSE(page) << bad;
        EXPECT_EQ(page.error().errors().at(0).field, "cursor");
    }
}

TEST(Page, TheNextOneIsLinkedRelativeToTheUrlThatWasAskedFor) {
    http::Response response;
    link_next(response, {.limit = 2, .after = {}}, "b", "sort=newest");
    EXPECT_EQ(response.headers().find("Link"), "<?limit=2&cursor=YWZ0ZXI6Yg&sort=newest>; rel=\"next\"");
}

TEST(Timestamp, HasMillisecondsAndAnOffset) {
    const auto at = reflect::TextForm<Timestamp>::parse("2021-02-10T05:22:33Z");
    ASSERT_TRUE(at);
    EXPECT_EQ(reflect::TextForm<Timestamp>::print(*at), "2021-02-10T05:22:33.000+00:00");
}

TEST(Uuid, IsRandomAndOfVersionFour) {
    const std::string one = new_uuid();
    EXPECT_EQ(one.size(), 36U);
    EXPECT_EQ(one[14], '4');
    EXPECT_NE(std::string("89ab").find(one[19]), std::string::npos);
    EXPECT_NE(one, new_uuid());
}

}  // namespace
}  // namespace flotilla::shop
