#include "flotilla/discovery/eureka_config.hpp"

#include <gtest/gtest.h>

namespace flotilla::discovery {

namespace {

using Urls = std::vector<std::string>;

SelfDescription self() {
    SelfDescription out;
    out.application = "user-service";
    out.host_name = "h1";
    out.ip_address = "10.0.0.5";
    out.port = 8080;
    return out;
}

TEST(EurekaConfig, S18_BodyDefaults) {
    const auto made = make_instance({}, self());
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->instance_id, "h1:user-service:8080");
    EXPECT_EQ(made->app, "USER-SERVICE");
    EXPECT_EQ(made->host_name, "h1");
    EXPECT_EQ(made->ip_addr, "10.0.0.5");
    EXPECT_EQ(made->vip_address, "user-service");
    EXPECT_EQ(made->secure_vip_address, "user-service");
    EXPECT_EQ(made->lease_info->renewal_interval_in_secs, 30);
    EXPECT_EQ(made->lease_info->duration_in_secs, 90);
    EXPECT_EQ(made->home_page_url, "http://h1:8080/");
    EXPECT_EQ(made->status_page_url, "http://h1:8080/actuator/info");
    EXPECT_EQ(made->health_check_url, "http://h1:8080/actuator/health");
    EXPECT_EQ(made->metadata.at("management.port"), "8080");
    EXPECT_EQ(made->port, (eureka::Port{8080, true}));
    EXPECT_EQ(made->secure_port, (eureka::Port{443, false}));
    EXPECT_EQ(made->country_id, 1);
    EXPECT_EQ(made->status, eureka::InstanceStatus::starting);
    EXPECT_EQ(made->data_center_info->name, eureka::DataCenter::my_own);
}

TEST(EurekaConfig, AnAddressMayStandForTheHost) {
    EurekaInstanceConfig config;
    config.prefer_ip_address = true;
    const auto made = make_instance(config, self());
    EXPECT_EQ(made->host_name, "10.0.0.5");
    EXPECT_EQ(made->instance_id, "10.0.0.5:user-service:8080");
}

TEST(EurekaConfig, AServiceWithTlsPublishesItsSecurePort) {
    SelfDescription secure = self();
    secure.secure = true;
    secure.port = 8443;
    secure.management_port = 9443;
    const auto made = make_instance({}, secure);
    EXPECT_EQ(made->secure_port, (eureka::Port{8443, true}));
    EXPECT_FALSE(made->port.enabled);
    EXPECT_EQ(made->health_check_url, "https://h1:9443/actuator/health");
    EXPECT_EQ(made->secure_health_check_url, "https://h1:9443/actuator/health");
}

TEST(EurekaConfig, WhatIsConfiguredCounts) {
    EurekaInstanceConfig config;
    config.instance_id = "mine";
    config.hostname = "other";
    config.virtual_host_name = "users";
    config.metadata_map = {{"zone", "a"}, {"management.port", "1"}};
    config.health_check_url_path = "/healthz";
    config.lease_renewal_interval_in_seconds = 5;
    const auto made = make_instance(config, self());
    EXPECT_EQ(made->instance_id, "mine");
    EXPECT_EQ(made->host_name, "other");
    EXPECT_EQ(made->vip_address, "users");
    EXPECT_EQ(made->zone(), "a");
    EXPECT_EQ(made->metadata.at("management.port"), "1");
    EXPECT_EQ(made->health_check_url, "http://other:8080/healthz");
    EXPECT_EQ(made->lease_info->renewal_interval_in_secs, 5);
    config.initial_status = "up";
    EXPECT_EQ(
        make_instance(config, self()).error().message(), "eureka.instance.initial-status: 'up' is no status"
    );
}

TEST(EurekaConfig, RegistriesOfTheOwnZoneComeFirst) {
    EurekaClientConfig config;
    EXPECT_EQ(registry_urls(config), Urls{"http://localhost:8761/eureka/"});
    config.service_url = {{"defaultZone", "http://a:1/eureka, http://b:2/eureka/"}};
    EXPECT_EQ(registry_urls(config), (Urls{"http://a:1/eureka/", "http://b:2/eureka/"}));
    config.availability_zones = {{"us-east-1", "z1,z2,z3"}};
    config.service_url = {{"z1", "http://one"}, {"z2", "http://two"}, {"defaultZone", "http://rest"}};
    EXPECT_EQ(registry_urls(config), (Urls{"http://one/", "http://two/", "http://rest/"}));
    EXPECT_EQ(registry_urls(config, "z2"), (Urls{"http://two/", "http://rest/", "http://one/"}))
        << "then cyclically";
    config.prefer_same_zone_eureka = false;
    EXPECT_EQ(registry_urls(config, "z2").front(), "http://one/");
}

TEST(EurekaConfig, AVariableOfTheEnvironmentHasNoCase) {
    EurekaClientConfig config;
    config.service_url = {{"defaultzone", "http://a"}};
    EXPECT_EQ(registry_urls(config), Urls{"http://a/"});
}

}  // namespace

}  // namespace flotilla::discovery
