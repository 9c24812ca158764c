#include "flotilla/actuator/actuator.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "actuator_fixture.hpp"
#include "flotilla/crypto/password.hpp"

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;

constexpr const char* v3 = "application/vnd.spring-boot.actuator.v3+json";
constexpr const char* v2 = "application/vnd.spring-boot.actuator.v2+json";

std::vector<std::string> keys_of(const Json& json) {
    std::vector<std::string> keys;
    for (const auto& member : json.members()) keys.push_back(member.key);
    return keys;
}

Properties with(Properties more) {
    Properties all = everything;
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

TEST(ActuatorFacts, F01_ByDefaultThereIsHealthAlone) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {});
        fixture.mount();
        const auto links = co_await fixture.send("GET /actuator");
        EXPECT_EQ(
            keys_of(json_of(links)["_links"]), (std::vector<std::string>{"self", "health", "health-path"})
        );
        EXPECT_EQ(
            json_of(links)["_links"]["health-path"].text(),
            R"({"href":"http://localhost:8081/actuator/health/{*path}","templated":true})"
        );
        EXPECT_EQ(
            json_of(links)["_links"]["self"].text(),
            R"({"href":"http://localhost:8081/actuator","templated":false})"
        );
        const auto env = co_await fixture.send("GET /actuator/env");
        EXPECT_EQ(code_of(env), 404);
        EXPECT_EQ(json_of(env)["error"], Json("Not Found"));
        const auto slash = co_await fixture.send("GET /actuator/");
        EXPECT_EQ(code_of(slash), 404);
    });
}

TEST(ActuatorFacts, F02_ExcludeWinsOverInclude) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, with({{"management.endpoints.web.exposure.exclude", "env"}}));
        fixture.mount();
        const auto env = co_await fixture.send("GET /actuator/env");
        EXPECT_EQ(code_of(env), 404);
        for (const char* id :
             {"health",
              "info",
              "metrics",
              "loggers",
              "mappings",
              "configprops",
              "httpexchanges",
              "scheduledtasks",
              "prometheus",
              "threaddump",
              "beans",
              "conditions",
              "startup"}) {
            const auto answer = co_await fixture.send(std::string("GET /actuator/") + id);
            EXPECT_NE(code_of(answer), 404) << id;
        }
    });
}

TEST(ActuatorFacts, F03_HealthTellsTheStatusAloneAndWithDetailsWhenShown) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture closed(runtime, {});
        closed.actuator.availability().enter(LifePhase::ready);
        closed.mount();
        const auto plain = co_await closed.send("GET /actuator/health");
        EXPECT_EQ(summary(plain), R"(200 {"status":"UP","groups":["liveness","readiness"]})");
        EXPECT_EQ(field_of(plain, "Content-Type"), v3);

        Fixture open(runtime, {{"management.endpoint.health.show-details", "always"}});
        open.actuator.health().add_blocking("db", [] {
            return Health::up(Json::object({{"database", "SQLite"}}));
        });
        open.mount();
        const auto full = co_await open.send("GET /actuator/health");
        EXPECT_EQ(json_of(full)["components"]["db"]["details"]["database"], Json("SQLite"));
        EXPECT_TRUE(json_of(full)["components"]["diskSpace"]["details"].contains("free"));
        const auto head = co_await open.send("HEAD /actuator/health/db/");
        EXPECT_EQ(code_of(head), 200);
        const auto unknown = co_await open.send("GET /actuator/health/nope");
        EXPECT_EQ(summary(unknown), "404 ");
        EXPECT_EQ(field_of(unknown, "Content-Type"), "");
    });
}

