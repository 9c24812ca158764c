// What holds for every endpoint: exposure, paths, media types, methods, access, callers.

#include <gtest/gtest.h>

#include "actuator_fixture.hpp"
#include "flotilla/crypto/password.hpp"

namespace flotilla::actuator {

namespace {

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
            const auto answer = co_await fixture.send("GET /actuator/health", http::header("Accept", accept));
            EXPECT_EQ(field_of(answer, "Content-Type"), type) << accept;
        }
        for (const char* accept : {"application/hal+json", "text/html", "text/plain"}) {
            const auto refused =
                co_await fixture.send("GET /actuator/health", http::header("Accept", accept));
            EXPECT_EQ(code_of(refused), 406) << accept;
            EXPECT_NE(field_of(refused, "Accept").find(v3), std::string::npos);
        }
    });
}

TEST(Actuator, WritesWithParametersNeedAJsonBody) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        for (const char* type : {"text/plain", "application/xml"}) {
            const auto refused = co_await fixture.send(
                "POST /actuator/loggers/order", http::header("Content-Type", type), "{}"
            );
            EXPECT_EQ(code_of(refused), 415) << type;
            EXPECT_NE(field_of(refused, "Accept").find(v3), std::string::npos);
        }
        const auto without = co_await fixture.send("POST /actuator/loggers/order");
        EXPECT_EQ(code_of(without), 415);
        const auto refresh = co_await fixture.send("POST /actuator/refresh");
        EXPECT_EQ(summary(refresh), "200 []");
        const auto text =
            co_await fixture.send("POST /actuator/refresh", http::header("Content-Type", "text/plain"), "x");
        EXPECT_EQ(code_of(text), 415);
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

/// Routes of a kind that are for operators: `POST /actuator/things` takes a list, `POST /actuator/things/one`
/// an object.
Endpoint things_endpoint() {
    Operation::Function run = [](const Call& call) { return Answer::of(Json(call.body.text())); };
    Endpoint endpoint{.id = "things", .default_access = Access::none, .writes_are_local = true};
    endpoint.operations.push_back({.run = run});
    endpoint.operations.push_back({.verb = Verb::write, .run = run, .takes_array = true});
    endpoint.operations.push_back({.verb = Verb::write, .path = "/one", .run = run, .takes_body = true});
    return endpoint;
}

Task<http::Response> post_from(
    Fixture& fixture, std::string address, std::string body, http::RequestBuilder::Fields fields = {}
) {
    fields.emplace_back("Content-Type", "application/json");
    auto request = std::make_unique<http::RequestBuilder>("POST /actuator/things", fields, body);
    request->come_from(address);
    co_return co_await http::drive(fixture.router, std::move(request));
}

TEST(Actuator, AWriteMayTakeAnArrayAndThenNothingElse) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, with({{"management.endpoint.things.access", "unrestricted"}}));
        fixture.actuator.add(things_endpoint());
        fixture.mount();
        const auto taken = co_await post_from(fixture, "127.0.0.1", R"([{"id":"a"},1])");
        EXPECT_EQ(code_of(taken), 200);
        EXPECT_EQ(json_of(taken), Json(R"([{"id":"a"},1])"));
        for (const char* body : {R"({"id":"a"})", "null", "1", "[1", "", "  "}) {
            const auto refused = co_await post_from(fixture, "127.0.0.1", body);
            EXPECT_EQ(code_of(refused), 400) << body;
        }
        const auto object = co_await post_from(fixture, "127.0.0.1", "{}");
        EXPECT_EQ(json_of(object)["message"], Json("JSON parse error: expected an array"));
        const auto untyped = co_await fixture.send("POST /actuator/things");
        EXPECT_EQ(code_of(untyped), 403) << "nobody is told more from elsewhere";
    });
}

TEST(Actuator, WritesOfAnEndpointForThisMachineAreRefusedToOthersUnlessTheyAreKnown) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        const auto open = with({{"management.endpoint.things.access", "unrestricted"}});
        Fixture fixture(runtime, open);
        fixture.actuator.add(things_endpoint());
        fixture.mount();
        for (const char* address : {"127.0.0.1", "127.8.8.8", "::1"}) {
            const auto taken = co_await post_from(fixture, address, "[]");
            EXPECT_EQ(code_of(taken), 200) << address;
        }
        for (const char* address : {"10.0.0.7", "192.168.1.2", "2001:db8::1"}) {
            const auto refused = co_await post_from(fixture, address, "[]");
            EXPECT_EQ(code_of(refused), 403) << address;
        }
        for (const char* header : {"X-Forwarded-For", "Forwarded"}) {
            const auto passed_on =
                co_await post_from(fixture, "127.0.0.1", "[]", http::header(header, "for=10.0.0.7"));
            EXPECT_EQ(code_of(passed_on), 403) << header;
        }
        const auto read = co_await fixture.send("GET /actuator/things");
        EXPECT_EQ(code_of(read), 200) << "reads are as open as configured";

        auto secured = open;
        secured.emplace_back("spring.security.user.name", "ann");
        secured.emplace_back("spring.security.user.password", "secret");
        Fixture guarded(runtime, secured);
        guarded.actuator.add(things_endpoint());
        guarded.mount();
        const auto unknown = co_await post_from(guarded, "127.0.0.1", "[]");
        EXPECT_EQ(code_of(unknown), 401);
        const auto known = co_await post_from(
            guarded, "10.0.0.7", "[]", http::header("Authorization", "Basic YW5uOnNlY3JldA==")
        );
        EXPECT_EQ(code_of(known), 200);
    });
}

