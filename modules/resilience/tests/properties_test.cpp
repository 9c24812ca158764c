#include "flotilla/resilience/properties.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flotilla/reflect/yaml.hpp"
#include "flotilla/resilience/policies.hpp"

namespace flotilla::resilience {

namespace {

using namespace std::chrono_literals;

ResilienceProperties read(std::string_view yaml) {
    auto properties = reflect::from_yaml<ResilienceProperties>(yaml, {}, reflect::Leniency::config());
    EXPECT_TRUE(properties) << properties.error().message();
    return properties ? *std::move(properties) : ResilienceProperties{};
}

constexpr std::string_view course = R"(
circuitbreaker:
  configs:   { default: { failureRateThreshold: 4, waitDurationInOpenState: 1000ms, slidingWindowType: COUNT_BASED, slidingWindowSize: 2 } }
  instances: { circuitbreaker: { baseConfig: default }, circuitBreaker1: { failureRateThreshold: 6, slidingWindowSize: 3 } }
timelimiter: { instances: { circuitbreaker: { timeoutDuration: 4s, cancelRunningFuture: true } } }
retry:       { instances: { orders: { maxAttempts: 3, waitDuration: 500ms, enableExponentialBackoff: true } } }
bulkhead:    { instances: { orders: { maxConcurrentCalls: 25, maxWaitDuration: 0 } } }
thread-pool-bulkhead: { instances: { orders: { coreThreadPoolSize: 2, maxThreadPoolSize: 4, queueCapacity: 100, keepAliveDuration: 20ms } } }
ratelimiter: { instances: { orders: { limitForPeriod: 50, limitRefreshPeriod: 1s, timeoutDuration: 0 } } }
micrometer: { timer: { configs: { default: { metricNames: course.calls } }, instances: { orders: { eventConsumerBufferSize: 10 } } } }
)";

TEST(Properties, TheCoursesFileIsReadAsItIs) {
    const ManualClock clock;
    const auto made = Policies::of(read(course), clock);
    ASSERT_TRUE(made) << made.error().message();
    Policies& policies = **made;
    const CircuitBreaker* const first = policies.circuit_breakers().find("circuitbreaker");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->config().failure_rate_threshold, 4.0F);
    EXPECT_EQ(first->config().sliding_window_size, 2U);
    EXPECT_EQ(first->config().wait_in_open_state.initial, 1s);
    EXPECT_EQ(first->config().minimum_number_of_calls, 100U);
    const CircuitBreaker* const second = policies.circuit_breakers().find("circuitBreaker1");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->config().failure_rate_threshold, 6.0F);
    EXPECT_EQ(second->config().sliding_window_size, 3U);
    EXPECT_EQ(second->config().wait_in_open_state.initial, 1s);
    EXPECT_EQ(policies.circuit_breakers().get("made later").config().sliding_window_size, 2U);
    EXPECT_EQ(policies.time_limiters().get("circuitbreaker").config().timeout_duration, 4s);
    EXPECT_EQ(policies.time_limiters().get("other").config().timeout_duration, 1s);
    EXPECT_EQ(policies.retries().find("orders")->config().wait.multiplier, 1.5);
    EXPECT_EQ(policies.bulkheads().find("orders")->max_allowed_concurrent_calls(), 25U);
    EXPECT_EQ(policies.queue_bulkheads().find("orders")->config().max_thread_pool_size, 4U);
    EXPECT_EQ(policies.rate_limiters().find("orders")->config().limit_refresh_period, 1s);
    EXPECT_EQ(policies.timers().find("orders")->config().metric_names, "course.calls");
    EXPECT_EQ(policies.timers().find("orders")->config().event_consumer_buffer_size, 10U);
    EXPECT_TRUE(policies.has_timer("orders"));
    EXPECT_TRUE(policies.has_retry("orders"));
    EXPECT_FALSE(policies.has_retry("other"));
}

TEST(Properties, ANameIsLookedUpAmongInstancesConfigsAndTheGroupsConfig) {
    const auto section = read(R"(
circuitbreaker:
  configs:
    default: { slidingWindowSize: 1 }
    own: { slidingWindowSize: 2 }
    family: { slidingWindowSize: 3 }
  instances:
    exact: { slidingWindowSize: 4 }
)")
                             .circuitbreaker;
    EXPECT_EQ(resolve(section, "exact", "family")->sliding_window_size, 4U);
    EXPECT_EQ(resolve(section, "own", "family")->sliding_window_size, 2U);
    EXPECT_EQ(resolve(section, "stranger", "family")->sliding_window_size, 3U);
    EXPECT_EQ(resolve(section, "stranger", "strangers")->sliding_window_size, 1U);
}