TEST(ActuatorFacts, F06_AnOwnOrderAndMappingComeFromTheConfiguration) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            {{"management.endpoint.health.status.order", "fatal,down,out-of-service,up,unknown"},
             {"management.endpoint.health.status.http-mapping.fatal", 503},
             {"management.endpoint.health.show-details", "always"}}
        );
        fixture.actuator.health().add("disk", [] {
            Health health;
            health.status = "FATAL";
            return health;
        });
        fixture.actuator.health().add("cache", [] { return Health::down("gone"); });
        fixture.mount();
        const auto whole = co_await fixture.send("GET /actuator/health");
        EXPECT_EQ(code_of(whole), 503);
        EXPECT_EQ(json_of(whole)["status"], Json("FATAL"));
        const auto down = co_await fixture.send("GET /actuator/health/cache");
        EXPECT_EQ(code_of(down), 200) << "an own mapping replaces the default one as a whole";
    });
}

TEST(ActuatorFacts, F07_ReadyzOnTheMainPortAgreesWithTheGroup) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {{"management.endpoint.health.probes.add-additional-paths", true}});
        fixture.mount();
        fixture.actuator.availability().enter(LifePhase::started);
        for (const char* path : {"/actuator/health/readiness", "/readyz"}) {
            const auto during = co_await fixture.send(std::string("GET ") + path);
            EXPECT_EQ(summary(during), R"(503 {"status":"OUT_OF_SERVICE"})");
        }
        fixture.actuator.availability().enter(LifePhase::ready);
        for (const char* path : {"/actuator/health/readiness", "/readyz", "/livez"}) {
            const auto after = co_await fixture.send(std::string("GET ") + path);
            EXPECT_EQ(summary(after), R"(200 {"status":"UP"})");
        }
        const auto below = co_await fixture.send("GET /readyz/readinessState");
        EXPECT_EQ(code_of(below), 404);
    });
}

TEST(ActuatorFacts, F08_TheOldMediaTypeRenamesComponents) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {{"management.endpoint.health.show-details", "always"}});
        fixture.mount();
        const auto answer = co_await fixture.send("GET /actuator/health", {{"Accept", v2}});
        EXPECT_EQ(field_of(answer, "Content-Type"), v2);
        EXPECT_FALSE(json_of(answer).contains("components"));
        EXPECT_EQ(json_of(answer)["details"]["ping"]["status"], Json("UP"));
    });
}

TEST(ActuatorFacts, F09_OtherMethodsAre405WithTheAllowedOnes) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const auto post = co_await fixture.send("POST /actuator/health");
        EXPECT_EQ(code_of(post), 405);
        EXPECT_EQ(field_of(post, "Allow"), "GET");
        const auto options = co_await fixture.send("OPTIONS /actuator/loggers/x");
        EXPECT_EQ(summary(options), "200 ");
        EXPECT_EQ(field_of(options, "Allow"), "GET,HEAD,POST,OPTIONS");
    });
}

TEST(Actuator, ChoosesTheMediaTypeByAccept) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {});
        fixture.mount();
        const std::pair<const char*, std::string> expected[] = {
            {"*/*", v3},
            {"application/*", v3},
            {"application/*+json", v3},
            {"application/json", "application/json"},
            {"application/json;q=0.5, application/vnd.spring-boot.actuator.v2+json", v2},
        };
        for (const auto& [accept, type] : expected) {
            const auto answer = co_await fixture.send("GET /actuator/health", {{"Accept", accept}});
            EXPECT_EQ(field_of(answer, "Content-Type"), type) << accept;
        }
        for (const char* accept : {"application/hal+json", "text/html", "text/plain"}) {
            const auto refused = co_await fixture.send("GET /actuator/health", {{"Accept", accept}});
            EXPECT_EQ(code_of(refused), 406) << accept;
            EXPECT_NE(field_of(refused, "Accept").find(v3), std::string::npos);
        }
    });
}

