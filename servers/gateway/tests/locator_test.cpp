#include "flotilla/gateway/locator.hpp"

#include <gtest/gtest.h>

namespace flotilla::gateway {
namespace {

discovery::ServiceInstance instance_of(std::string service) {
    discovery::ServiceInstance made;
    made.service = std::move(service);
    made.host = "10.0.0.7";
    made.port = 8081;
    made.metadata = {{"edge", "true"}, {"it's", "mine"}, {"response-timeout", "250"}, {"cors", "*"}};
    return made;
}

std::string value_of(std::string_view expression) {
    return evaluate_located(expression, instance_of("order-service"), "ORDER-SERVICE").value_or("-");
}

RouteDefinition route_of(const LocatorConfig& config) {
    const auto routes = located_routes(config, {instance_of("order-service")});
    EXPECT_TRUE(routes) << (routes ? "" : routes.error().message());
    return routes && !routes->empty() ? routes->front() : RouteDefinition();
}

TEST(Locator, ExpressionsJoinTextsAndWhatAnInstanceIs) {
    EXPECT_EQ(value_of("'lb://'+serviceId"), "lb://ORDER-SERVICE");
    EXPECT_EQ(value_of(" 'http://' + host + ':' + port "), "http://10.0.0.7:8081");
    EXPECT_EQ(value_of("metadata['edge']"), "true");
    EXPECT_EQ(value_of("metadata['it''s']+'.'"), "mine.");
    EXPECT_EQ(value_of("metadata['none']"), "");
    EXPECT_EQ(value_of("true"), "true");
    EXPECT_EQ(value_of("'/${remaining}'"), "/${remaining}");
}

TEST(Locator, NothingElseOfAnExpressionIsUnderstood) {
    for (const std::string_view bad :
         {"",
          "T(java.lang.Runtime).getRuntime()",
          "'open",
          "serviceId.toLowerCase()",
          "serviceId +",
          "host port",
          "metadata[edge]",
          "metadata['edge'",
          "'a' == 'a'",
          "serviceIds"})
        EXPECT_EQ(value_of(bad), "-") << bad;
}

TEST(Locator, ByDefaultAServicesNameIsItsPathAndIsTakenOff) {
    const RouteDefinition route = route_of({.lower_case_service_id = true});
    EXPECT_EQ(route.id, "ReactiveCompositeDiscoveryClient_ORDER-SERVICE");
    EXPECT_EQ(route.uri, "lb://ORDER-SERVICE");
    ASSERT_EQ(route.predicates.size(), 1U);
    EXPECT_EQ(route.predicates[0], (ComponentDefinition{"Path", {{"_genkey_0", "/order-service/**"}}}));
    ASSERT_EQ(route.filters.size(), 1U);
    EXPECT_EQ(route.filters[0].args[0].second, "/order-service/?(?<remaining>.*)");
    EXPECT_EQ(route.metadata["response-timeout"], "250");
    EXPECT_TRUE(route.metadata["cors"].is_null()) << "nobody lets origins in by registering";
}

TEST(Locator, OnesOwnStandInPlaceOfTheDefaults) {
    const RouteDefinition route = route_of(
        {.url_expression = "'http://'+host+':'+port",
         .predicates =
             {{"Path", {{"pattern", "'/api/'+serviceId+'/**'"}}}, {"Host", {{"pattern", "'**.foo.com'"}}}},
         .filters = {{"CircuitBreaker", {{"name", "serviceId"}}}}}
    );
    EXPECT_EQ(route.uri, "http://10.0.0.7:8081");
    EXPECT_EQ(route.predicates[0], (ComponentDefinition{"Path", {{"_genkey_0", "/api/ORDER-SERVICE/**"}}}));
    EXPECT_EQ(route.predicates[1], (ComponentDefinition{"Host", {{"_genkey_0", "**.foo.com"}}}));
    ASSERT_EQ(route.filters.size(), 1U) << "the prefix is not taken off any more";
    EXPECT_EQ(route.filters[0], (ComponentDefinition{"CircuitBreaker", {{"name", "ORDER-SERVICE"}}}));
}

TEST(Locator, AnExpressionChoosesServices) {
    LocatorConfig config{.include_expression = "metadata['edge']"};
    EXPECT_EQ(route_of(config).uri, "lb://ORDER-SERVICE");
    config.include_expression = "metadata['nope']";
    EXPECT_EQ(route_of(config).uri, "");
    config.include_expression = "#root";
    EXPECT_FALSE(located_routes(config, {instance_of("a")}));
}

TEST(Locator, AServiceWhoseUriIsNoneCostsTheOthersNothing) {
    discovery::ServiceInstance good = instance_of("good");
    good.metadata["at"] = "http://10.0.0.7:8081";
    discovery::ServiceInstance bad = instance_of("bad");
    bad.metadata["at"] = "http://:x";
    std::vector<std::string> left_out;
    const auto routes =
        located_routes({.url_expression = "metadata['at']"}, {bad, instance_of("silent"), good}, &left_out);
    ASSERT_TRUE(routes);
    ASSERT_EQ(routes->size(), 1U);
    EXPECT_EQ(routes->front().uri, "http://10.0.0.7:8081");
    ASSERT_EQ(left_out.size(), 2U);
    EXPECT_TRUE(left_out[0].starts_with("service 'bad': ")) << left_out[0];
    EXPECT_TRUE(left_out[1].starts_with("service 'silent': ")) << left_out[1];
}

}  // namespace
}  // namespace flotilla::gateway
