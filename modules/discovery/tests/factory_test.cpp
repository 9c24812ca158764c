#include "flotilla/discovery/factory.hpp"

#include <gtest/gtest.h>

#include "flotilla/discovery/local_host.hpp"
#include "on_loop.hpp"

namespace flotilla::discovery {

namespace {

using config::Environment;

DiscoveryType type_of(const std::vector<std::pair<std::string, reflect::Json>>& properties) {
    const auto type = discovery_type(Environment::of(properties));
    EXPECT_TRUE(type) << type.error().message();
    return type.value_or(DiscoveryType::none);
}

TEST(DiscoveryFactory, NobodyIsAClientOfARegistryThatWasNotNamed) {
    EXPECT_EQ(type_of({}), DiscoveryType::none);
    EXPECT_EQ(type_of({{"spring.application.name", "hello"}}), DiscoveryType::none);
    EXPECT_EQ(type_of({{"eureka.instance.prefer-ip-address", true}}), DiscoveryType::none);
}

TEST(DiscoveryFactory, TheRegistryThatWasConfiguredIsUsed) {
    EXPECT_EQ(
        type_of({{"eureka.client.service-url.defaultZone", "http://r:8761/eureka"}}), DiscoveryType::eureka
    );
    EXPECT_EQ(type_of({{"eureka.client.serviceUrl.z1", "http://r:8761/eureka"}}), DiscoveryType::eureka);
    EXPECT_EQ(type_of({{"eureka.client.enabled", true}}), DiscoveryType::eureka);
    EXPECT_EQ(
        type_of({{"eureka.client.service-url.defaultZone", "http://r"}, {"eureka.client.enabled", false}}),
        DiscoveryType::none
    );
    EXPECT_EQ(
        type_of(
            {{"eureka.client.service-url.defaultZone", "http://r"}, {"spring.cloud.discovery.enabled", false}}
        ),
        DiscoveryType::none
    );
    EXPECT_EQ(
        type_of(
            {{"eureka.client.service-url.defaultZone", "http://peer"},
             {"eureka.client.register-with-eureka", false},
             {"eureka.client.fetch-registry", false}}
        ),
        DiscoveryType::none
    ) << "a registry has peers, but is nobody's client";
    EXPECT_EQ(type_of({{"spring.cloud.consul.host", "c"}}), DiscoveryType::consul);
    EXPECT_EQ(type_of({{"spring.cloud.zookeeper.connect-string", "z:2181"}}), DiscoveryType::zookeeper);
    EXPECT_EQ(
        type_of({{"spring.cloud.discovery.client.simple.instances.a[0].uri", "http://a"}}),
        DiscoveryType::simple
    );
}

TEST(DiscoveryFactory, OnePropertyDecides) {
    EXPECT_EQ(
        type_of({{"flotilla.discovery.type", "dns"}, {"eureka.client.service-url.defaultZone", "http://r"}}),
        DiscoveryType::dns
    );
    for (const char* listed : {"simple", "static", "STATIC"}) {
        EXPECT_EQ(
            type_of(
                {{"flotilla.discovery.type", listed}, {"eureka.client.service-url.defaultZone", "http://r"}}
            ),
            DiscoveryType::simple
        ) << listed;
    }
    const auto wrong = discovery_type(Environment::of({{"flotilla.discovery.type", "etcd"}}));
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message().find("flotilla.discovery.type"), std::string::npos);
}

Task<> listed_first(runtime::Runtime& runtime) {
    const auto environment = Environment::of({
        {"eureka.client.service-url.defaultZone", "http://127.0.0.1:1/eureka"},
        {"spring.cloud.discovery.client.simple.instances.order-service[0].uri", "http://h1:8080"},
    });
    const Means means{.runtime = runtime, .log = {}, .meters = nullptr};
    auto client = make_registry_client(environment, means);
    EXPECT_TRUE(client);
    if (!client) co_return;
    EXPECT_EQ((*client)->name(), "eureka");
    EXPECT_TRUE((*client)->announces());
    EXPECT_EQ((*client)->instances("ORDER-SERVICE")->instances.size(), 1U);
    EXPECT_FALSE((*client)->instances("user-service")->known);
    EXPECT_EQ((*client)->services(), std::vector<std::string>{"order-service"});
    const auto nobody = make_registry_client(Environment::of({}), means);
    EXPECT_TRUE((*nobody)->instances("order-service")->known);
    EXPECT_FALSE((*nobody)->announces());
}

TEST(DiscoveryFactory, InstancesThatAreListedComeBeforeThoseOfTheRegistry) {
    on_loop(listed_first);
}

TEST(LocalHostTest, HasANameAndAnAddress) {
    const LocalHost host = find_local_host();
    EXPECT_FALSE(host.name.empty());
    EXPECT_FALSE(host.address.empty());
}

}  // namespace

}  // namespace flotilla::discovery
