#include "flotilla/http/cookies.hpp"

#include <gtest/gtest.h>

namespace flotilla::http {
namespace {

TEST(Cookies, AreFoundByTheirExactName) {
    Fields fields;
    fields.add("Cookie", "a=1; B=\"two\" ;c==3=; =x; y");
    fields.add("Cookie", "a=4;d=");
    EXPECT_EQ(find_cookie(fields, "a"), "1");
    EXPECT_EQ(find_cookie(fields, "B"), "two");
    EXPECT_EQ(find_cookie(fields, "b"), std::nullopt);
    EXPECT_EQ(find_cookie(fields, "c"), "=3=");
    EXPECT_EQ(find_cookie(fields, "d"), "");
    EXPECT_EQ(find_cookie(fields, "y"), std::nullopt);
    EXPECT_EQ(find_cookie(Fields(), "a"), std::nullopt);
}

TEST(SetCookie, IsWrittenWithItsAttributes) {
    EXPECT_EQ(*(SetCookie{.name = "a", .value = "1"}.to_field()), "a=1; Path=/; HttpOnly; SameSite=Lax");
    const SetCookie cookie{
        .name = "id",
        .value = "x.y",
        .path = "/app",
        .domain = "example.com",
        .max_age = std::chrono::hours(1),
        .secure = true,
        .http_only = false,
        .same_site = SameSite::none
    };
    EXPECT_EQ(
        *cookie.to_field(), "id=x.y; Path=/app; Domain=example.com; Max-Age=3600; Secure; SameSite=None"
    );
}

TEST(SetCookie, RefusesWhatWouldBreakOut) {
    EXPECT_FALSE((SetCookie{.name = "a b", .value = "1"}.to_field()));
    EXPECT_FALSE((SetCookie{.name = "a", .value = "1; Path=/x"}.to_field()));
    EXPECT_FALSE((SetCookie{.name = "a", .value = "1\r\nX: y"}.to_field()));
    EXPECT_FALSE((SetCookie{.name = "a", .value = "1", .path = "/;x"}.to_field()));
    EXPECT_FALSE((SetCookie{.name = "a", .value = "1", .same_site = SameSite::none}.to_field()));
}

}  // namespace
}  // namespace flotilla::http
