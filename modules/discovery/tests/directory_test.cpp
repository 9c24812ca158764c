#include "flotilla/discovery/directory.hpp"

#include <gtest/gtest.h>

#include "flotilla/discovery/simple_discovery.hpp"
#include "sample.hpp"

namespace flotilla::discovery {

namespace {

TEST(Directory, KnowsNothingUntilItIsTold) {
    Directory directory;
    EXPECT_FALSE(directory.find("order-service")->known);
    directory.publish("ORDER-SERVICE", {instance("a")});
    EXPECT_TRUE(directory.find("Order-Service")->known);
    EXPECT_EQ(directory.find("order-service")->instances.size(), 1U);
    EXPECT_FALSE(directory.find("user-service")->known);
    EXPECT_EQ(directory.services(), std::vector<std::string>{"order-service"});
}

TEST(Directory, AWholeRegistrySaysOfEveryNameWhetherItIsThere) {
    Directory directory;
    directory.publish_by_service({instance("a")});
    EXPECT_TRUE(directory.find("user-service")->known);
    EXPECT_TRUE(directory.find("user-service")->instances.empty());
    directory.publish_by_service({});
    EXPECT_TRUE(directory.find("order-service")->instances.empty());
    EXPECT_TRUE(directory.services().empty());
}

TEST(Directory, NamesKeepTheirUnderscores) {
    Directory directory;
    ServiceInstance odd = instance("a");
    odd.service = "ORDER_SERVICE";
    directory.publish_by_service({odd});
    EXPECT_EQ(directory.find("order_service")->instances.size(), 1U);
    EXPECT_TRUE(directory.find("order-service")->instances.empty());
}

TEST(Directory, TellsOfChangesAndOfNothingElse) {
    Directory directory;
    std::vector<std::string> told;
    {
        const auto subscription = directory.subscribe([&](const Snapshot& list) {
            told.push_back(fmt::format("{} {}", list->service, list->instances.size()));
        });
        directory.publish_by_service({instance("a"), instance("b")});
        directory.publish_by_service({instance("b"), instance("a")});  // another order is no change
        directory.publish("order-service", {instance("a")});
        directory.publish("order-service", {instance("a", 9090)});
        directory.publish_by_service({});
    }
    directory.publish("order-service", {instance("a")});
    const std::vector<std::string> expected{
        "order-service 2", "order-service 1", "order-service 1", "order-service 0"
    };
    EXPECT_EQ(told, expected);
}

TEST(Directory, VersionsRise) {
    Directory directory;
    directory.publish("a", {instance("a")});
    const auto first = directory.find("a");
    directory.publish("a", {});
    EXPECT_LT(first->version, directory.find("a")->version);
}

TEST(SimpleInstances, ReadsSpringsNames) {
    const auto environment = config::Environment::of({
        {"spring.cloud.discovery.client.simple.instances.order-service[0].uri", "https://10.0.0.5:8443"},
        {"spring.cloud.discovery.client.simple.instances.order-service[0].metadata.zone", "a"},
        {"spring.cloud.discovery.client.simple.instances.order-service[1].host", "h2"},
        {"spring.cloud.discovery.client.simple.instances.order-service[1].port", "8080"},
        {"spring.cloud.discovery.client.simple.instances.order-service[1].instance-id", "second"},
        {"spring.cloud.discovery.client.simple.order", "0"},
    });
    const auto found = simple_instances(environment);
    ASSERT_TRUE(found) << found.error().message();
    ASSERT_EQ(found->size(), 2U);
    EXPECT_EQ((*found)[0].id, "10.0.0.5:8443");
    EXPECT_EQ((*found)[0].service, "order-service");
    EXPECT_TRUE((*found)[0].secure);
    EXPECT_EQ((*found)[0].zone(), "a");
    EXPECT_EQ((*found)[0].uri(), "https://10.0.0.5:8443");
    EXPECT_EQ((*found)[1].id, "second");
    EXPECT_EQ((*found)[1].uri(), "http://h2:8080");
}

TEST(SimpleInstances, NamesTheInstanceThatIsWrong) {
    const auto environment = config::Environment::of({
        {"spring.cloud.discovery.client.simple.instances.a[0].port", "8080"},
    });
    const auto found = simple_instances(environment);
    ASSERT_FALSE(found);
    EXPECT_EQ(
        found.error().message(),
        "spring.cloud.discovery.client.simple.instances.a[0]: an instance needs a uri, or a host and a port"
    );
}

TEST(SimpleInstances, AnAddressOfIPv6HasBrackets) {
    ServiceInstance v6 = instance("x");
    v6.host = "fe80::1";
    EXPECT_EQ(v6.uri(), "http://[fe80::1]:8080");
    v6.scheme = "https";
    EXPECT_EQ(v6.uri(), "https://[fe80::1]:8080");
}

}  // namespace

}  // namespace flotilla::discovery
