#include "flotilla/gateway/api_version.hpp"

#include <gtest/gtest.h>

#include "flotilla/config/environment.hpp"
#include "shot.hpp"

namespace flotilla::gateway {
namespace {

std::string shown(std::string_view text) {
    const auto version = ApiVersion::parse(text);
    if (!version) return "-";
    return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->patch);
}

/// The routes of `table`, which are called after what they take, by what requests say.
struct VersionTest : testing::Test {
    ApiVersionConfig config{.header = "X-API-Version"};

    std::string route_of(std::string_view version, std::string_view line = "GET /") {
        const ComponentMeans means{.versions = std::make_shared<ApiVersions>(config)};
        const auto table = table_of(
            "routes:\n"
            "- {id: one, uri: 'http://a', predicates: [Version=1.1]}\n"
            "- {id: later, uri: 'http://a', predicates: ['Version=1.3+']}\n",
            means
        );
        EXPECT_TRUE(table) << (table ? "" : table.error().message());
        const std::string header = version.empty() ? "" : "X-API-Version: " + std::string(version) + "\r\n";
        Shot shot(line, {.headers = header + more});
        const Route* route = (*table)->find(*shot);
        return route ? route->id() : "-";
    }

    /// What who asks so is told; empty when it is fine.
    std::string refusal_of(std::string_view version) {
        ApiVersions versions(config);
        for (const std::uint32_t minor : {1U, 3U}) versions.add_mapped({1, minor, 0});
        const std::string header = version.empty() ? "" : "X-API-Version: " + std::string(version) + "\r\n";
        Shot shot("GET /", {.headers = header});
        const auto asked = versions.asked_by(*shot);
        return asked ? "" : asked.error().message();
    }

    std::string more;
};

TEST(ApiVersion, IsReadAsSpringReadsIt) {
    EXPECT_EQ(shown("0"), "0.0.0");
    EXPECT_EQ(shown("4.5"), "4.5.0");
    EXPECT_EQ(shown("6.7.8"), "6.7.8");
    EXPECT_EQ(shown("v01"), "1.0.0");
    EXPECT_EQ(shown("version-1.2"), "1.2.0");
    for (const std::string_view bad :
         {"", "v", "1a", "1.0a", "1.0.0a", "1.0.0.", "1.0.0-", "1..2", "1.2.3.4", "99999999999"})
        EXPECT_EQ(shown(bad), "-") << bad;
}

TEST_F(VersionTest, OneIsExactAndAPlusMeansThatAndLater) {
    EXPECT_EQ(route_of("1.1"), "one");
    EXPECT_EQ(route_of("v1.1.0"), "one");
    EXPECT_EQ(route_of("1.2"), "-");
    EXPECT_EQ(route_of("1.3"), "later");
    EXPECT_EQ(route_of("1.10"), "later");
    EXPECT_EQ(route_of("2"), "later");
}

TEST_F(VersionTest, WhoSaysNothingIsTakenByAnyUnlessThereIsADefaultOrOneIsRequired) {
    EXPECT_EQ(route_of(""), "one");
    config.by_default = ApiVersion{1, 4, 0};
    EXPECT_EQ(route_of(""), "later");
    config.by_default.reset();
    config.required = true;
    EXPECT_EQ(route_of(""), "one") << "which refuses it";
    EXPECT_EQ(refusal_of(""), "API version is required.");
    EXPECT_EQ(refusal_of("1"), "");
    config.by_default = ApiVersion{1, 4, 0};
    EXPECT_EQ(refusal_of(""), "") << "a default is enough";
}

TEST_F(VersionTest, WhatIsNoVersionOrNotSupportedIsRefusedByAnyRoute) {
    EXPECT_EQ(route_of("latest"), "one");
    EXPECT_EQ(refusal_of("latest"), "Invalid API version: 'latest'.");
    EXPECT_EQ(refusal_of("77"), "") << "who lists none supports all";
    config.supported = {ApiVersion{1, 5, 0}};
    EXPECT_EQ(route_of("1.5"), "later");
    EXPECT_EQ(refusal_of("1.5"), "");
    EXPECT_EQ(refusal_of("1.4"), "Invalid API version: '1.4'.");
    EXPECT_EQ(refusal_of("1.1"), "") << "a route names it";
    config.detect_supported = false;
    EXPECT_EQ(refusal_of("1.1"), "Invalid API version: '1.1'.");
}

TEST_F(VersionTest, IsFoundInQueryPathAndMediaTypes) {
    config = {.query_parameter = "version"};
    EXPECT_EQ(route_of("", "GET /a?x=1&version=1.3"), "later");
    config = {.path_segment = 1};
    EXPECT_EQ(route_of("", "GET /api/v1.3/x"), "later");
    EXPECT_EQ(route_of("", "GET /api"), "one") << "it says nothing";
    config = {.media_type_parameters = {{"application/json", "version"}}};
    more = "Accept: text/html, application/json;q=0.5; version=\"1.3\"\r\n";
    EXPECT_EQ(route_of(""), "later");
    more = "Accept: text/html;version=1.3\r\nContent-Type: application/json; version=1.1\r\n";
    EXPECT_EQ(route_of(""), "one");
}

TEST(ApiVersions, AreReadFromSpringsProperties) {
    using Properties = std::vector<std::pair<std::string, config::Json>>;
    const auto read = [](const Properties& properties) {
        return read_api_versions(config::Environment::of(properties));
    };
    const auto all = read({
        {"spring.webflux.apiversion.use.header", "X-API-Version"},
        {"spring.webflux.apiversion.use.queryParameter", "v"},
        {"spring.webflux.apiversion.use.path-segment", 2},
        {"spring.webflux.apiversion.use.media-type-parameter[application/json]", "version"},
        {"spring.webflux.apiversion.default", "1.2"},
        {"spring.webflux.apiversion.supported", "1.0,2"},
        {"spring.webflux.apiversion.detect-supported", false},
        {"spring.webflux.apiversion.required", true},
    });
    ASSERT_TRUE(all) << all.error().message();
    EXPECT_EQ(all->header, "X-API-Version");
    EXPECT_EQ(all->query_parameter, "v");
    EXPECT_EQ(all->path_segment, 2U);
    ASSERT_EQ(all->media_type_parameters.size(), 1U);
    EXPECT_EQ(all->media_type_parameters.front().first, "application/json");
    EXPECT_EQ(all->by_default, (ApiVersion{1, 2, 0}));
    EXPECT_EQ(all->supported.size(), 2U);
    EXPECT_FALSE(all->detect_supported);
    EXPECT_TRUE(all->required);
    EXPECT_FALSE(read({})->has_source());
    EXPECT_FALSE(read({{"spring.webflux.apiversion.default", "soon"}}));
}

TEST(ApiVersions, ARouteNeedsToKnowWhereRequestsSayIt) {
    EXPECT_NE(
        refusal_of("routes: [{id: r, uri: 'http://a', predicates: [Version=1]}]")
            .find("spring.webflux.apiversion.use.header"),
        std::string::npos
    );
}

}  // namespace
}  // namespace flotilla::gateway