TEST(ActuatorFacts, F10_InfoIsEmptyUntilContributorsAreEnabled) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture bare(runtime);
        bare.mount();
        const auto nothing = co_await bare.send("GET /actuator/info");
        EXPECT_EQ(summary(nothing), "200 {}");

        Fixture full(
            runtime,
            with(
                {{"management.info.env.enabled", true},
                 {"management.info.os.enabled", true},
                 {"management.info.process.enabled", true},
                 {"management.info.runtime.enabled", true},
                 {"info.app.name", "Order"},
                 {"info.app.tags[0]", "shop"}}
            )
        );
        full.mount();
        const Json info = json_of(co_await full.send("GET /actuator/info"));
        EXPECT_EQ(info["app"]["name"], Json("Order"));
        EXPECT_EQ(info["process"]["pid"].as_int64(), getpid());
        EXPECT_GT(info["process"]["memory"]["rss"].as_int64(), 0);
        EXPECT_EQ(info["runtime"]["language"], Json("C++23"));
        EXPECT_TRUE(info["os"].contains("arch"));
    });
}

TEST(ActuatorFacts, F16_ALevelIsSetAtOnceAndRestored) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const auto logger = fixture.log.logger("order");
        logger.debug("unseen");
        const auto set = co_await fixture.send(
            "POST /actuator/loggers/order",
            {{"Content-Type", "application/json"}},
            R"({"configuredLevel":"debug"})"
        );
        EXPECT_EQ(summary(set), "204 ");
        logger.debug("seen");
        const auto state = co_await fixture.send("GET /actuator/loggers/order");
        EXPECT_EQ(summary(state), R"(200 {"configuredLevel":"DEBUG","effectiveLevel":"DEBUG"})");
        const auto cleared =
            co_await fixture.send("POST /actuator/loggers/order", {{"Content-Type", v3}}, "{}");
        EXPECT_EQ(code_of(cleared), 204);
        logger.debug("unseen");
        EXPECT_EQ(fixture.log.count_of("seen"), 1U);
        EXPECT_EQ(fixture.log.count_of("unseen"), 0U);
        for (const char* body :
             {R"({"configuredLevel":"LOUD"})", R"({"configuredLevel":3})", R"([])", R"({)"}) {
            const auto bad = co_await fixture.send(
                "POST /actuator/loggers/order", {{"Content-Type", "application/json"}}, body
            );
            EXPECT_EQ(code_of(bad), 400) << body;
        }
    });
}

TEST(Actuator, LoggersListsLevelsLoggersAndGroups) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const Json all = json_of(co_await fixture.send("GET /actuator/loggers"));
        EXPECT_EQ(all["levels"].text(), R"(["OFF","ERROR","WARN","INFO","DEBUG","TRACE"])");
        EXPECT_EQ(all["loggers"]["ROOT"].text(), R"({"configuredLevel":"INFO","effectiveLevel":"INFO"})");
        EXPECT_EQ(all["groups"]["web"]["members"].text(), R"(["http.server","gateway"])");

        const auto group = co_await fixture.send(
            "POST /actuator/loggers/sql?configuredLevel=TRACE", {{"Content-Type", "application/json"}}
        );
        EXPECT_EQ(code_of(group), 204);
        const Json db = json_of(co_await fixture.send("GET /actuator/loggers/db"));
        EXPECT_EQ(db["effectiveLevel"], Json("TRACE"));
        const auto unknown = co_await fixture.send("GET /actuator/loggers/nope");
        EXPECT_EQ(summary(unknown), "404 ");
        const auto head = co_await fixture.send("HEAD /actuator/loggers/nope");
        EXPECT_EQ(code_of(head), 204);
    });
}

TEST(Actuator, WritesWithParametersNeedAJsonBody) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        for (const char* type : {"text/plain", "application/xml"}) {
            const auto refused =
                co_await fixture.send("POST /actuator/loggers/order", {{"Content-Type", type}}, "{}");
            EXPECT_EQ(code_of(refused), 415) << type;
            EXPECT_NE(field_of(refused, "Accept").find(v3), std::string::npos);
        }
        const auto without = co_await fixture.send("POST /actuator/loggers/order");
        EXPECT_EQ(code_of(without), 415);
        const auto refresh = co_await fixture.send("POST /actuator/refresh");
        EXPECT_EQ(summary(refresh), "200 []");
        const auto text =
            co_await fixture.send("POST /actuator/refresh", {{"Content-Type", "text/plain"}}, "x");
        EXPECT_EQ(code_of(text), 415);
    });
}

