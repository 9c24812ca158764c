#include "flotilla/discovery/load_balancer.hpp"

#include <gtest/gtest.h>

#include "flotilla/discovery/error.hpp"
#include "flotilla/discovery/simple_discovery.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "on_loop.hpp"
#include "sample.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

BalancerConfig by_default(std::string_view) {
    return {};
}

/// Answers when it is told to, as a registry over a network does.
class LateDiscovery final : public Discovery {
public:
    Snapshot instances(std::string_view service) override { return directory.find(service); }

    std::vector<std::string> services() const override { return directory.services(); }

    ListSubscription subscribe(ListListener listener) override {
        return directory.subscribe(std::move(listener));
    }

    std::string_view name() const noexcept override { return "late"; }

    Directory directory;
};

TEST(LoadBalancer, FollowsTheDiscovery) {
    StaticDiscovery discovery({instance("a")});
    LoadBalancer balancer(discovery, by_default);
    Cluster& cluster = balancer.cluster("ORDER-SERVICE");
    EXPECT_EQ(&cluster, &balancer.cluster("order-service"));
    const PickRequest request{.now = Clock::system().now()};
    EXPECT_EQ(cluster.pick(request).instance().id, "a");
    discovery.replace({instance("b")});
    EXPECT_EQ(cluster.pick(request).instance().id, "b");
    discovery.replace({});
    EXPECT_FALSE(cluster.pick(request));
    EXPECT_EQ(balancer.clusters().size(), 1U);
}

Task<> nobody_is_an_error(runtime::Runtime&) {
    StaticDiscovery discovery({});
    LoadBalancer balancer(discovery, by_default);
    const PickRequest request;
    const auto lease = co_await balancer.choose("order-service", request);
    EXPECT_FALSE(lease);
    EXPECT_EQ(lease.error().code(), DiscoveryErrc::no_instances);
    EXPECT_EQ(lease.error().message(), "No instances available for order-service");
}

TEST(LoadBalancer, SaysWhoHasNoInstances) {
    on_loop(nobody_is_an_error);
}

Task<> waits_for_the_first_answer(runtime::Runtime& runtime) {
    LateDiscovery discovery;
    LoadBalancer balancer(discovery, by_default);
    // The registry's answer comes while the call waits: this job runs once the coroutine below is suspended.
    runtime::EventLoop::current().post([&] {
        std::thread([&] { discovery.directory.publish("ORDER-SERVICE", {instance("a")}); }).join();
    });
    const PickRequest request;
    const auto lease = co_await balancer.choose("order-service", request);
    EXPECT_TRUE(lease);
    if (lease) {
        EXPECT_EQ(lease->instance().id, "a");
    }
}

TEST(LoadBalancer, WaitsForTheFirstAnswerOfTheRegistry) {
    on_loop(waits_for_the_first_answer);
}

Task<> gives_up_at_the_deadline(runtime::Runtime& runtime) {
    LateDiscovery discovery;
    LoadBalancer balancer(discovery, by_default);
    const PickRequest request;
    const Deadline soon = Deadline::after(runtime.clock().now(), 20ms);
    const auto lease = co_await balancer.choose("order-service", request, soon);
    EXPECT_FALSE(lease);
    EXPECT_EQ(lease.error().code(), DiscoveryErrc::unreachable);
}

TEST(LoadBalancer, WaitsNoLongerThanTheDeadline) {
    on_loop(gives_up_at_the_deadline);
}

}  // namespace

}  // namespace flotilla::discovery
