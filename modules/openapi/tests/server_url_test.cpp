#include "server_url.hpp"

#include <gtest/gtest.h>

namespace flotilla::openapi {

namespace {

http::Fields fields_of(const std::vector<http::Field>& all) {
    http::Fields fields;
    for (const http::Field& field : all) fields.add(field.name, field.value);
    return fields;
}

std::string url(const std::vector<http::Field>& all) {
    return server_url(fields_of(all), "http://localhost:8081");
}

TEST(ServerUrl, IsTheRequestsOwnUnlessItWasForwarded) {
    EXPECT_EQ(url({}), "http://localhost:8081");
}

TEST(ServerUrl, IsWhatProxiesSayOfThemselves) {
    EXPECT_EQ(
        url(
            {{"X-Forwarded-Proto", "https"},
             {"X-Forwarded-Host", "shop.example, inner"},
             {"X-Forwarded-Port", "443"},
             {"X-Forwarded-Prefix", "/user-service/"}}
        ),
        "https://shop.example/user-service"
    );
    EXPECT_EQ(
        url({{"X-Forwarded-Host", "shop.example"}, {"X-Forwarded-Port", "8000"}}), "http://shop.example:8000"
    );
    EXPECT_EQ(url({{"X-Forwarded-Host", "[::1]:8000"}, {"X-Forwarded-Port", "80"}}), "http://[::1]:8000");
    EXPECT_EQ(
        url({{"X-Forwarded-Prefix", "/api, /v2"}, {"X-Forwarded-Prefix", "/user"}}),
        "http://localhost:8081/api/v2/user"
    );
}

TEST(ServerUrl, DoesNotRepeatWhatCannotBe) {
    EXPECT_EQ(
        url(
            {{"X-Forwarded-Proto", "javascript"},
             {"X-Forwarded-Host", "a\"b"},
             {"X-Forwarded-Port", "x"},
             {"X-Forwarded-Prefix", "//evil.example"}}
        ),
        "http://localhost:8081"
    );
    EXPECT_EQ(forwarded_prefix(fields_of({{"X-Forwarded-Prefix", "/a\"b"}})), "");
}

}  // namespace

}  // namespace flotilla::openapi