TEST(ActuatorFacts, F18_MappingsContainEveryRoute) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.router.get(
            "/users/{userId}",
            [](http::Path<"userId"> id) { return Json(*id); },
            {.name = "UserController#getUser(string)"}
        );
        fixture.mount();
        const Json document = json_of(co_await fixture.send("GET /actuator/mappings"));
        const Json& routes =
            document["contexts"]["order-service"]["mappings"]["dispatcherServlets"]["dispatcherServlet"];
        EXPECT_EQ(routes.size(), fixture.router.routes().size());
        const Json& user = routes[0];
        EXPECT_EQ(user["handler"], Json("UserController#getUser(string)"));
        EXPECT_EQ(user["predicate"], Json("{GET [/users/{userId}], produces [application/json]}"));
        EXPECT_EQ(
            user["details"]["handlerMethod"].text(),
            R"x({"className":"UserController","name":"getUser","descriptor":"(string)"})x"
        );
        EXPECT_EQ(
            user["details"]["requestMappingConditions"].text(),
            R"({"consumes":[],"headers":[],"methods":["GET"],"params":[],"patterns":["/users/{userId}"],)"
            R"("produces":[{"mediaType":"application/json","negated":false}]})"
        );
        std::vector<std::string> handlers;
        for (const auto& route : routes.elements()) handlers.emplace_back(route["handler"].string_or(""));
        EXPECT_NE(std::ranges::find(handlers, "Actuator web endpoint 'loggers-name'"), handlers.end());
    });
}

TEST(ActuatorFacts, F19_ExchangesAreRecordedForWhoeverCanSeeThem) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const auto observer = fixture.actuator.exchange_observer();
        const http::RequestBuilder builder(
            "GET /users/7?page=2", {{"Authorization", "Bearer x"}, {"X-A", "b"}}, ""
        );
        http::Response response;
        response.text_body("text/plain") = "hello";
        observer({builder.request, response, TimePoint(1s), TimePoint(1s + 20ms), 100});
        const Json shown = json_of(co_await fixture.send("GET /actuator/httpexchanges"))["exchanges"][0];
        EXPECT_EQ(shown["request"]["uri"], Json("http://localhost:8081/users/7?page=2"));
        EXPECT_EQ(shown["request"]["headers"]["X-A"].text(), R"(["b"])");
        EXPECT_FALSE(shown["request"]["headers"].contains("Authorization"));
        EXPECT_EQ(shown["timeTaken"], Json("PT0.02S"));
        const Json trace = json_of(co_await fixture.send("GET /actuator/httptrace"))["traces"][0];
        EXPECT_EQ(trace["timeTaken"], Json(20));

        Fixture unseen(runtime, {});
        EXPECT_FALSE(unseen.actuator.exchange_observer());
    });
}

TEST(ActuatorFacts, F24_ShutdownIsOffByDefaultAndAnswersFirst) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture off(runtime);
        off.mount();
        const auto refused = co_await off.send("POST /actuator/shutdown");
        EXPECT_EQ(code_of(refused), 404);

        Fixture on(runtime, with({{"management.endpoint.shutdown.access", "unrestricted"}}));
        on.mount();
        const auto get = co_await on.send("GET /actuator/shutdown");
        EXPECT_EQ(code_of(get), 405);
        const auto answer = co_await on.send("POST /actuator/shutdown");
        EXPECT_EQ(summary(answer), R"(200 {"message":"Shutting down, bye..."})");
        EXPECT_EQ(on.shutdown_after, 500ms);
    });
}

