#include "flotilla/openapi/document.hpp"

#include <gtest/gtest.h>

#include "shop_types.hpp"

namespace flotilla::openapi {

namespace {

using http::Body;
using http::Created;
using http::Header;
using http::Path;
using http::Query;
using reflect::Json;

Created<shop::OrderOut> create(Body<shop::OrderIn>) {
    return {};
}

TEST(Document, DescribesAnOperationToTheByte) {
    http::Router router;
    router.get(
        "/users/{id}/orders",
        [](Path<"id", std::uint64_t>,
           Query<"page", std::optional<int>>,
           Header<"X-Tenant">) -> Result<std::string> { return ""; },
        {.name = "OrderController#listOrders(int)",
         .doc = {.summary = "Orders of a user", .responses = {{404, "No such user"}}, .bearer = true}}
    );
    DocumentOptions options;
    options.title = "order-service";
    options.api_version = "1.2";
    options.server_url = "http://localhost:8081";
    const std::string error =
        R"("content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}})";
    EXPECT_EQ(
        describe(router, options).text(),
        R"({"openapi":"3.0.1","info":{"title":"order-service","version":"1.2"},)"
        R"("servers":[{"url":"http://localhost:8081","description":"Generated server url"}],)"
        R"("paths":{"/users/{id}/orders":{"get":{"tags":["order-controller"],"summary":"Orders of a user",)"
        R"("operationId":"listOrders","parameters":[)"
        R"({"name":"id","in":"path","required":true,"schema":{"type":"integer","format":"int64","minimum":0}},)"
        R"({"name":"page","in":"query","required":false,"schema":{"type":"integer","format":"int32"}},)"
        R"({"name":"X-Tenant","in":"header","required":true,"schema":{"type":"string"}}],)"
        R"("responses":{"200":{"description":"OK","content":{"text/plain":{"schema":{"type":"string"}}}},)"
        R"("400":{"description":"Bad Request",)" +
            error + R"(},"401":{"description":"Unauthorized",)" + error +
            R"(},"404":{"description":"No such user",)" + error +
            R"(}},"security":[{"bearerAuth":[]}]}}},)"
            R"("components":{"schemas":{"Error":{"type":"object","properties":{)"
            R"("timestamp":{"type":"string","format":"date-time"},"status":{"type":"integer","format":"int32"},)"
            R"("error":{"type":"string"},"message":{"type":"string"},"path":{"type":"string"}}}},)"
            R"("securitySchemes":{"bearerAuth":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}}}})"
    );
}

class DocumentTest : public ::testing::Test {
protected:
    Json operation(std::string_view path, std::string_view method) {
        return describe(router, options)["paths"][path][method];
    }

    http::Router router;
    DocumentOptions options;
};

TEST_F(DocumentTest, DescribesWhatComesInAndWhatIsMade) {
    router.post("/orders", create);
    const Json post = operation("/orders", "post");
    EXPECT_EQ(post["operationId"].string_or(""), "postOrders");
    EXPECT_EQ(post["tags"].text(), R"(["orders"])");
    EXPECT_EQ(
        post["requestBody"].text(),
        R"({"content":{"application/json":{"schema":{"$ref":"#/components/schemas/OrderIn"}}},"required":true})"
    );
    const auto& created = post["responses"]["201"];
    EXPECT_EQ(
        created["content"]["application/json"]["schema"].text(), R"({"$ref":"#/components/schemas/OrderOut"})"
    );
    EXPECT_TRUE(created["headers"].contains("Location"));
    EXPECT_TRUE(post["responses"].contains("400"));
}