TEST(Properties, AWaitOfItsOwnTakesNothingOfTheBasesBackoff) {
    const auto section = read(R"(
circuitbreaker:
  configs:
    default: { waitDurationInOpenState: 2s, enableExponentialBackoff: true, exponentialBackoffMultiplier: 3,
               exponentialMaxWaitDurationInOpenState: 9s }
    capless: { waitDurationInOpenState: 1s, enableExponentialBackoff: true, exponentialMaxWaitDurationInOpenState: 5s }
  instances:
    inherits: { slidingWindowSize: 5 }
    rebuilds: { waitDurationInOpenState: 4s }
    idle: { baseConfig: capless, enableRandomizedWait: true }
)")
                             .circuitbreaker;
    const auto inherits = resolve(section, "inherits")->wait_in_open_state;
    EXPECT_EQ(inherits.initial, 2s);
    EXPECT_EQ(inherits.multiplier, 3);
    EXPECT_EQ(inherits.maximum, 9s);
    const auto rebuilds = resolve(section, "rebuilds")->wait_in_open_state;
    EXPECT_EQ(rebuilds.initial, 4s);
    EXPECT_EQ(rebuilds.multiplier, 1);
    const auto idle = resolve(section, "idle")->wait_in_open_state;
    EXPECT_EQ(idle.multiplier, 1.5);
    EXPECT_EQ(idle.maximum, std::nullopt) << "a cap without a multiplier is no cap";
    EXPECT_EQ(idle.random_factor, 0);
}

TEST(ResilienceFacts, F23_AWrongPropertyIsAnErrorThatNamesIt) {
    const auto message = [](std::string_view yaml) {
        const ManualClock clock;
        const auto policies = Policies::of(read(yaml), clock);
        return policies ? std::string("fine") : policies.error().message();
    };
    const auto breaker = [&](std::string_view key) {
        return message("circuitbreaker: { instances: { x: { " + std::string(key) + " } } }");
    };
    EXPECT_EQ(
        breaker("failureRateThreshold: 0"),
        "resilience4j.circuitbreaker 'x': failureRateThreshold must be between 1 and 100."
    );
    EXPECT_THAT(breaker("failure-rate-threshold: 101"), testing::HasSubstr("failureRateThreshold"));
    EXPECT_THAT(breaker("slidingWindowSize: 0"), testing::HasSubstr("slidingWindowSize must be greater"));
    EXPECT_THAT(
        breaker("slidingWindowType: TIME_BASED, slidingWindowSize: 2000000000"),
        testing::HasSubstr("slidingWindowSize must be less")
    );
    EXPECT_THAT(
        breaker("eventConsumerBufferSize: 2000000000"),
        testing::HasSubstr("eventConsumerBufferSize must be less")
    );
    EXPECT_THAT(breaker("minimumNumberOfCalls: -3"), testing::HasSubstr("minimumNumberOfCalls"));
    EXPECT_THAT(breaker("waitDurationInOpenState: 0ms"), testing::HasSubstr("waitDurationInOpenState"));
    EXPECT_THAT(breaker("recordExceptions: com.example.Mine"), testing::HasSubstr("recordExceptions"));
    EXPECT_THAT(breaker("recordFailurePredicate: mine"), testing::HasSubstr("recordFailurePredicate"));
    EXPECT_THAT(
        breaker("waitDurationInOpenState: 1s, enableExponentialBackoff: true, enableRandomizedWait: true"),
        testing::HasSubstr("enableExponentialBackoff and enableRandomizedWait")
    );
    EXPECT_EQ(
        breaker("baseConfig: y"), "resilience4j.circuitbreaker: Configuration with name 'y' does not exist"
    );
    EXPECT_THAT(
        message("circuitbreaker: { configs: { a: { baseConfig: b }, b: { baseConfig: a } } }"),
        testing::HasSubstr("leads back to itself")
    );
    EXPECT_THAT(message("retry: { configs: { x: { maxAttempts: 0 } } }"), testing::HasSubstr("maxAttempts"));
    EXPECT_THAT(
        message("bulkhead: { instances: { x: { maxConcurrentCalls: 0 } } }"),
        testing::HasSubstr("maxConcurrentCalls")
    );
    EXPECT_THAT(
        message("ratelimiter: { instances: { x: { limitForPeriod: 0 } } }"),
        testing::HasSubstr("limitForPeriod")
    );
    EXPECT_EQ(message("circuitbreaker: { configs: { default: { baseConfig: default } } }"), "fine");
}

TEST(Properties, FunctionsOfTheProgramAreNamed) {
    const auto section = read(R"(
circuitbreaker: { instances: { x: { ignoreExceptionPredicate: mine, recordResultPredicate: "http.5xx, http.429" } } }
)")
                             .circuitbreaker;
    const ErrorPredicates predicates{{"mine", [](const Error& error) {
                                          return error.code() == Errc::conflict;
                                      }}};
    const auto config = resolve(section, "x", "", predicates);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->errors.judge(Error(Errc::conflict)), ErrorRules::Verdict::ignored);
    EXPECT_EQ(config->errors.judge(Error(Errc::refused)), ErrorRules::Verdict::failure);
    EXPECT_TRUE(config->recorded_results.matches("http", 429));
}

}  // namespace

}  // namespace flotilla::resilience