TEST(ActuatorFacts, F27_OnASeparatePortTheMainPortKnowsTheAdditionalPathsAlone) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            {{"management.server.port", 9001},
             {"management.server.base-path", "/manage"},
             {"management.endpoint.health.probes.add-additional-paths", true}}
        );
        http::Router management;
        EXPECT_EQ(fixture.actuator.config().port_kind(8080), ManagementPort::separate);
        EXPECT_TRUE(fixture.actuator.mount(fixture.router, management));
        fixture.actuator.availability().enter(LifePhase::draining);
        const auto health = co_await fixture.send("GET /actuator/health");
        EXPECT_EQ(code_of(health), 404);
        const auto readyz = co_await fixture.send("GET /readyz");
        EXPECT_EQ(code_of(readyz), 503);
        const auto alive = co_await http::drive(management, "GET /manage/actuator/health/liveness");
        EXPECT_EQ(code_of(alive), 200);
        const auto elsewhere = co_await http::drive(management, "GET /readyz");
        EXPECT_EQ(code_of(elsewhere), 404);
    });
}

TEST(ActuatorFacts, F28_AnonymousCallersAre401AndThoseWithoutTheRole403) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            with(
                {{"spring.security.user.name", "ann"},
                 {"spring.security.user.password", "secret"},
                 {"management.endpoint.health.show-details", "when-authorized"}}
            )
        );
        fixture.mount();
        const auto anonymous = co_await fixture.send("GET /actuator/metrics");
        EXPECT_EQ(code_of(anonymous), 401);
        EXPECT_EQ(field_of(anonymous, "WWW-Authenticate"), "Basic realm=\"Realm\"");
        const auto wrong =
            co_await fixture.send("GET /actuator/metrics", {{"Authorization", "Basic YW5uOndyb25n"}});
        EXPECT_EQ(code_of(wrong), 401);
        const auto known =
            co_await fixture.send("GET /actuator/metrics", {{"Authorization", "Basic YW5uOnNlY3JldA=="}});
        EXPECT_EQ(code_of(known), 200);
        const auto info = co_await fixture.send("GET /actuator/info");
        EXPECT_EQ(code_of(info), 200);
        const Json plain = json_of(co_await fixture.send("GET /actuator/health"));
        EXPECT_FALSE(plain.contains("components"));
        const Json full = json_of(
            co_await fixture.send("GET /actuator/health", {{"Authorization", "Basic YW5uOnNlY3JldA=="}})
        );
        EXPECT_TRUE(full.contains("components"));

        Fixture other(
            runtime,
            with(
                {{"spring.security.user.name", "ann"},
                 {"spring.security.user.password", "{noop}secret"},
                 {"spring.security.user.roles", "USER"}}
            )
        );
        other.mount();
        const auto refused =
            co_await other.send("GET /actuator/metrics", {{"Authorization", "Basic YW5uOnNlY3JldA=="}});
        EXPECT_EQ(code_of(refused), 403);
    });
}

TEST(BasicAuthorizer, ComparesBcryptHashes) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        const std::string hash = crypto::hash_password("secret", 4).value();
        const BasicAuthorizer authorizer(runtime, {{"ann", "{bcrypt}" + hash, {"USER"}}});
        const http::RequestBuilder right("GET /", {{"Authorization", "Basic YW5uOnNlY3JldA=="}}, "");
        const auto ann = co_await authorizer.authenticate(right.request);
        EXPECT_TRUE(ann && ann->has("USER"));
        const http::RequestBuilder wrong("GET /", {{"Authorization", "basic YW5uOndyb25n"}}, "");
        EXPECT_FALSE(co_await authorizer.authenticate(wrong.request));
        const http::RequestBuilder stranger("GET /", {{"Authorization", "Basic Ym9iOnNlY3JldA=="}}, "");
        EXPECT_FALSE(co_await authorizer.authenticate(stranger.request));
        const http::RequestBuilder garbage("GET /", {{"Authorization", "Basic !!!"}}, "");
        EXPECT_FALSE(co_await authorizer.authenticate(garbage.request));
    });
}

