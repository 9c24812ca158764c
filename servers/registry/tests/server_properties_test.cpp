#include "../shell/server_properties.hpp"

#include <gtest/gtest.h>

namespace flotilla::registry {
namespace {

using config::Environment;

using Names = std::vector<std::string>;

TEST(ServerProperties, OfSpringsServerAreTakenWithoutEffect) {
    const auto environment = Environment::of({
        {"eureka.server.useReadOnlyResponseCache", false},
        {"eureka.server.response-cache-update-interval-ms", 3000},
        {"eureka.server.peer-eureka-nodes-update-interval-ms", 1000},
        {"eureka.server.deltaRetentionTimerIntervalInMs", 1000},
        {"eureka.server.rate-limiter-burst-size", 10},
        {"eureka.server.rate-limiter-privileged-clients[0]", "a"},
        {"eureka.server.rate-limiter-privileged-clients[1]", "b"},
        {"eureka.server.experimental.transport.enabled", true},
        {"eureka.server.aWSAccessId", "x"},
        {"eureka.server.enable-self-preservation", false},
        {"eureka.server.metrics.enabled", true},
        {"eureka.client.use-read-only-response-cache", 1},
    });
    EXPECT_EQ(
        properties_without_effect(environment),
        (Names{
            "eureka.server.a-w-s-access-id",
            "eureka.server.delta-retention-timer-interval-in-ms",
            "eureka.server.experimental",
            "eureka.server.peer-eureka-nodes-update-interval-ms",
            "eureka.server.rate-limiter-burst-size",
            "eureka.server.rate-limiter-privileged-clients",
            "eureka.server.response-cache-update-interval-ms",
            "eureka.server.use-read-only-response-cache",
        })
    );
    const auto checked = check_server_properties(environment);
    EXPECT_TRUE(checked) << checked.error().message();
}

TEST(ServerProperties, OfOursAreNoneOfThose) {
    EXPECT_EQ(properties_without_effect(Environment::of({{"eureka.server.my-url", "http://a"}})), Names{});
    EXPECT_EQ(properties_without_effect(Environment::of({})), Names{});
}

}  // namespace
}  // namespace flotilla::registry
