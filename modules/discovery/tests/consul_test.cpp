#include <gtest/gtest.h>

#include "consul_client.hpp"
#include "fake_registry.hpp"
#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "on_loop.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

/// Of discovery.md section 20.
constexpr std::string_view health_answer = R"([
{"Node":{"ID":"x","Node":"h1","Address":"10.0.0.5","Datacenter":"dc1","TaggedAddresses":{"lan":"10.0.0.5"},"Meta":{}},
 "Service":{"ID":"h1:user-service:8080","Service":"user-service","Tags":["zone=a","blue"],"Address":"10.0.0.6",
   "Meta":{"management.port":"8080"},"Port":8080,"Weights":{"Passing":3,"Warning":1}},
 "Checks":[{"Node":"h1","CheckID":"c","Name":"eureka lease","Status":"passing"}]},
{"Node":{"Address":"10.0.0.7"},"Service":{"ID":"two","Service":"user-service","Address":"","Port":8443,
   "Meta":{"secure":"true"}}},
{"Node":{"Address":"10.0.0.8"},"Service":{"ID":"no-port","Service":"user-service","Port":0}}])";

TEST(Consul, ReadsInstances) {
    const auto found = consul_instances(health_answer);
    ASSERT_TRUE(found) << found.error().message();
    ASSERT_EQ(found->size(), 2U);
    const ServiceInstance& first = found->front();
    EXPECT_EQ(first.id, "h1:user-service:8080");
    EXPECT_EQ(first.uri(), "http://10.0.0.6:8080");
    EXPECT_EQ(first.zone(), "a") << "out of a tag";
    EXPECT_EQ(first.value("management.port"), "8080");
    EXPECT_EQ(first.weight(), 3U);
    EXPECT_EQ(found->back().uri(), "https://10.0.0.7:8443")
        << "the node's address where the service has none";
    EXPECT_FALSE(consul_instances("{}"));
    EXPECT_FALSE(consul_instances("[{"));
    EXPECT_TRUE(consul_instances("[1,null,{\"Service\":7}]")->empty());
}

TEST(Consul, AnIndexThatGoesBackBeginsAnew) {
    ConsulIndex index;
    EXPECT_EQ(index.value(), 0U);
    index.arrived("17");
    EXPECT_EQ(index.value(), 17U);
    index.arrived("23");
    EXPECT_EQ(index.value(), 23U);
    index.arrived("5");
    EXPECT_EQ(index.value(), 0U);
    index.arrived("nonsense");
    EXPECT_EQ(index.value(), 0U);
}

SelfDescription self() {
    SelfDescription out;
    out.application = "user-service";
    out.host_name = "h1.example";
    out.ip_address = "10.0.0.5";
    out.port = 8080;
    return out;
}

TEST(Consul, RegistersWithACheckThatTheAgentMakes) {
    ConsulDiscoveryConfig config;
    config.tags = {"blue"};
    config.instance_zone = "a";
    config.health_check_critical_timeout = "3m";
    EXPECT_EQ(
        consul_registration(config, self()).text(),
        R"({"ID":"user-service-h1-example-8080","Name":"user-service","Tags":["blue"],"Address":"h1.example",)"
        R"("Port":8080,"Meta":{"zone":"a","secure":"false"},)"
        R"("Check":{"HTTP":"http://h1.example:8080/actuator/health","Interval":"10s",)"
        R"("DeregisterCriticalServiceAfter":"3m"}})"
    );
    config.heartbeat.enabled = true;
    config.prefer_ip_address = true;
    const auto beating = consul_registration(config, self());
    EXPECT_EQ(beating["Check"]["TTL"].string_or(""), "30s");
    EXPECT_EQ(beating["Address"].string_or(""), "10.0.0.5");
    config.heartbeat.enabled = false;
    config.register_health_check = false;
    EXPECT_FALSE(consul_registration(config, self()).contains("Check"));
}

Task<> talks_to_an_agent(runtime::Runtime& runtime) {
    FakeRegistry agent(runtime);
    co_await agent.start();
    agent.answer("GET /v1/catalog/services", {.body = R"({"consul":[],"user-service":["blue"]})"});
    agent.answer("GET /v1/health/service/user-service", {.body = std::string(health_answer)});
    agent.answer("PUT /v1/agent/", {.status = 200});
    ConsulConfig consul;
    consul.host = "127.0.0.1";
    consul.port = agent.port();
    consul.token = "secret";
    ConsulDiscoveryConfig discovery;
    discovery.heartbeat.enabled = true;
    const Means means{.runtime = runtime, .log = {}, .meters = nullptr};
    const auto client = make_consul_client(means, consul, discovery);
    EXPECT_TRUE(client->introduce(self()));
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("consul", client->run());
    const Deadline deadline = Deadline::after(runtime.clock().now(), 2s);
    const auto found = co_await client->find("USER-SERVICE", deadline);
    EXPECT_TRUE(found);
    if (found) {
        EXPECT_EQ((*found)->instances.size(), 2U);
    }
    client->ready();
    co_await agent.wait_for(4);
    co_await client->leave(deadline);
    std::vector<std::string> written;
    for (const auto& asked : agent.asked()) {
        EXPECT_EQ(asked.headers.at("x-consul-token"), "secret");
        if (asked.line.starts_with("PUT")) written.push_back(asked.line);
    }
    const std::vector<std::string> expected{
        "PUT /v1/agent/service/register",
        "PUT /v1/agent/check/pass/service:user-service-h1-example-8080",
        "PUT /v1/agent/service/deregister/user-service-h1-example-8080"
    };
    EXPECT_EQ(written, expected);
    EXPECT_EQ(client->services(), (std::vector<std::string>{"consul", "user-service"}));
    co_await scope.stop();
    co_await agent.stop();
}

TEST(ConsulWire, FindsRegistersAndLeaves) {
    on_loop(talks_to_an_agent);
}

Task<> follows_the_index(runtime::Runtime& runtime) {
    FakeRegistry agent(runtime);
    co_await agent.start();
    agent.answer("GET /v1/catalog/services", {.body = "{}"});
    agent.answer("GET /v1/health/service/user-service", {.body = "[]", .headers = {{"X-Consul-Index", "7"}}});
    agent.answer(
        "GET /v1/health/service/user-service?passing=true&index=7&wait=55s",
        {.body = std::string(health_answer), .headers = {{"X-Consul-Index", "9"}}}
    );
    // The next question is held by a real agent; here it fails, and the list stays.
    agent.answer("GET /v1/health/service/user-service?passing=true&index=9", {.status = 500});
    ConsulConfig consul;
    consul.host = "127.0.0.1";
    consul.port = agent.port();
    ConsulDiscoveryConfig discovery;
    discovery.enabled = false;
    const Means means{.runtime = runtime, .log = {}, .meters = nullptr};
    const auto client = make_consul_client(means, consul, discovery);
    EXPECT_FALSE(client->announces());
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("consul", client->run());
    const TimePoint until = runtime.clock().now() + 2s;
    while (client->instances("user-service")->instances.size() != 2 && runtime.clock().now() < until)
        co_await runtime::sleep_for(2ms);
    co_await runtime::sleep_for(20ms);
    EXPECT_EQ(client->instances("user-service")->instances.size(), 2U);
    co_await scope.stop();
    co_await agent.stop();
}

TEST(ConsulWire, AsksWithTheIndexOfTheLastAnswer) {
    on_loop(follows_the_index);
}

}  // namespace

}  // namespace flotilla::discovery