TEST(ActuatorFacts, F29_AnUnknownPathGivesTheClassicErrorInOrder) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {});
        fixture.mount();
        const Json error = json_of(co_await fixture.send("GET /actuator/nope"));
        EXPECT_EQ(
            keys_of(error), (std::vector<std::string>{"timestamp", "status", "error", "message", "path"})
        );
        const auto text = co_await fixture.send("GET /actuator/nope", {{"Accept", "text/plain"}});
        EXPECT_EQ(summary(text), "404 ");
    });
}

TEST(Actuator, AccessIsLimitedByEndpointByDefaultAndByCap) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            with(
                {{"management.endpoints.access.default", "read-only"},
                 {"management.endpoint.metrics.access", "none"},
                 {"management.endpoint.info.enabled", false}}
            )
        );
        fixture.mount();
        const auto post = co_await fixture.send("POST /actuator/loggers/order");
        EXPECT_EQ(code_of(post), 405);
        const auto get = co_await fixture.send("GET /actuator/loggers");
        EXPECT_EQ(code_of(get), 200);
        for (const char* path : {"GET /actuator/metrics", "GET /actuator/info", "POST /actuator/refresh"}) {
            const auto refused = co_await fixture.send(path);
            EXPECT_EQ(code_of(refused), 404) << path;
        }
        Fixture capped(
            runtime,
            with(
                {{"management.endpoints.access.max-permitted", "read-only"},
                 {"management.endpoint.shutdown.access", "unrestricted"}}
            )
        );
        capped.mount();
        const auto shutdown = co_await capped.send("POST /actuator/shutdown");
        EXPECT_EQ(code_of(shutdown), 404);
    });
}

TEST(Actuator, PathsCanBeMapped) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            {{"management.endpoints.web.base-path", "/manage"},
             {"management.endpoints.web.path-mapping.health", "healthcheck"}}
        );
        fixture.mount();
        const Json links = json_of(co_await fixture.send("GET /manage"));
        EXPECT_EQ(links["_links"]["health"]["href"], Json("http://localhost:8081/manage/healthcheck"));
        const auto mapped = co_await fixture.send("GET /manage/healthcheck");
        EXPECT_NE(code_of(mapped), 404);
        const auto former = co_await fixture.send("GET /manage/health");
        EXPECT_EQ(code_of(former), 404);
    });
}

TEST(Actuator, TheListOfLinksCanBeTurnedOff) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {{"management.endpoints.web.discovery.enabled", false}});
        fixture.mount();
        const auto links = co_await fixture.send("GET /actuator");
        EXPECT_EQ(code_of(links), 404);
        Fixture root(runtime, {{"management.endpoints.web.base-path", "/"}});
        root.mount();
        const auto health = co_await root.send("GET /health");
        EXPECT_NE(code_of(health), 404);
    });
}

TEST(Actuator, RemembersReadsForTheirTimeToLive) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, with({{"management.endpoint.counted.cache.time-to-live", "1h"}}));
        int calls = 0;
        Endpoint counted;
        counted.id = "counted";
        Operation::Function read = [&calls](const Call&) { return Answer::of(Json(++calls)); };
        counted.operations.push_back({.run = std::move(read)});
        fixture.actuator.add(std::move(counted));
        fixture.mount();
        const auto first = co_await fixture.send("GET /actuator/counted");
        const auto second = co_await fixture.send("GET /actuator/counted");
        EXPECT_EQ(summary(first), "200 1");
        EXPECT_EQ(summary(second), "200 1");
        const auto other = co_await fixture.send("GET /actuator/counted?x=1");
        EXPECT_EQ(summary(other), "200 2");
    });
}

