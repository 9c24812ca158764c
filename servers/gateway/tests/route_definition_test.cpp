#include "flotilla/gateway/route_definition.hpp"

#include <gtest/gtest.h>

#include "flotilla/config/environment.hpp"
#include "flotilla/config/files.hpp"
#include "shot.hpp"

namespace flotilla::gateway {
namespace {

Result<RouteDefinitions> read(std::string_view yaml, std::vector<std::string> arguments = {}) {
    auto files = std::make_shared<config::MemoryFiles>();
    files->put("application.yml", std::string(yaml));
    FLT_TRY(
        const auto environment, config::Environment::load({.arguments = std::move(arguments), .files = files})
    );
    return read_routes(environment);
}

constexpr std::string_view course = R"(
spring:
  cloud:
    gateway:
      default-filters:
        - name: GlobalFilter
          args: { baseMessage: Spring Cloud Gateway Global Filter, preLogger: true, postLogger: true }
      routes:
        - id: user-service
          uri: lb://USER-SERVICE
          predicates: [ "Path=/user-service/login", "Method=POST" ]
          filters:
            - RemoveRequestHeader=Cookie
            - RewritePath=/user-service/(?<segment>.*), /$\{segment}
        - id: user-service
          uri: lb://USER-SERVICE
          predicates:
            - Path=/user-service/**
            - Method=GET
          filters:
            - RewritePath=/user-service/(?<segment>.*), /${segment}
            - AuthorizationHeaderFilter
          order: 3
          metadata: { response-timeout: 200, cors: { allowedOrigins: "*" } }
        - order=lb://ORDER-SERVICE,Path=/order/**,Method=GET
)";

TEST(RouteDefinitions, AreReadFromTheCoursesYaml) {
    const auto read_back = read(course);
    ASSERT_TRUE(read_back) << read_back.error().message();
    ASSERT_EQ(read_back->routes.size(), 3U);
    const RouteDefinition& login = read_back->routes[0];
    EXPECT_EQ(login.id, "user-service");
    EXPECT_EQ(login.uri, "lb://USER-SERVICE");
    EXPECT_EQ(login.predicates[1], (ComponentDefinition{"Method", {{"_genkey_0", "POST"}}}));
    EXPECT_EQ(
        login.filters[1],
        (ComponentDefinition{
            "RewritePath", {{"_genkey_0", "/user-service/(?<segment>.*)"}, {"_genkey_1", "/$\\{segment}"}}
        })
    );
    const RouteDefinition& rest = read_back->routes[1];
    EXPECT_EQ(rest.id, "user-service") << "an id may come twice";
    EXPECT_EQ(rest.order, 3);
    EXPECT_EQ(rest.filters[0].args[1].second, "/${segment}")
        << "a placeholder that nobody has stays as it is";
    EXPECT_EQ(rest.filters[1].name, "AuthorizationHeaderFilter");
    EXPECT_EQ(rest.metadata["response-timeout"].text(), "200");
    const RouteDefinition& shortcut = read_back->routes[2];
    EXPECT_EQ(shortcut.id, "order");
    EXPECT_EQ(shortcut.uri, "lb://ORDER-SERVICE");
    EXPECT_EQ(shortcut.predicates.size(), 2U);
    ASSERT_EQ(read_back->default_filters.size(), 1U);
    EXPECT_EQ(read_back->default_filters[0].name, "GlobalFilter");
    EXPECT_EQ(read_back->default_filters[0].args.size(), 3U);
}

TEST(RouteDefinitions, AreReadUnderTheNewerPrefixTooWhichWins) {
    const auto both = read(R"(
spring.cloud.gateway.routes:
- id: old
  uri: http://a
  predicates: [Path=/]
spring.cloud.gateway.server.webflux:
  routes:
  - id: new
    uri: http://b
    predicates: [Path=/]
)");
    ASSERT_TRUE(both) << both.error().message();
    ASSERT_EQ(both->routes.size(), 1U);
    EXPECT_EQ(both->routes[0].id, "new");
}

TEST(RouteDefinitions, ComeFromTheCommandLineAsWell) {
    const auto given = read(
        "",
        {"--spring.cloud.gateway.routes[0].id=x",
         "--spring.cloud.gateway.routes[0].uri=http://a",
         "--spring.cloud.gateway.routes[0].predicates[0]=Path=/a/**,/b/**"}
    );
    ASSERT_TRUE(given) << given.error().message();
    ASSERT_EQ(given->routes.size(), 1U);
    EXPECT_EQ(given->routes[0].predicates.at(0).args.size(), 2U);
}

TEST(RouteDefinitions, NestedArgumentsBecomePaths) {
    const auto json =
        reflect::parse_yaml("{name: X, args: {patterns: [a, b], redis-rate-limiter: {burstCapacity: 5}}}");
    ASSERT_TRUE(json);
    const auto component = component_from(json->at(0), ComponentKind::filter);
    ASSERT_TRUE(component);
    EXPECT_EQ(
        component->args,
        (std::vector<std::pair<std::string, std::string>>{
            {"patterns.0", "a"}, {"patterns.1", "b"}, {"redis-rate-limiter.burstCapacity", "5"}
        })
    );
}

TEST(RouteDefinitions, APredicateNeedsItsEqualsSignAndARouteItsMembers) {
    EXPECT_FALSE(parse_component("Path", ComponentKind::predicate));
    EXPECT_TRUE(parse_component("StripPrefix", ComponentKind::filter));
    EXPECT_FALSE(parse_route("nonsense"));
    const auto misspelt = route_from(Json::object({{"id", "a"}, {"url", "http://x"}}));
    ASSERT_FALSE(misspelt);
    EXPECT_EQ(
        misspelt.error().message(),
        "route 'a': 'url' is no member of a route; there are: id, uri, predicates, filters, order, metadata, "
        "enabled"
    );
}

TEST(RouteDefinitions, ErrorsOfARouteNameItAndWhatThereIs) {
    const std::string filter =
        refusal_of("routes: [{id: r, uri: 'http://a', predicates: [Path=/a], filters: [RewritPath=x]}]");
    EXPECT_TRUE(filter.starts_with(
        "route 'r': filter 'RewritPath' is unknown (did you mean 'RewritePath'?); there are: "
    )) << filter;
    const std::string predicate = refusal_of("routes: [{id: r, uri: 'http://a', predicates: [Pfad=/a]}]");
    EXPECT_TRUE(predicate.starts_with("route 'r': predicate 'Pfad' is unknown")) << predicate;
    EXPECT_EQ(
        refusal_of("routes: [{id: r, uri: 'http://a', predicates: [{name: Path, args: {pattern: /a}}]}]"),
        "route 'r': predicate 'Path': argument 'pattern' is unknown; there are: patterns, matchTrailingSlash"
    );
    EXPECT_NE(
        refusal_of("routes: [{id: r, uri: localhost, predicates: [Path=/a]}]").find("no scheme"),
        std::string::npos
    );
    EXPECT_NE(refusal_of("routes: [{id: r, predicates: [Path=/a]}]").find("no uri"), std::string::npos);
}

}  // namespace
}  // namespace flotilla::gateway