TEST_F(DocumentTest, TellsWhatAnAnswerMayBe) {
    router.get("/maybe/{id}", [](Path<"id">) { return std::optional<shop::Address>(); });
    router.del("/orders/{id}", [](Path<"id">) {});
    router.put(
        "/status/{id}",
        [](Path<"id">) { return http::Status::no_content; },
        {.doc = {.responses = {{204, "Done"}, {409, ""}}}}
    );
    EXPECT_EQ(operation("/maybe/{id}", "get")["responses"]["404"].text(), R"({"description":"Not Found"})");
    EXPECT_EQ(operation("/orders/{id}", "delete")["responses"].text(), R"({"200":{"description":"OK"}})");
    const Json status = operation("/status/{id}", "put")["responses"];
    EXPECT_EQ(status["204"].text(), R"({"description":"Done"})");
    EXPECT_FALSE(status.contains("200"));
    EXPECT_EQ(status["409"]["description"].string_or(""), "Conflict");
}

TEST_F(DocumentTest, BelievesWhatIsSaidOfAnswersThatHandlersMakeThemselves) {
    router.post(
        "/orders",
        [](http::Request&) { return http::Response(); },
        {.doc =
             {.responses = {http::ResponseDoc::of<shop::Address>(201, "Placed"), {303, "Was placed before"}}}}
    );
    const Json responses = operation("/orders", "post")["responses"];
    EXPECT_EQ(
        responses["201"].text(),
        R"({"description":"Placed","content":{"application/json":{"schema":)"
        R"({"$ref":"#/components/schemas/Address"}}}})"
    );
    EXPECT_EQ(responses["303"].text(), R"({"description":"Was placed before"})");
    EXPECT_EQ(responses.size(), 2U);
}

TEST_F(DocumentTest, KnowsTheBodyOfAReplyWhateverItsStatus) {
    using Address = http::Reply<shop::Address>;
    router.post(
        "/orders",
        [](http::Request&) -> Task<Address> { co_return Address(http::Status::created, {}); },
        {.doc = {.responses = {{201, "Placed"}, {200, "Was placed before"}, {204, ""}, {303, ""}}}}
    );
    const Json responses = operation("/orders", "post")["responses"];
    const std::string body = R"("content":{"application/json":{"schema":)"
                             R"({"$ref":"#/components/schemas/Address"}}}})";
    EXPECT_EQ(responses["201"].text(), R"({"description":"Placed",)" + body);
    EXPECT_EQ(responses["200"].text(), R"({"description":"Was placed before",)" + body);
    EXPECT_EQ(responses["204"].text(), R"({"description":"No Content"})");
    EXPECT_EQ(responses["303"].text(), R"({"description":"See Other"})");
    router.get("/address", [] { return Address(http::Status::ok, {}); }, {.doc = {.responses = {{404, ""}}}});
    EXPECT_EQ(operation("/address", "get")["responses"]["200"].text(), R"({"description":"OK",)" + body);
    router.get("/text", [] { return http::Reply<std::string>(http::Status::ok, ""); });
    EXPECT_TRUE(operation("/text", "get")["responses"]["200"]["content"].contains("text/plain"));
}

TEST_F(DocumentTest, ShowsABodyInEachOfItsMediaTypes) {
    router.get(
        "/address",
        [] { return http::Reply<shop::Address>(http::Status::ok, {}); },
        {.doc = {.responses = {http::ResponseDoc::of<shop::OrderOut>(200, "Found", "application/hal+json")}}}
    );
    EXPECT_EQ(
        operation("/address", "get")["responses"]["200"].text(),
        R"({"description":"Found","content":{)"
        R"("application/json":{"schema":{"$ref":"#/components/schemas/Address"}},)"
        R"("application/hal+json":{"schema":{"$ref":"#/components/schemas/OrderOut"}}}})"
    );
}

TEST_F(DocumentTest, ShowsErrorsInTheFormThatTheRouteGivesThem) {
    router.post(
        "/orders",
        create,
        {.doc = {.responses = {{409, ""}}, .error_body = &reflect::type_info_of<shop::Address>}}
    );
    const Json document = describe(router, options);
    for (const char* status : {"400", "409"})
        EXPECT_EQ(
            document["paths"]["/orders"]["post"]["responses"][status]["content"].text(),
            R"({"application/json":{"schema":{"$ref":"#/components/schemas/Address"}}})"
        );
    EXPECT_FALSE(document["components"]["schemas"].contains("Error"));
}

