#include "flotilla/discovery/balancer_properties.hpp"

#include <gtest/gtest.h>

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;
using config::Environment;

TEST(BalancerProperties, LeastLoadedOfTwoIsTheDefault) {
    const auto properties = BalancerProperties::load(Environment::of({}));
    ASSERT_TRUE(properties) << properties.error().message();
    const ServiceBalancing& any = properties->of("order-service");
    EXPECT_EQ(any.balancer.algorithm, Algorithm::least_loaded);
    EXPECT_FALSE(any.balancer.zone_preference);
    EXPECT_FALSE(any.checks.enabled);
    EXPECT_EQ(any.checks.path, "/actuator/health");
    EXPECT_EQ(any.hint_header_name, "X-SC-LB-Hint");
    EXPECT_EQ(any.sticky_session.instance_id_cookie_name, "sc-lb-instance-id");
}

TEST(BalancerProperties, ReadsSpringsNamesAndOurs) {
    const auto properties = BalancerProperties::load(Environment::of({
        {"spring.cloud.loadbalancer.configurations", "zone-preference,health-check"},
        {"spring.cloud.loadbalancer.zone", "a"},
        {"spring.cloud.loadbalancer.health-check.interval", "10s"},
        {"spring.cloud.loadbalancer.hint.default", "blue"},
        {"spring.cloud.loadbalancer.hint.order-service", "green"},
        {"spring.cloud.loadbalancer.clients.user-service.health-check.path", "/up"},
        {"flotilla.loadbalancer.algorithm", "peak-ewma"},
        {"flotilla.loadbalancer.outlier.consecutive-5xx", "3"},
        {"flotilla.loadbalancer.slow-start.window", "20s"},
        {"flotilla.loadbalancer.clients.user-service.algorithm", "maglev"},
    }));
    ASSERT_TRUE(properties) << properties.error().message();
    const ServiceBalancing& order = properties->of("order-service");
    EXPECT_TRUE(order.balancer.zone_preference);
    EXPECT_EQ(order.balancer.zone, "a");
    EXPECT_EQ(order.balancer.algorithm, Algorithm::peak_ewma);
    EXPECT_EQ(order.balancer.outlier.consecutive_5xx, 3U);
    EXPECT_EQ(order.balancer.slow_start.window, 20s);
    EXPECT_TRUE(order.checks.enabled);
    EXPECT_EQ(order.checks.interval, 10s);
    EXPECT_EQ(order.hint, "green");
    EXPECT_EQ(properties->of("catalog-service").hint, "blue");
    const ServiceBalancing& user = properties->of("user-service");
    EXPECT_EQ(user.balancer.algorithm, Algorithm::maglev);
    EXPECT_EQ(user.balancer.outlier.consecutive_5xx, 3U) << "what is not said for one holds as for all";
    EXPECT_EQ(user.checks.path, "/up");
    EXPECT_EQ(user.hint, "blue");
}

TEST(BalancerProperties, TheZoneMayComeFromTheOwnInstance) {
    const auto properties =
        BalancerProperties::load(Environment::of({{"eureka.instance.metadata-map.zone", "z2"}}));
    EXPECT_EQ(properties->of("x").balancer.zone, "z2");
}

TEST(BalancerProperties, KnowsSpringsOtherWays) {
    const auto properties = BalancerProperties::load(Environment::of(
        {{"spring.cloud.loadbalancer.configurations", "subset, same-instance-preference"},
         {"spring.cloud.loadbalancer.subset.size", 10},
         {"spring.application.name", "shop"}}
    ));
    ASSERT_TRUE(properties) << properties.error().message();
    const BalancerConfig& config = properties->of("x").balancer;
    EXPECT_TRUE(config.same_instance);
    EXPECT_EQ(config.subset_size, 10U);
    EXPECT_TRUE(config.subset_id.starts_with("shop@"));
}

TEST(BalancerProperties, PathsOfChecksMayStandInOneMapByService) {
    const auto properties = BalancerProperties::load(Environment::of({
        {"spring.cloud.loadbalancer.health-check.path.default", "/alive"},
        {"spring.cloud.loadbalancer.healthCheck.path.order-service", "/order-alive"},
        {"spring.cloud.loadbalancer.health-check.path.user-service", "/less-near"},
        {"spring.cloud.loadbalancer.clients.user-service.health-check.path", "/near"},
        {"spring.cloud.loadbalancer.clients.catalog-service.health-check.path.default", "/catalog"},
    }));
    ASSERT_TRUE(properties) << properties.error().message();
    EXPECT_EQ(properties->of("gateway").checks.path, "/alive");
    EXPECT_EQ(properties->of("order-service").checks.path, "/order-alive");
    EXPECT_EQ(properties->of("user-service").checks.path, "/near");
    EXPECT_EQ(properties->of("catalog-service").checks.path, "/catalog");
}

TEST(BalancerProperties, AServicesNameIsSpelledAsOneLikes) {
    const auto properties = BalancerProperties::load(Environment::of({
        {"spring.cloud.loadbalancer.hint.ORDER_SERVICE", "green"},
        {"spring.cloud.loadbalancer.clients.orderService.health-check.path", "/up"},
        {"spring.cloud.loadbalancer.clients.orderService.sticky-session.addServiceInstanceCookie", true},
    }));
    ASSERT_TRUE(properties) << properties.error().message();
    const ServiceBalancing& order = properties->of("order-service");
    EXPECT_EQ(order.hint, "green");
    EXPECT_EQ(order.checks.path, "/up");
    EXPECT_TRUE(order.sticky_session.add_service_instance_cookie);
    EXPECT_EQ(&order, &properties->of("ORDER_SERVICE"));
    EXPECT_FALSE(properties->of("user-service").sticky_session.add_service_instance_cookie);
}

TEST(BalancerProperties, WhatIsWrongForOneServiceIsToldAtTheStart) {
    const auto properties = BalancerProperties::load(
        Environment::of({{"flotilla.loadbalancer.clients.user-service.algorithm", "psychic"}})
    );
    ASSERT_FALSE(properties);
    EXPECT_NE(properties.error().message().find("psychic"), std::string::npos);
    const auto unknown =
        BalancerProperties::load(Environment::of({{"spring.cloud.loadbalancer.configurations", "magic"}}));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().message(), "spring.cloud.loadbalancer.configurations: 'magic' is not known");
}

}  // namespace

}  // namespace flotilla::discovery