TEST(Actuator, CorsIsOffUntilOriginsAreAllowed) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        const http::RequestBuilder::Fields preflight{
            {"Origin", "http://a.example"}, {"Access-Control-Request-Method", "GET"}
        };
        Fixture off(runtime, {});
        off.mount();
        const auto refused = co_await off.send("OPTIONS /actuator/health", preflight);
        EXPECT_EQ(summary(refused), "403 Invalid CORS request");
        const auto ignored = co_await off.send("GET /actuator", {{"Origin", "http://a.example"}});
        EXPECT_EQ(code_of(ignored), 200);
        EXPECT_EQ(field_of(ignored, "Access-Control-Allow-Origin"), "");

        Fixture on(runtime, {{"management.endpoints.web.cors.allowed-origins", "http://a.example"}});
        on.mount();
        const auto allowed = co_await on.send("OPTIONS /actuator/health", preflight);
        EXPECT_EQ(code_of(allowed), 200);
        EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Methods"), "GET,HEAD");
        EXPECT_EQ(field_of(allowed, "Access-Control-Max-Age"), "1800");
        const auto get = co_await on.send("GET /actuator", {{"Origin", "http://a.example"}});
        EXPECT_EQ(code_of(get), 200);
        EXPECT_EQ(field_of(get, "Access-Control-Allow-Origin"), "http://a.example");
        const auto foreign = co_await on.send("GET /actuator", {{"Origin", "http://b.example"}});
        EXPECT_EQ(code_of(foreign), 403);
        const auto same = co_await on.send("GET /actuator", {{"Origin", "http://localhost:8081"}});
        EXPECT_EQ(code_of(same), 200);
    });
}

TEST(Actuator, AGroupWithAnUnknownMemberStopsTheStart) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, {{"management.endpoint.health.group.custom.include", "ping,dbb"}});
        const auto mounted = fixture.actuator.mount(fixture.router, fixture.router);
        EXPECT_FALSE(mounted);
        Fixture lenient(
            runtime,
            {{"management.endpoint.health.group.custom.include", "ping,dbb"},
             {"management.endpoint.health.validate-group-membership", false}}
        );
        lenient.mount();
        const auto custom = co_await lenient.send("GET /actuator/health/custom");
        EXPECT_EQ(code_of(custom), 200);
    });
}

TEST(Actuator, ContributorsCanBeTurnedOff) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            {{"management.health.diskspace.enabled", false}, {"management.health.defaults.enabled", true}}
        );
        EXPECT_FALSE(fixture.actuator.config().contributes("diskSpace"));
        EXPECT_TRUE(fixture.actuator.config().contributes("db"));
        Fixture none(
            runtime, {{"management.health.defaults.enabled", false}, {"management.health.ping.enabled", true}}
        );
        EXPECT_FALSE(none.actuator.config().contributes("diskSpace"));
        EXPECT_TRUE(none.actuator.config().contributes("ping"));
        co_return;
    });
}

TEST(Actuator, StartReportsAreShown) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        auto& report = fixture.actuator.startup();
        report.step("config", runtime.clock().now());
        report.feature("tracing", true, "sampling is 0.1");
        report.feature("tls", false, "no certificate");
        report.component("router", "flotilla::http::Router", {"server"});
        fixture.mount();
        const Json startup = json_of(co_await fixture.send("GET /actuator/startup"));
        EXPECT_EQ(startup["timeline"]["events"][0]["startupStep"]["name"], Json("config"));
        const Json conditions = json_of(co_await fixture.send("GET /actuator/conditions"));
        EXPECT_TRUE(conditions["contexts"]["order-service"]["positiveMatches"].contains("tracing"));
        EXPECT_TRUE(conditions["contexts"]["order-service"]["negativeMatches"].contains("tls"));
        const Json beans = json_of(co_await fixture.send("GET /actuator/beans"));
        EXPECT_EQ(
            beans["contexts"]["order-service"]["beans"]["router"]["dependencies"].text(), R"(["server"])"
        );
    });
}

}  // namespace

}  // namespace flotilla::actuator