TEST_F(DocumentTest, HasAListParameterOnceForEachValue) {
    router.get(
        "/items", [](Query<"tag", std::vector<std::string>>, Query<"size", std::optional<shop::Size>>) {}
    );
    const Json parameters = operation("/items", "get")["parameters"];
    EXPECT_EQ(parameters[0]["schema"].text(), R"({"type":"array","items":{"type":"string"}})");
    EXPECT_EQ(parameters[0]["required"].as_bool(), false);
    EXPECT_EQ(parameters[1]["schema"]["enum"].text(), R"(["SMALL","EXTRA_LARGE"])");
}

TEST_F(DocumentTest, NamesPathParametersThatTheHandlerReadsItself) {
    router.get("/files/{*rest}", [](http::Request&) { return http::Response(); });
    const Json get = operation("/files/{rest}", "get");
    EXPECT_EQ(get["operationId"].string_or(""), "getFilesByRest");
    EXPECT_EQ(get["parameters"][0]["name"].string_or(""), "rest");
    EXPECT_EQ(get["responses"].text(), R"({"200":{"description":"OK"}})");
}

TEST_F(DocumentTest, LeavesOutWhatIsHiddenOrNotAskedFor) {
    for (const char* path :
         {"/users/{id}", "/users/{id}/orders", "/orders", "/actuator/health", "/actuators"})
        router.get(path, [] {});
    router.get("/hidden", [] {}, {.doc = {.hidden = true}});
    const auto paths = [&] {
        std::vector<std::string> all;
        const Json document = describe(router, options);
        for (const auto& member : document["paths"].members()) all.push_back(member.key);
        return all;
    };
    using Paths = std::vector<std::string>;
    options.hidden_prefixes = {"/actuator"};
    EXPECT_EQ(paths(), (Paths{"/users/{id}", "/users/{id}/orders", "/orders", "/actuators"}));
    options.paths_to_match = {"/users/**", "/orders"};
    options.paths_to_exclude = {"/users/*/orders"};
    EXPECT_EQ(paths(), (Paths{"/users/{id}", "/orders"}));
}

TEST_F(DocumentTest, GivesEveryOperationAnIdOfItsOwn) {
    router.get("/a/{b}", [](Path<"b">) {}, {.name = "A#get"});
    router.get("/c", [] {}, {.name = "C#get"});
    EXPECT_EQ(operation("/a/{b}", "get")["operationId"].string_or(""), "get");
    EXPECT_EQ(operation("/c", "get")["operationId"].string_or(""), "get_1");
}

TEST_F(DocumentTest, SpeaksOfProblemDetailsWhereErrorsAreThat) {
    options.problem_details = true;
    options.version = Version::openapi_3_1;
    router.post("/orders", create);
    const Json document = describe(router, options);
    EXPECT_EQ(document["openapi"].string_or(""), "3.1.0");
    EXPECT_TRUE(document["paths"]["/orders"]["post"]["responses"]["400"]["content"].contains(
        "application/problem+json"
    ));
    EXPECT_TRUE(document["components"]["schemas"].contains("ProblemDetail"));
}

TEST(PathMatch, KnowsStarsAsSpringDoes) {
    EXPECT_TRUE(path_matches("/users/**", "/users/7/orders"));
    EXPECT_TRUE(path_matches("/users/**", "/users"));
    EXPECT_TRUE(path_matches("/**/orders", "/users/7/orders"));
    EXPECT_TRUE(path_matches("/users/*", "/users/{id}"));
    EXPECT_FALSE(path_matches("/users/*", "/users/7/orders"));
    EXPECT_FALSE(path_matches("/users", "/users/7"));
}

}  // namespace

}  // namespace flotilla::openapi
