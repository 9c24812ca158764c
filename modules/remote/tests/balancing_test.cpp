// Which instance a call goes to, and what becomes of it when that one is gone.

#include <gtest/gtest.h>

#include "flotilla/remote/remote.hpp"
#include "order_service.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::dead_port;
using testing::Harness;
using testing::Instance;
using testing::Order;
using testing::OrderClient;
using testing::Service;
using testing::with_remote;

TEST(ClientFacts, F01_RoundRobinAlternates) {
    with_remote({}, [](Harness& h) -> Task<> {
        Service a("a");
        Service b("b");
        Instance first(h.runtime, a.router);
        Instance second(h.runtime, b.router);
        co_await first.start();
        co_await second.start();
        h.discovery.replace({at("order-service", "a", first.port()), at("order-service", "b", second.port())}
        );
        const auto client = h.remote.client<OrderClient>();
        std::string order;
        for (int i = 0; i < 10; ++i) {
            const auto echo = co_await client.echo();
            order.push_back(echo->at(0));
        }
        EXPECT_EQ(a.calls, 5);
        EXPECT_EQ(b.calls, 5);
        EXPECT_TRUE(order == "ababababab" || order == "bababababa") << order;
        co_await first.stop();
        co_await second.stop();
    });
}

TEST(ClientFacts, F02_ADeadInstanceCostsOneMoreAttemptUntilTheRegistryKnows) {
    with_remote({}, [](Harness& h) -> Task<> {
        Service alive("alive");
        Instance instance(h.runtime, alive.router);
        co_await instance.start();
        const auto dead = at("order-service", "dead", dead_port());
        const auto good = at("order-service", "good", instance.port());
        h.discovery.replace({dead, good});
        const auto client = h.remote.client<OrderClient>();
        for (int i = 0; i < 10; ++i) {
            const auto echo = co_await client.echo();
            EXPECT_TRUE(echo) << echo.error().message();
        }
        EXPECT_EQ(alive.calls, 10);
        h.discovery.replace({good});
        EXPECT_TRUE(co_await client.echo());
        h.discovery.replace({dead});
        const auto failed = co_await client.echo();
        EXPECT_EQ(failed.error().kind(), ErrorKind::connect);
        EXPECT_EQ(failed.error().attempts(), 2U);
        EXPECT_EQ(failed.error().instance(), "dead");
        co_await instance.stop();
    });
}

TEST(ClientFacts, F02_AnEjectedInstanceIsNotAskedAgain) {
    testing::Setup setup;
    setup.balancer.outlier.enabled = true;
    with_remote(std::move(setup), [](Harness& h) -> Task<> {
        Service alive("alive");
        Instance instance(h.runtime, alive.router);
        co_await instance.start();
        h.discovery.replace(
            {at("order-service", "dead", dead_port()), at("order-service", "good", instance.port())}
        );
        const auto client = h.remote.client<OrderClient>();
        const Order wanted{"rope", 1};
        int failures = 0;
        for (int i = 0; i < 20; ++i) {
            const auto made = co_await client.create_order("u", wanted);
            failures += made ? 0 : 1;
        }
        EXPECT_LE(failures, 1) << "a POST is not repeated, but the dead instance is left out at once";
        co_await instance.stop();
    });
}

TEST(ClientFacts, F03_APostToADeadInstanceIsOneAttempt) {
    with_remote({}, [](Harness& h) -> Task<> {
        h.discovery.replace({at("order-service", "d1", dead_port()), at("order-service", "d2", dead_port())});
        const auto client = h.remote.client<OrderClient>();
        const Order wanted{"rope", 1};
        const auto made = co_await client.create_order("u", wanted);
        EXPECT_EQ(made.error().kind(), ErrorKind::connect);
        EXPECT_EQ(made.error().attempts(), 1U);
    });
}

TEST(ClientFacts, F04_SameAndNextInstanceAreTriedInOrder) {
    with_remote(
        {.properties =
             {{"spring.cloud.loadbalancer.retry.max-retries-on-same-service-instance", "1"},
              {"spring.cloud.loadbalancer.retry.max-retries-on-next-service-instance", "1"},
              {"spring.cloud.loadbalancer.retry.retryable-status-codes", "503"}}},
        [](Harness& h) -> Task<> {
            std::string order;
            http::Router a;
            http::Router b;
            const auto fails = [&order](char name) {
                return [&order, name] {
                    order.push_back(name);
                    return http::Response(
                        http::Status::service_unavailable, "text/plain", std::string(1, name)
                    );
                };
            };
            a.get("/echo", fails('a'));
            b.get("/echo", fails('b'));
            Instance first(h.runtime, a);
            Instance second(h.runtime, b);
            co_await first.start();
            co_await second.start();
            h.discovery.replace(
                {at("order-service", "a", first.port()), at("order-service", "b", second.port())}
            );
            const auto client = h.remote.client<OrderClient>();
            const auto failed = co_await client.echo();
            EXPECT_TRUE(order == "aabb" || order == "bbaa") << order;
            EXPECT_EQ(failed.error().attempts(), 4U);
            EXPECT_EQ(failed.error().status(), 503);
            EXPECT_EQ(failed.error().body().front(), order.back()) << "the last answer is kept";
            co_await first.stop();
            co_await second.stop();
        }
    );
}

TEST(ClientFacts, F05_WithoutInstancesACallFailsAtOnce) {
    with_remote({}, [](Harness& h) -> Task<> {
        h.discovery.replace({});
        const auto client = h.remote.client<OrderClient>();
        (void)co_await client.echo();
        const TimePoint began = h.runtime.clock().now();
        const auto failed = co_await client.echo();
        EXPECT_LT(h.runtime.clock().now() - began, 500ms) << "no time limit was waited for";
        EXPECT_EQ(failed.error().kind(), ErrorKind::no_instance);
        EXPECT_EQ(failed.error().message(), "No instances available for order-service");
        EXPECT_EQ(http::status_of(failed.error()), http::Status::service_unavailable);
        EXPECT_EQ(h.remote.http().stats().opened, 0U);
    });
}

