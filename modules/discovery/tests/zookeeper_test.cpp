#include <gtest/gtest.h>

#include "zookeeper_node.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

SelfDescription self() {
    SelfDescription out;
    out.application = "user-service";
    out.host_name = "10.0.0.5";
    out.port = 8080;
    return out;
}

TEST(ZookeeperNodes, AreWrittenAsCuratorWritesThem) {
    const auto node = zookeeper_node({}, self(), "0f8f", WallTime(1'700'000'000'000ms));
    EXPECT_EQ(node.path, "/user-service/0f8f");
    EXPECT_EQ(
        node.data,
        R"({"name":"user-service","id":"0f8f","address":"10.0.0.5","port":8080,"sslPort":null,)"
        R"("payload":{"@class":"org.springframework.cloud.zookeeper.discovery.ZookeeperInstance",)"
        R"("id":"user-service","name":"user-service","metadata":{"instance_status":"UP"}},)"
        R"("registrationTimeUTC":1700000000000,"serviceType":"DYNAMIC",)"
        R"("uriSpec":{"parts":[{"value":"scheme","variable":true},{"value":"://","variable":false},)"
        R"({"value":"address","variable":true},{"value":":","variable":false},{"value":"port","variable":true}]}})"
    );
}

TEST(ZookeeperNodes, AreReadBack) {
    ZookeeperDiscoveryConfig config;
    config.metadata = {{"zone", "a"}};
    SelfDescription secure = self();
    secure.secure = true;
    const auto node = zookeeper_node(config, secure, "one", WallTime(5ms));
    const auto read = parse_zookeeper_node(node.data);
    ASSERT_TRUE(read) << read.error().message();
    ASSERT_TRUE(*read);
    EXPECT_EQ((*read)->uri(), "https://10.0.0.5:8080");
    EXPECT_EQ((*read)->zone(), "a");
    EXPECT_EQ((*read)->service, "user-service");
    EXPECT_EQ((*read)->incarnation, 5U);
}

TEST(ZookeeperNodes, ThoseThatAreNotToBeCalledAreLeftOut) {
    const auto read = [](std::string_view more) {
        return parse_zookeeper_node(
            R"({"name":"u","id":"1","address":"h","port":80)" + std::string(more) + "}"
        );
    };
    EXPECT_TRUE(read("").value()) << "a missing enabled is true";
    EXPECT_TRUE(read(R"(,"enabled":true,"unknown":[1,{}])").value());
    EXPECT_FALSE(read(R"(,"enabled":false)").value());
    EXPECT_FALSE(read(R"(,"payload":{"metadata":{"instance_status":"OUT_OF_SERVICE"}})").value());
    EXPECT_TRUE(read(R"(,"payload":null)").value());
    EXPECT_FALSE(parse_zookeeper_node(R"({"name":"u","id":"1","address":"h","port":null})"));
    EXPECT_FALSE(parse_zookeeper_node("garbage"));
}

TEST(ZookeeperNodes, IdsAreRandomUuids) {
    Random random(1);
    const std::string one = make_uuid(random);
    EXPECT_EQ(one.size(), 36U);
    EXPECT_EQ(one[14], '4');
    EXPECT_NE(std::string_view("89ab").find(one[19]), std::string_view::npos);
    EXPECT_NE(one, make_uuid(random));
}

}  // namespace

}  // namespace flotilla::discovery