TEST(Actuator, AnEndpointWithoutAccessIsNotThereAndReadOnlyTakesNoWrites) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture closed(runtime);
        closed.actuator.add(things_endpoint());
        closed.mount();
        const auto hidden = co_await closed.send("GET /actuator/things");
        EXPECT_EQ(code_of(hidden), 404);
        Fixture half(runtime, with({{"management.endpoint.things.access", "read-only"}}));
        half.actuator.add(things_endpoint());
        half.mount();
        const auto read = co_await half.send("GET /actuator/things");
        EXPECT_EQ(code_of(read), 200);
        const auto written = co_await post_from(half, "127.0.0.1", "[]");
        EXPECT_EQ(code_of(written), 405);
    });
}

TEST(ManagementServer, AnAddressOrACertificateOfItsOwnNeedsAPortOfItsOwn) {
    const auto check = [](Properties properties) {
        auto environment = config::Environment::of(properties);
        return ActuatorConfig::load(environment).value().check_own_port(8080);
    };
    const auto refused = check({{"management.server.address", "127.0.0.1"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(
        refused.error().message(),
        "management.server.address needs a management.server.port that is not the service's own (8080)"
    );
    EXPECT_FALSE(check({{"management.server.address", "127.0.0.1"}, {"management.server.port", 8080}}));
    EXPECT_FALSE(check({{"management.server.ssl.certificate", "a.pem"}}));
    EXPECT_TRUE(check({{"management.server.address", "127.0.0.1"}, {"management.server.port", 9001}}));
    EXPECT_TRUE(check({{"management.server.address", "127.0.0.1"}, {"management.server.port", 0}}));
    EXPECT_TRUE(check({{"management.server.address", "127.0.0.1"}, {"management.server.port", -1}}));
    EXPECT_TRUE(check({{"management.server.port", 8080}}));
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
        const auto wrong = co_await fixture.send(
            "GET /actuator/metrics", http::header("Authorization", "Basic YW5uOndyb25n")
        );
        EXPECT_EQ(code_of(wrong), 401);
        const auto known = co_await fixture.send(
            "GET /actuator/metrics", http::header("Authorization", "Basic YW5uOnNlY3JldA==")
        );
        EXPECT_EQ(code_of(known), 200);
        const auto info = co_await fixture.send("GET /actuator/info");
        EXPECT_EQ(code_of(info), 200);
        const Json plain = json_of(co_await fixture.send("GET /actuator/health"));
        EXPECT_FALSE(plain.contains("components"));
        const Json full = json_of(co_await fixture.send(
            "GET /actuator/health", http::header("Authorization", "Basic YW5uOnNlY3JldA==")
        ));
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
        const auto refused = co_await other.send(
            "GET /actuator/metrics", http::header("Authorization", "Basic YW5uOnNlY3JldA==")
        );
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
        const auto text = co_await fixture.send("GET /actuator/nope", http::header("Accept", "text/plain"));
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

TEST(Actuator, IsBelowTheContextPathOfTheMainPort) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            {{"server.servlet.context-path", "/shop"},
             {"management.endpoint.health.probes.add-additional-paths", true}}
        );
        fixture.mount();
        const Json links = json_of(co_await fixture.send("GET /shop/actuator"));
        EXPECT_EQ(links["_links"]["health"]["href"], Json("http://localhost:8081/shop/actuator/health"));
        const auto livez = co_await fixture.send("GET /shop/livez");
        EXPECT_EQ(code_of(livez), 503);
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
        const auto ignored = co_await off.send("GET /actuator", http::header("Origin", "http://a.example"));
        EXPECT_EQ(code_of(ignored), 200);
        EXPECT_EQ(field_of(ignored, "Access-Control-Allow-Origin"), "");

        Fixture on(runtime, {{"management.endpoints.web.cors.allowed-origins", "http://a.example"}});
        on.mount();
        const auto allowed = co_await on.send("OPTIONS /actuator/health", preflight);
        EXPECT_EQ(code_of(allowed), 200);
        EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Methods"), "GET,HEAD");
        EXPECT_EQ(field_of(allowed, "Access-Control-Max-Age"), "1800");
        const auto get = co_await on.send("GET /actuator", http::header("Origin", "http://a.example"));
        EXPECT_EQ(code_of(get), 200);
        EXPECT_EQ(field_of(get, "Access-Control-Allow-Origin"), "http://a.example");
        const auto foreign = co_await on.send("GET /actuator", http::header("Origin", "http://b.example"));
        EXPECT_EQ(code_of(foreign), 403);
        const auto same = co_await on.send("GET /actuator", http::header("Origin", "http://localhost:8081"));
        EXPECT_EQ(code_of(same), 200);
    });
}

}  // namespace

}  // namespace flotilla::actuator
