#include "flotilla/resilience/management.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "breaker_fixture.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/resilience/hystrix.hpp"
#include "flotilla/resilience/turbine.hpp"

namespace flotilla::resilience {

namespace {

using reflect::Json;

struct World {
    World() {
        CircuitBreakerProperties seeds{
            .failure_rate_threshold = 4.0F,
            .sliding_window_size = 2,
            .wait_duration_in_open_state = 1s,
            .register_health_indicator = true
        };
        ResilienceProperties properties;
        properties.circuitbreaker.instances = {{"x", seeds}, {"a", {}}};
        properties.retry.instances = {{"r", {}}};
        properties.bulkhead.instances = {{"b", {}}, {"x", {}}};
        properties.thread_pool_bulkhead.instances = {{"b", {}}};
        properties.ratelimiter.instances = {{"l", {.register_health_indicator = true}}};
        properties.timelimiter.instances = {{"x", {.timeout_duration = 4s}}};
        properties.micrometer.timer.instances = {{"t", {}}};
        policies = *Policies::of(properties, clock);
    }

    CircuitBreaker& x() { return policies->circuit_breakers().get("x"); }

    void fail_x() { x().try_acquire(clock.now()).failed(clock.now(), some_error(), 12ms); }

    ManualClock clock{WallTime(1'795'241'059'059'411'023ns)};
    std::unique_ptr<Policies> policies;
};

TEST(Management, ShowsBreakersAsResilience4jDoes) {
    World world;
    world.fail_x();
    world.fail_x();
    EXPECT_FALSE(world.x().try_acquire(world.clock.now()));
    const Json all = circuit_breakers_json(*world.policies, world.clock.now());
    EXPECT_EQ(
        all["circuitBreakers"]["x"].text(),
        R"({"failureRate":"100.0%","slowCallRate":"0.0%","failureRateThreshold":"4.0%","slowCallRateThreshold":"100.0%",)"
        R"("bufferedCalls":2,"failedCalls":2,"slowCalls":0,"slowFailedCalls":0,"notPermittedCalls":1,"state":"OPEN"})"
    );
    EXPECT_EQ(all["circuitBreakers"]["a"]["failureRate"], Json("-1.0%"));
    EXPECT_EQ(all["circuitBreakers"].members().front().key, "a") << "sorted";
}

TEST(Management, PrintsPercentagesAsJava) {
    EXPECT_EQ(percent_text(-1), "-1.0%");
    EXPECT_EQ(percent_text(100), "100.0%");
    EXPECT_EQ(percent_text(100.0F / 7), "14.285714%");
    EXPECT_EQ(percent_text(1 * 100.0F / 102400), "9.765625E-4%");
    EXPECT_EQ(percent_text(0.25F), "0.25%");
}

TEST(ResilienceFacts, F32_UpdateStateForcesOpenAndCreatesNoUnknownBreaker) {
    World world;
    const TimePoint now = world.clock.now();
    const auto forced = update_circuit_breaker(*world.policies, "x", "force_open", now);
    ASSERT_TRUE(forced);
    EXPECT_EQ(
        forced->text(),
        R"({"circuitBreakerName":"x","currentState":"FORCED_OPEN","message":"x state has been changed successfully"})"
    );
    EXPECT_EQ(world.x().state(), BreakerState::forced_open);
    EXPECT_EQ(update_circuit_breaker(*world.policies, "y", "CLOSE", now).error().code(), Errc::not_found);
    EXPECT_FALSE(world.policies->circuit_breakers().find("y"));
    EXPECT_EQ(
        update_circuit_breaker(*world.policies, "x", "OPEN", now).error().code(), Errc::invalid_argument
    );
}

TEST(ResilienceFacts, F34_EventsAreTheLastHundredByTimeAndFilteredByNameAndType) {
    World world;
    CircuitBreaker& a = world.policies->circuit_breakers().get("a");
    for (int call = 0; call < 150; ++call) {
        a.try_acquire(world.clock.now()).succeeded(world.clock.now());
        world.clock.advance(1ms);
    }
    world.fail_x();
    world.fail_x();
    const auto count = [&](EventFilter filter) {
        return (*circuit_breaker_events_json(*world.policies, filter))["circuitBreakerEvents"].size();
    };
    EXPECT_EQ(count({}), 104U);
    EXPECT_EQ(count({.name = "a"}), 100U);
    EXPECT_EQ(count({.name = "x"}), 4U);
    EXPECT_EQ(count({.name = "x", .type = "error"}), 2U);
    EXPECT_EQ(count({.name = "nobody"}), 0U);
    EXPECT_FALSE(circuit_breaker_events_json(*world.policies, {.type = "nonsense"}));
    const auto all = circuit_breaker_events_json(*world.policies, {});
    EXPECT_EQ((*all)["circuitBreakerEvents"].elements().back()["stateTransition"], Json("CLOSED_TO_OPEN"));
}

TEST(Management, AnEventHasItsKeysInOrderAndNullWhereThereIsNothing) {
    World world;
    world.clock.set_wall(WallTime(1'795'241'059'059'411'023ns));
    world.fail_x();
    const auto events = circuit_breaker_events_json(*world.policies, {});
    EXPECT_EQ(
        (*events)["circuitBreakerEvents"][0].text(),
        R"({"circuitBreakerName":"x","type":"ERROR","creationTime":"2026-11-21T06:04:19.059411023Z[Etc/UTC]",)"
        R"("errorMessage":"connection refused","durationInMs":12,"stateTransition":null})"
    );
}

TEST(Management, ListsTheOtherPoliciesAndTheirEvents) {
    World world;
    Policies& policies = *world.policies;
    EXPECT_EQ(retries_json(policies).text(), R"({"retries":["r"]})");
    EXPECT_EQ(bulkheads_json(policies).text(), R"({"bulkheads":["b","b","x"]})");
    EXPECT_EQ(rate_limiters_json(policies).text(), R"({"rateLimiters":["l"]})");
    EXPECT_EQ(time_limiters_json(policies).text(), R"({"timeLimiters":["x"]})");
    EXPECT_EQ(timers_json(policies).text(), R"({"timers":["t"]})");
    auto attempts = policies.retries().get("r").start();
    std::ignore = attempts.failed(some_error(), world.clock.now());
    const Json retry = (*retry_events_json(policies, {}))["retryEvents"][0];
    EXPECT_EQ(retry["retryName"], Json("r"));
    EXPECT_EQ(retry["type"], Json("RETRY"));
    EXPECT_EQ(retry["numberOfAttempts"].as_int64(), 1);
    std::ignore = policies.bulkheads().get("b").try_enter();
    EXPECT_EQ((*bulkhead_events_json(policies, {}))["bulkheadEvents"].size(), 2U);
    policies.time_limiters().get("x").succeeded(world.clock.now());
    EXPECT_EQ((*time_limiter_events_json(policies, {.type = "success"}))["timeLimiterEvents"].size(), 1U);
    std::ignore = policies.rate_limiters().get("l").reserve(world.clock.now());
    EXPECT_EQ((*rate_limiter_events_json(policies, {}))["rateLimiterEvents"].size(), 0U) << "not subscribed";
    Timer& timer = policies.timers().get("t");
    const TimePoint began = timer.start(world.clock.now());
    timer.succeeded(began, began + 1500ms);
    EXPECT_EQ(
        (*timer_events_json(policies, {.type = "success"})).text(),
        R"({"timerEvents":[{"timerName":"t","type":"SUCCESS",)"
        R"("creationTime":"2026-11-21T06:04:20.559411023Z[Etc/UTC]","operationDuration":"PT1.5S"}]})"
    );
    EXPECT_TRUE(
        (*timer_events_json(policies, {.type = "start"}))["timerEvents"][0]["operationDuration"].is_null()
    );
}

TEST(Management, HealthIsOfThoseThatAreRegistered) {
    World world;
    const auto status = [&] {
        const auto healths = circuit_breakers_health(*world.policies, world.clock.now());
        return healths.size() == 1 && healths[0].name == "x" ? healths[0].status : "?";
    };
    EXPECT_EQ(status(), "UP");
    world.fail_x();
    world.fail_x();
    EXPECT_EQ(status(), "CIRCUIT_OPEN");
    world.clock.advance(2s);
    auto probe = world.x().try_acquire(world.clock.now());
    EXPECT_EQ(status(), "CIRCUIT_HALF_OPEN");
    ASSERT_TRUE(world.x().transition_to(BreakerState::disabled, world.clock.now()));
    EXPECT_EQ(status(), "UNKNOWN");
    const auto limiters = rate_limiters_health(*world.policies, world.clock.now());
    ASSERT_EQ(limiters.size(), 1U);
    EXPECT_EQ(limiters[0].details.text(), R"({"availablePermissions":50,"numberOfWaitingThreads":0})");
}

TEST(ResilienceFacts, F33_ACommandDocumentHasEveryFieldOfHystrix) {
    World world;
    HystrixMetrics metrics(*world.policies);
    world.fail_x();
    world.fail_x();
    std::ignore = world.x().try_acquire(world.clock.now());
    metrics.fallback("x", CommandEvent::fallback_success, world.clock.now());
    const auto documents = metrics.documents(world.clock.now(), world.clock.wall_now());
    ASSERT_EQ(documents.size(), 3U) << "commands a and x, thread pool b";
    const Json x = *reflect::parse_json(documents[1]);
    EXPECT_EQ(x["type"], Json("HystrixCommand"));
    EXPECT_EQ(x["name"], Json("x"));
    EXPECT_EQ(x["isCircuitBreakerOpen"], Json(true));
    EXPECT_EQ(x["errorPercentage"].as_int64(), 100);
    EXPECT_EQ(x["requestCount"].as_int64(), 2);
    EXPECT_EQ(x["rollingCountFailure"].as_int64(), 2);
    EXPECT_EQ(x["rollingCountShortCircuited"].as_int64(), 1);
    EXPECT_EQ(x["rollingCountFallbackSuccess"].as_int64(), 1);
    EXPECT_EQ(x["latencyExecute_mean"].as_int64(), 12);
    EXPECT_EQ(x["latencyExecute"]["99.5"].as_int64(), 12);
    EXPECT_EQ(x["propertyValue_circuitBreakerSleepWindowInMilliseconds"].as_int64(), 1000);
    EXPECT_EQ(x["propertyValue_executionTimeoutInMilliseconds"].as_int64(), 4000);
    EXPECT_TRUE(x.contains("propertyValue_executionIsolationThreadPoolKeyOverride"));
    EXPECT_EQ(x.members().front().key, "type");
    EXPECT_EQ(x.members().back().key, "threadPool");
    EXPECT_EQ(x.size(), 48U);
    const Json pool = *reflect::parse_json(documents[2]);
    EXPECT_EQ(pool["type"], Json("HystrixThreadPool"));
    EXPECT_EQ(pool.size(), 17U);
}

TEST(Hystrix, FiguresAreOfTheLastTenSecondsAndATimeoutIsNoFailureBesides) {
    World world;
    HystrixMetrics metrics(*world.policies);
    const auto x = [&] {
        return *reflect::parse_json(metrics.documents(world.clock.now(), world.clock.wall_now())[1]);
    };
    std::ignore = world.policies->time_limiters().get("x").timed_out(world.clock.now());
    world.x()
        .try_acquire(world.clock.now())
        .failed(world.clock.now(), Error(ResilienceErrc::time_limit_exceeded), 4s);
    EXPECT_EQ(x()["rollingCountTimeout"].as_int64(), 1);
    EXPECT_EQ(x()["rollingCountFailure"].as_int64(), 0);
    EXPECT_EQ(x()["latencyTotal"]["100"].as_int64(), 3968) << "within 3 %";
    world.clock.advance(9s);
    EXPECT_EQ(x()["rollingCountTimeout"].as_int64(), 1);
    world.clock.advance(1s);
    EXPECT_EQ(x()["rollingCountTimeout"].as_int64(), 0);
    EXPECT_EQ(x()["latencyTotal"]["100"].as_int64(), 0);
}

TEST(Turbine, SumsIntegersKeepsWhatIsEqualAndCountsTheRest) {
    TurbineAggregate turbine;
    const auto document = [](const char* text) { return *reflect::parse_json(text); };
    const TimePoint now = t_zero;
    turbine.update(
        "one",
        document(R"({"type":"HystrixCommand","name":"x","currentTime":1,"isCircuitBreakerOpen":true,)"
                 R"("requestCount":3,"latencyExecute":{"50":10},"key":null,"reportingHosts":1})"),
        now
    );
    turbine.update(
        "two",
        document(R"({"type":"HystrixCommand","name":"x","currentTime":2,"isCircuitBreakerOpen":false,)"
                 R"("requestCount":4,"latencyExecute":{"50":20},"key":null,"reportingHosts":1})"),
        now + 1s
    );
    turbine.update("two", document(R"({"noise":1})"), now);
    const auto merged = turbine.merged(now + 1s);
    ASSERT_EQ(merged.size(), 1U);
    EXPECT_EQ(
        merged[0].text(),
        R"({"type":"HystrixCommand","name":"x","isCircuitBreakerOpen":"{\"true\":1,\"false\":1}",)"
        R"("requestCount":7,"latencyExecute":{"50":30},"key":"null","reportingHosts":2})"
    );
    EXPECT_EQ(
        turbine.meta(now + 1s, WallTime(5ms)).text(),
        R"({"reportingHostsLast10Seconds":2,"name":"meta","type":"meta","timestamp":5})"
    );
    EXPECT_EQ(turbine.merged(now + 10s)[0]["requestCount"].as_int64(), 4) << "the first is silent";
    turbine.forget("two");
    EXPECT_TRUE(turbine.merged(now + 10s).empty());
}

TEST(Turbine, FindsDataLinesInAnyCutOfTheStream) {
    const std::string stream = "ping: \n\ndata: {\"a\":1}\n\n: comment\r\ndata:{\"b\":2}\r\n\r\n";
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        DataLines lines;
        auto found = lines.feed(std::string_view(stream).substr(0, cut));
        for (auto& more : lines.feed(std::string_view(stream).substr(cut))) found.push_back(std::move(more));
        EXPECT_THAT(found, testing::ElementsAre("{\"a\":1}", "{\"b\":2}"));
    }
    DataLines endless;
    EXPECT_TRUE(endless.feed(std::string(DataLines::longest_line + 1, 'x')).empty());
    EXPECT_THAT(endless.feed("data: 1\n"), testing::ElementsAre("1"));
}

TEST(Policies, TickMovesEveryBreakerThatIsDue) {
    ManualClock clock;
    ResilienceProperties properties;
    properties.circuitbreaker.instances["x"] = {
        .sliding_window_size = 1,
        .wait_duration_in_open_state = 1s,
        .automatic_transition_from_open_to_half_open_enabled = true
    };
    const auto policies = *Policies::of(properties, clock);
    EXPECT_FALSE(policies->timer());
    CircuitBreaker& breaker = policies->circuit_breakers().get("x");
    breaker.try_acquire(clock.now()).failed(clock.now(), some_error());
    EXPECT_EQ(policies->timer(), clock.now() + 1s);
    clock.advance(1s);
    policies->tick(clock.now());
    EXPECT_EQ(breaker.state(), BreakerState::half_open);
}

}  // namespace

}  // namespace flotilla::resilience
