#include "flotilla/openapi/api.hpp"

#include <gtest/gtest.h>

#include "flotilla/http/gzip.hpp"
#include "request_builder.hpp"
#include "swagger_ui.hpp"
#include "ui_assets.hpp"

namespace flotilla::openapi {

namespace {

using http::RequestBuilder;
using http::Response;
using http::Status;

class ApiTest : public ::testing::Test {
protected:
    /// The answer of a router with one route and its description.
    Response ask(std::string target, const RequestBuilder::Fields& fields = {}) {
        if (!api) {
            router.get("/shop/hello", [] { return std::string("Hello"); });
            router.get("/shop/actuator/health", [] {});
            api = std::make_unique<Api>(config, identity);
            api->mount(router);
        }
        RequestBuilder builder("GET " + target, fields, "");
        Response response;
        router.prepare(builder.request);
        EXPECT_FALSE(router.handle(builder.request, response)) << "nothing here waits";
        return response;
    }

    static std::string header(const Response& response, std::string_view name) {
        return std::string(response.headers().find(name));
    }

    OpenApiConfig config;
    ApiIdentity identity{
        .title = "hello", .version = "1.0", .context_path = "/shop", .operations_path = "/shop/actuator"
    };
    http::Router router;
    std::unique_ptr<Api> api;
};

TEST_F(ApiTest, ServesTheDescription) {
    const Response response = ask("/shop/v3/api-docs");
    EXPECT_EQ(response.status(), Status::ok);
    EXPECT_TRUE(header(response, "Content-Type").starts_with("application/json"));
    const auto document = reflect::parse_json(response.text().value()).value();
    EXPECT_EQ(document["info"]["title"].string_or(""), "hello");
    EXPECT_EQ(document["servers"][0]["url"].string_or(""), "http://localhost:8081");
    ASSERT_EQ(document["paths"].size(), 1U) << "neither operations nor itself";
    EXPECT_TRUE(document["paths"].contains("/shop/hello"));
}

TEST_F(ApiTest, F30_ItsServerUrlHasThePrefixOfTheGateway) {
    const Response response = ask("/shop/v3/api-docs", {{"X-Forwarded-Prefix", "/user-service"}});
    const auto document = reflect::parse_json(response.text().value()).value();
    EXPECT_EQ(document["servers"][0]["url"].string_or(""), "http://localhost:8081/user-service");
}

TEST_F(ApiTest, S90_APrefixThatItsPathsHaveThemselvesIsNotSaidTwice) {
    const Response response = ask("/shop/v3/api-docs", {{"X-Forwarded-Prefix", "/shop"}});
    const auto document = reflect::parse_json(response.text().value()).value();
    EXPECT_EQ(document["servers"][0]["url"].string_or(""), "http://localhost:8081");
}

TEST_F(ApiTest, ServesItAsYamlAndNothingElse) {
    const Response yaml = ask("/shop/v3/api-docs.yaml");
    EXPECT_EQ(header(yaml, "Content-Type"), "application/vnd.oai.openapi");
    EXPECT_TRUE(yaml.text()->starts_with("openapi: \"3.0.1\"\n")) << yaml.text()->substr(0, 80);
    EXPECT_EQ(ask("/shop/v3/api-docs", {{"Accept", "text/html"}}).status(), Status::not_acceptable);
}

TEST_F(ApiTest, F30_LeadsToThePage) {
    const Response found = ask("/shop/swagger-ui.html");
    EXPECT_EQ(found.status(), Status::found);
    EXPECT_EQ(header(found, "Location"), "/shop/swagger-ui/index.html");
    const Response behind = ask("/shop/swagger-ui.html", {{"X-Forwarded-Prefix", "/user-service"}});
    EXPECT_EQ(header(behind, "Location"), "/user-service/shop/swagger-ui/index.html");
    EXPECT_EQ(ask("/shop/swagger-ui").status(), Status::not_found);
    EXPECT_EQ(
        ask("/shop/v3/api-docs/swagger-config").text(),
        R"({"configUrl":"/shop/v3/api-docs/swagger-config","url":"/shop/v3/api-docs","validatorUrl":""})"
    );
}

TEST_F(ApiTest, ServesThePageWithAStrictPolicy) {
    if (embedded_script().empty()) {
        const Response response = ask("/shop/swagger-ui/index.html");
        EXPECT_EQ(response.status(), Status::not_found);
        GTEST_SKIP() << why_missing();
    }
    identity.title = "<hello>";
    const Response response = ask("/shop/swagger-ui/index.html");
    EXPECT_EQ(response.status(), Status::ok);
    EXPECT_NE(response.text()->find("<title>&lt;hello&gt; API</title>"), std::string_view::npos);
    EXPECT_NE(response.text()->find("&quot;url&quot;:&quot;../v3/api-docs&quot;"), std::string_view::npos)
        << *response.text();
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
    const std::string policy = header(response, "Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self';")) << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(ask("/shop/swagger-ui/other.js").status(), Status::not_found);
}

TEST_F(ApiTest, ServesTheFilesCompressedAndOnce) {
    if (embedded_script().empty()) GTEST_SKIP() << why_missing();
    const Response packed = ask("/shop/swagger-ui/swagger-ui-bundle.js", {{"Accept-Encoding", "gzip, br"}});
    EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
    EXPECT_EQ(packed.text()->data(), embedded_script().data()) << "not even copied";
    const Response plain = ask("/shop/swagger-ui/swagger-ui.css");
    EXPECT_EQ(header(plain, "Content-Encoding"), "");
    EXPECT_NE(plain.text()->find(".swagger-ui"), std::string_view::npos);
    const std::string etag = header(plain, "ETag");
    const Response again = ask("/shop/swagger-ui/swagger-ui.css", {{"If-None-Match", etag}});
    EXPECT_EQ(again.status(), Status::not_modified);
    EXPECT_LT(embedded_script().size() + embedded_style().size(), 600'000U);
}

TEST_F(ApiTest, OffersTheDescriptionsOfOthersAtAGateway) {
    config.swagger_ui.urls = {
        {"users", "/user-service/v3/api-docs"}, {"orders", "/order-service/v3/api-docs"}
    };
    EXPECT_EQ(
        ask("/shop/v3/api-docs/swagger-config").text(),
        R"({"configUrl":"/shop/v3/api-docs/swagger-config","urls":[{"name":"users",)"
        R"("url":"/user-service/v3/api-docs"},{"name":"orders","url":"/order-service/v3/api-docs"}],)"
        R"("validatorUrl":""})"
    );
    const Response page = ask("/shop/swagger-ui/index.html");
    if (page.status() == Status::ok) {
        EXPECT_NE(page.text()->find("/order-service/v3/api-docs"), std::string_view::npos);
    }
}

TEST_F(ApiTest, IsThereOnlyWhereItIsWanted) {
    config.swagger_ui.enabled = false;
    EXPECT_EQ(ask("/shop/v3/api-docs").status(), Status::ok);
    EXPECT_EQ(ask("/shop/swagger-ui.html").status(), Status::not_found);
    EXPECT_EQ(ask("/shop/swagger-ui/index.html").status(), Status::not_found);
}

TEST_F(ApiTest, IsGoneWhenItIsSwitchedOff) {
    config.api_docs.enabled = false;
    EXPECT_EQ(ask("/shop/v3/api-docs").status(), Status::not_found);
    EXPECT_EQ(ask("/shop/swagger-ui.html").status(), Status::not_found);
}

TEST_F(ApiTest, IsNotThereWhenThereIsNothingToDescribe) {
    http::Router gateway;
    gateway.get("/shop/actuator/health", [] {});
    Api quiet(config, identity);
    quiet.mount(gateway);
    EXPECT_EQ(gateway.routes().size(), 1U);
    config.swagger_ui.urls = {{"users", "/user-service/v3/api-docs"}};
    Api portal(config, identity);
    portal.mount(gateway);
    EXPECT_EQ(gateway.routes().size(), 6U);
}

TEST_F(ApiTest, LivesWhereItIsTold) {
    config.api_docs.path = "/docs/openapi";
    config.swagger_ui.path = "/docs/try/it";
    EXPECT_EQ(ask("/shop/docs/openapi").status(), Status::ok);
    EXPECT_EQ(header(ask("/shop/docs/try/it"), "Location"), "/shop/docs/try/swagger-ui/index.html");
    EXPECT_EQ(
        relative_url("/shop/docs/try/swagger-ui", "/shop/docs/openapi"), "../../../../shop/docs/openapi"
    );
}

TEST_F(ApiTest, LeavesARouteToWhoHasIt) {
    router.get("/shop/swagger-ui.html", [] { return std::string("mine"); });
    EXPECT_EQ(ask("/shop/swagger-ui.html").text(), "mine");
}

}  // namespace

}  // namespace flotilla::openapi
