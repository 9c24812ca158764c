#include "flotilla/discovery/eureka_client.hpp"

#include <gtest/gtest.h>

#include "eureka_sample.hpp"
#include "fake_registry.hpp"
#include "flotilla/discovery/error.hpp"
#include "flotilla/eureka/codec.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "on_loop.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;
using eureka::InstanceStatus;

std::string full_document(const std::vector<eureka::InstanceInfo>& infos) {
    return eureka::encode(applications(infos), eureka::Format::json);
}

EurekaClientConfig config_for(const std::string& urls) {
    EurekaClientConfig config;
    config.service_url = {{"defaultZone", urls}};
    config.unregister_delay_seconds = 0;
    return config;
}

Means means(runtime::Runtime& runtime) {
    return {.runtime = runtime, .log = {}, .meters = nullptr};
}

Deadline soon(runtime::Runtime& runtime) {
    return Deadline::after(runtime.clock().now(), 2s);
}

Task<> a_whole_life(runtime::Runtime& runtime) {
    FakeRegistry registry(runtime);
    co_await registry.start();
    registry.answer("GET /eureka/apps/", {.body = full_document({info("order-service", "h2")})});
    registry.answer("POST /eureka/apps/USER-SERVICE", {.status = 204});
    registry.answer("DELETE /eureka/apps/USER-SERVICE/", {.status = 200});
    EurekaClient client(means(runtime), config_for(registry.url("anna:s%3Aecret@")));
    client.introduce(info("user-service", "h1"));
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("eureka", client.run());
    const Deadline deadline = soon(runtime);
    const auto found = co_await client.find("ORDER-SERVICE", deadline);
    EXPECT_TRUE(found);
    if (found) {
        EXPECT_EQ((*found)->instances.at(0).uri(), "http://h2:8080");
    }
    EXPECT_TRUE(client.informed());
    EXPECT_EQ(registry.lines(), std::vector<std::string>{"GET /eureka/apps/"});
    const auto& first = registry.asked().at(0).headers;
    EXPECT_EQ(first.at("accept"), "application/json, application/*+json");
    EXPECT_NE(first.at("accept-encoding").find("gzip"), std::string::npos);
    EXPECT_EQ(first.at("authorization"), "Basic YW5uYTpzOmVjcmV0") << "anna:s:ecret";
    EXPECT_FALSE(first.contains("x-eureka-accept"));
    EXPECT_FALSE(first.contains("discoveryidentity-name"));
    EXPECT_FALSE(first.contains("x-request-deadline-ms"));

    client.set_status(InstanceStatus::down);
    co_await registry.wait_for(2);
    const FakeRegistry::Asked& post = registry.asked().at(1);
    EXPECT_EQ(post.line, "POST /eureka/apps/USER-SERVICE");
    EXPECT_EQ(post.headers.at("content-type"), "application/json");
    EXPECT_EQ(post.headers.at("content-length"), std::to_string(post.body.size()));
    const auto told = eureka::decode_instance(post.body, eureka::Format::json);
    EXPECT_TRUE(told);
    if (told) {
        EXPECT_EQ(told->id(), "h1:user-service:8080");
    }

    co_await client.leave(deadline);
    co_await client.finish(deadline);
    EXPECT_EQ(registry.lines().back(), "DELETE /eureka/apps/USER-SERVICE/h1:user-service:8080");
    EXPECT_EQ(registry.asked().size(), 4U) << "one word of DOWN, one goodbye";
    EXPECT_FALSE(client.registered());
    co_await scope.stop();
    co_await registry.stop();
}

TEST(EurekaClientWire, S18_FetchRegisterDownGoodbye) {
    on_loop(a_whole_life);
}

Task<> renews(runtime::Runtime& runtime) {
    FakeRegistry registry(runtime);
    co_await registry.start();
    registry.answer("POST", {.status = 204});
    registry.answer("PUT", {.status = 404});
    auto self = info("user-service", "h1", InstanceStatus::starting);
    self.lease_info->renewal_interval_in_secs = 1;
    EurekaClientConfig config = config_for(registry.url());
    config.fetch_registry = false;
    EurekaClient client(means(runtime), config);
    client.introduce(self);
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("eureka", client.run());
    client.ready();
    co_await registry.wait_for(3);
    const auto& asked = registry.asked();
    EXPECT_EQ(asked.at(0).line, "POST /eureka/apps/USER-SERVICE");
    EXPECT_TRUE(asked.at(1).line.starts_with(
        "PUT /eureka/apps/USER-SERVICE/h1:user-service:8080?status=UP&lastDirtyTimestamp="
    ));
    EXPECT_EQ(asked.at(1).headers.at("content-length"), "0");
    EXPECT_FALSE(asked.at(1).headers.contains("content-type"));
    EXPECT_EQ(asked.at(2).line, "POST /eureka/apps/USER-SERVICE") << "404: at once";
    co_await scope.stop();
    co_await registry.stop();
}

TEST(EurekaClientWire, S18_3_RenewsWithoutABodyAndRegistersAfterA404) {
    on_loop(renews);
}