TEST(ClientFacts, F06_NamesCountInAnyCaseAndWhatFollowsThemArrivesAsItIs) {
    with_remote({}, [](Harness& h) -> Task<> {
        Service service("a");
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace(
            {at("ORDER_SERVICE", "u", instance.port()), at("ORDER-SERVICE", "d", instance.port())}
        );
        for (const std::string base :
             {"http://ORDER_SERVICE", "http://order_service", "http://order-service", "lb://Order-Service"}) {
            const std::string target = "/raw/a%20b/%E2%82%AC/x;y=1/+?q=a%2Fb&empty&z=%7B1%7D";
            const auto answer = co_await h.remote.get<std::string>(base + target);
            EXPECT_TRUE(answer) << answer.error().message();
            if (answer) {
                EXPECT_EQ(*answer, target);
            }
        }
        const std::string direct = "http://127.0.0.1:" + std::to_string(instance.port()) + "/echo";
        EXPECT_TRUE(co_await h.remote.get<std::string>(direct));
        const auto orders =
            co_await h.remote.get<std::vector<Order>>("lb://ORDER-SERVICE/order-service/kim/orders");
        EXPECT_EQ(orders->at(0).order_id, "a-kim");
        const Order wanted{"rope", 2};
        const auto made =
            co_await h.remote.post<Order>("lb://ORDER-SERVICE/order-service/kim/orders", wanted);
        EXPECT_EQ(made->order_id, "rope!");
        const auto unknown = co_await h.remote.get<std::string>("http://nobody/x");
        EXPECT_EQ(unknown.error().kind(), ErrorKind::no_instance);
        const auto malformed = co_await h.remote.get<std::string>("http://a b/x");
        EXPECT_EQ(malformed.error().kind(), ErrorKind::invalid);
        co_await instance.stop();
    });
}

TEST(ClientFacts, F07_TheOwnZoneComesFirst) {
    testing::Setup setup;
    setup.balancer.zone = "z1";
    setup.balancer.zone_preference = true;
    with_remote(std::move(setup), [](Harness& h) -> Task<> {
        Service a("a");
        Service b("b");
        Instance first(h.runtime, a.router);
        Instance second(h.runtime, b.router);
        co_await first.start();
        co_await second.start();
        const auto near = at("order-service", "a", first.port(), {{"zone", "z1"}});
        const auto far = at("order-service", "b", second.port(), {{"zone", "z2"}});
        h.discovery.replace({near, far});
        const auto client = h.remote.client<OrderClient>();
        for (int i = 0; i < 4; ++i) EXPECT_TRUE(co_await client.echo());
        EXPECT_EQ(a.calls, 4);
        h.discovery.replace({far});
        EXPECT_TRUE(co_await client.echo());
        EXPECT_EQ(b.calls, 1);
        co_await first.stop();
        co_await second.stop();
    });
}

TEST(ClientFacts, F08_ACookiePinsACallToItsInstance) {
    with_remote({}, [](Harness& h) -> Task<> {
        Service a("a");
        Service b("b");
        Instance first(h.runtime, a.router);
        Instance second(h.runtime, b.router);
        co_await first.start();
        co_await second.start();
        h.discovery.replace(
            {at("order-service", "i1", first.port()), at("order-service", "i2", second.port())}
        );
        const auto client = h.remote.client<OrderClient>();
        const auto pinned = client.echo.header("Cookie", "x=1; sc-lb-instance-id=i2");
        const auto lost = client.echo.header("Cookie", "sc-lb-instance-id=i9");
        for (int i = 0; i < 100; ++i) {
            const auto echo = co_await pinned();
            EXPECT_EQ(echo->front(), 'b');
            EXPECT_TRUE(co_await client.echo());
        }
        EXPECT_NEAR(a.calls, 50, 5);
        EXPECT_TRUE(co_await lost());
        co_await first.stop();
        co_await second.stop();
    });
}

Task<> call_many(OrderClient& client, int times, std::atomic<int>& failures, std::atomic<int>& done) {
    for (int i = 0; i < times; ++i) {
        const auto echo = co_await client.echo();
        if (!echo) ++failures;
    }
    ++done;
}

TEST(ClientFacts, F01_ThreeInstancesShareTheCallsOfManyLoops) {
    with_remote({.loops = 4}, [](Harness& h) -> Task<> {
        std::vector<std::unique_ptr<Service>> services;
        std::vector<std::unique_ptr<Instance>> instances;
        std::vector<discovery::ServiceInstance> list;
        for (int i = 0; i < 3; ++i) {
            services.push_back(std::make_unique<Service>(std::to_string(i)));
            instances.push_back(std::make_unique<Instance>(h.runtime, services.back()->router));
            co_await instances.back()->start();
            list.push_back(at("order-service", std::to_string(i), instances.back()->port()));
        }
        h.discovery.replace(list);
        auto client = h.remote.client<OrderClient>();
        std::atomic<int> failures = 0;
        std::atomic<int> done = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            runtime::EventLoop& loop = h.runtime.loop(i);
            const std::function<Task<>()> calls = [&] { return call_many(client, 75, failures, done); };
            co_await h.runtime.on<void>(loop, calls);
        }
        EXPECT_EQ(done, 4);
        EXPECT_EQ(failures, 0);
        for (const auto& service : services) EXPECT_NEAR(service->calls, 100, 1);
        for (const auto& instance : instances) co_await instance->stop();
    });
}

}  // namespace

}  // namespace flotilla::remote
