#include "flotilla/remote/settings.hpp"

#include <gtest/gtest.h>

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using config::Environment;

TEST(ClientSettingsTest, WhatAClientSaysWinsOverTheDefaultFieldByField) {
    auto environment = Environment::of({
        {"spring.cloud.openfeign.client.config.default.loggerLevel", "basic"},
        {"spring.cloud.openfeign.client.config.default.readTimeout", "2000"},
        {"spring.cloud.openfeign.client.config.order-service.logger-level", "FULL"},
        {"spring.cloud.openfeign.client.config.order-service.dismiss404", "true"},
        {"spring.cloud.openfeign.client.config.order-service.retry.max-attempts", "5"},
        {"spring.cloud.openfeign.client.config.order-service.default-request-headers.X-Tenant", "kr"},
    });
    const auto orders = load_client_settings(environment, "order-service");
    ASSERT_TRUE(orders) << orders.error().message();
    EXPECT_EQ(orders->logger_level, LoggerLevel::full);
    EXPECT_EQ(orders->read_timeout, 2s);
    EXPECT_EQ(orders->connect_timeout, 1s);
    EXPECT_TRUE(orders->dismiss404);
    EXPECT_EQ(orders->retry.max_attempts, 5U);
    EXPECT_EQ(orders->default_request_headers.at("X-Tenant").at(0), "kr");
    const auto others = load_client_settings(environment, "catalog-service");
    EXPECT_EQ(others->logger_level, LoggerLevel::basic);
    EXPECT_FALSE(others->dismiss404);
}

TEST(ClientSettingsTest, AMalformedPropertyIsNamed) {
    auto environment = Environment::of({{"spring.cloud.openfeign.client.config.orders.readTimeout", "soon"}});
    const auto settings = load_client_settings(environment, "orders");
    ASSERT_FALSE(settings);
    EXPECT_NE(settings.error().message().find("config.orders.read"), std::string::npos)
        << settings.error().message();
}

TEST(ClientSettingsTest, WhatAllClientsShareHasTheNamesOfSpring) {
    auto environment = Environment::of({
        {"spring.cloud.openfeign.client.decode-slash", "false"},
        {"spring.cloud.openfeign.circuitbreaker.enabled", "true"},
        {"spring.cloud.openfeign.circuitbreaker.alphanumeric-ids.enabled", "false"},
        {"spring.cloud.loadbalancer.retry.max-retries-on-same-service-instance", "1"},
        {"spring.cloud.loadbalancer.retry.retryable-status-codes", "502,503"},
        {"spring.cloud.openfeign.compression.request.enabled", "true"},
        {"spring.cloud.openfeign.compression.request.min-request-size", "4096"},
    });
    const auto shared = SharedSettings::load(environment);
    ASSERT_TRUE(shared) << shared.error().message();
    EXPECT_FALSE(shared->decode_slash);
    EXPECT_TRUE(shared->circuitbreaker.enabled);
    EXPECT_FALSE(shared->circuitbreaker.alphanumeric_ids.enabled);
    EXPECT_EQ(shared->balancer_retry.max_retries_on_same_service_instance, 1U);
    EXPECT_EQ(shared->balancer_retry.retryable_status_codes, (std::vector<int>{502, 503}));
    EXPECT_EQ(shared->compression.min_request_size.count, 4096U);
    const auto none = SharedSettings::load(environment = Environment::of({}));
    EXPECT_TRUE(none->decode_slash);
    EXPECT_FALSE(none->circuitbreaker.enabled);
    EXPECT_TRUE(none->balancer_retry.enabled);
}

}  // namespace

}  // namespace flotilla::remote