Task<> fails_over(runtime::Runtime& runtime) {
    FakeRegistry broken(runtime);
    FakeRegistry muddled(runtime);
    FakeRegistry good(runtime);
    co_await broken.start();
    co_await muddled.start();
    co_await good.start();
    broken.answer("GET", {.status = 503});
    muddled.answer("GET", {.body = "{\"applications\":"});
    good.answer("GET", {.body = full_document({info("order-service", "h2")})});
    EurekaClient client(means(runtime), config_for(broken.url() + "," + muddled.url() + "," + good.url()));
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("eureka", client.run());
    const Deadline deadline = soon(runtime);
    const auto found = co_await client.find("order-service", deadline);
    EXPECT_TRUE(found);
    EXPECT_EQ(broken.asked().size(), 1U);
    EXPECT_EQ(muddled.asked().size(), 1U);
    co_await scope.stop();
    co_await broken.stop();
    co_await muddled.stop();
    co_await good.stop();
}

TEST(EurekaClientWire, S18_GoesToTheNextRegistryWhenOneFailsOrTalksNonsense) {
    on_loop(fails_over);
}

Task<> is_pushed(runtime::Runtime& runtime) {
    FakeRegistry registry(runtime);
    co_await registry.start();
    const auto first = info("order-service", "h1");
    const auto second = info("order-service", "h2");
    const auto delta = delta_of({second}, eureka::ActionType::added, "UP_2_");
    registry.answer(
        "GET /eureka/apps/", {.body = full_document({}), .headers = {{"X-Flotilla-Push", "apps/stream"}}}
    );
    registry.answer(
        "GET /eureka/apps/stream",
        {.events =
             {{"full", full_document({first}), "7"},
              {"delta", eureka::encode(delta, eureka::Format::json), "8"}}}
    );
    EurekaClient client(means(runtime), config_for(registry.url()));
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("eureka", client.run());
    const TimePoint until = runtime.clock().now() + 2s;
    while (client.instances("order-service")->instances.size() != 2 && runtime.clock().now() < until)
        co_await runtime::sleep_for(1ms);
    EXPECT_EQ(client.instances("order-service")->instances.size(), 2U);
    // The stream has ended: everything counts again by interval, and the client listens anew where it
    // stopped.
    std::string last_event;
    while (last_event.empty() && runtime.clock().now() < until) {
        co_await runtime::sleep_for(5ms);
        for (const auto& asked : registry.asked()) {
            const auto found = asked.headers.find("last-event-id");
            if (found != asked.headers.end()) last_event = found->second;
        }
    }
    EXPECT_EQ(last_event, "8");
    co_await scope.stop();
    co_await registry.stop();
}

TEST(EurekaClientWire, ListensWhereARegistryPushes) {
    on_loop(is_pushed);
}

Task<> nobody_answers(runtime::Runtime& runtime) {
    EurekaClient client(means(runtime), config_for("http://127.0.0.1:1/eureka/"));
    client.introduce(info("user-service", "h1"));
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("eureka", client.run());
    const Deadline deadline = Deadline::after(runtime.clock().now(), 50ms);
    const auto found = co_await client.find("order-service", deadline);
    EXPECT_FALSE(found);
    EXPECT_EQ(found.error().code(), DiscoveryErrc::unreachable);
    client.set_status(InstanceStatus::down);
    const Deadline later = soon(runtime);
    co_await client.finish(later);
    EXPECT_FALSE(client.registered());
    co_await scope.stop();
}

TEST(EurekaClientWire, ServesAndEndsWithoutAnyRegistry) {
    on_loop(nobody_answers);
}

Task<> overrides(runtime::Runtime& runtime) {
    FakeRegistry registry(runtime);
    co_await registry.start();
    auto there = info("user-service", "h1", InstanceStatus::out_of_service);
    there.overridden_status = InstanceStatus::out_of_service;
    registry.answer("GET /eureka/apps/USER-SERVICE/", {.body = eureka::encode(there, eureka::Format::json)});
    registry.answer("PUT /eureka/apps/USER-SERVICE/", {.status = 200});
    registry.answer("DELETE /eureka/apps/USER-SERVICE/", {.status = 200});
    EurekaClient client(means(runtime), config_for(registry.url()));
    client.introduce(info("user-service", "h1"));
    const auto status = co_await client.registry_status();
    EXPECT_TRUE(status);
    if (status) {
        EXPECT_EQ(status->overridden, "OUT_OF_SERVICE");
    }
    const auto overridden = co_await client.override_status("OUT_OF_SERVICE");
    EXPECT_TRUE(overridden);
    const auto taken_back = co_await client.override_status(std::nullopt);
    EXPECT_TRUE(taken_back);
    const auto nonsense = co_await client.override_status("ASLEEP");
    EXPECT_EQ(nonsense.error().code(), Errc::invalid_argument);
    const auto lines = registry.lines();
    EXPECT_TRUE(lines.at(1).starts_with(
        "PUT /eureka/apps/USER-SERVICE/h1:user-service:8080/status?value=OUT_OF_SERVICE&"
    ));
    EXPECT_TRUE(
        lines.at(2).starts_with("DELETE /eureka/apps/USER-SERVICE/h1:user-service:8080/status?lastDirty")
    );
    registry.answer("GET /eureka/apps/USER-SERVICE/", {.status = 404});
    const auto unknown = co_await client.registry_status();
    EXPECT_EQ(unknown.error().code(), Errc::not_found);
    co_await registry.stop();
}

TEST(EurekaClientWire, S18_7_AsksForItsStatusAndOverridesIt) {
    on_loop(overrides);
}

}  // namespace

}  // namespace flotilla::discovery
