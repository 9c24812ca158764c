// What an operator sees and does when a circuit opens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "actuator_fixture.hpp"
#include "flotilla/actuator/resilience_endpoints.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/runtime/stream.hpp"

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

resilience::ResilienceProperties two_calls() {
    resilience::ResilienceProperties properties;
    properties.circuitbreaker.instances["orders"] = {.sliding_window_size = 2, .minimum_number_of_calls = 2};
    return properties;
}

struct Watched {
    explicit Watched(runtime::Runtime& runtime)
        : policies(resilience::Policies::of(two_calls(), runtime.clock()).value()),
          breaker(policies->circuit_breakers().get("orders")),
          fixture(runtime),
          streams(*policies, 5ms),
          meters(fixture.meters, *policies) {
        for (Endpoint& endpoint : resilience_endpoints(*policies)) fixture.actuator.add(std::move(endpoint));
        streams.mount(fixture.router);
        fixture.mount();
    }

    void fail() {
        const TimePoint now = policies->clock().now();
        breaker.try_acquire(now).failed(now, Error(Errc::refused, "connection refused"));
    }

    Task<int> set_state(std::string_view state) {
        const auto type = http::header("Content-Type", "application/json");
        const std::string body = R"({"updateState":")" + std::string(state) + R"("})";
        const auto answer = co_await fixture.send("POST /actuator/circuitbreakers/orders", type, body);
        co_return code_of(answer);
    }

    std::unique_ptr<resilience::Policies> policies;
    resilience::CircuitBreaker& breaker;
    Fixture fixture;
    ResilienceStreams streams;
    ResilienceMeters meters;
};

std::string state_line(std::string_view state, bool is) {
    return "resilience4j_circuitbreaker_state{name=\"orders\",state=\"" + std::string(state) + "\"} " +
           (is ? "1.0\n" : "0.0\n");
}

Task<> opens_and_is_scraped(runtime::Runtime& runtime) {
    Watched watched(runtime);
    watched.fail();
    watched.fail();
    const std::string text = watched.fixture.meters.scrape();
    EXPECT_THAT(text, HasSubstr(state_line("open", true)));
    for (const char* other : {"closed", "half_open", "disabled", "forced_open", "metrics_only"})
        EXPECT_THAT(text, HasSubstr(state_line(other, false)));
    co_return;
}

TEST(MetricsFacts, F19_AnOpenBreakerIsOneInItsStateAndZeroInAllOthers) {
    run_on_loop(opens_and_is_scraped);
}

Task<> has_no_rate_at_first(runtime::Runtime& runtime) {
    Watched watched(runtime);
    const std::string rate = "resilience4j_circuitbreaker_failure_rate{name=\"orders\"} ";
    EXPECT_THAT(watched.fixture.meters.scrape(), HasSubstr(rate + "-1.0\n"));
    watched.fail();
    EXPECT_THAT(watched.fixture.meters.scrape(), HasSubstr(rate + "-1.0\n"));
    watched.fail();
    EXPECT_THAT(watched.fixture.meters.scrape(), HasSubstr(rate + "100.0\n"));
    co_return;
}

TEST(MetricsFacts, F20_TheFailureRateIsMinusOneBeforeTheMinimumOfCalls) {
    run_on_loop(has_no_rate_at_first);
}

Task<> is_forced(runtime::Runtime& runtime) {
    Watched watched(runtime);
    EXPECT_TRUE(watched.breaker.try_acquire(runtime.clock().now()));
    const int forced = co_await watched.set_state("FORCE_OPEN");
    EXPECT_EQ(forced, 200);
    EXPECT_FALSE(watched.breaker.try_acquire(runtime.clock().now())) << "the caller's fallback answers";
    const int closed = co_await watched.set_state("CLOSE");
    EXPECT_EQ(closed, 200);
    EXPECT_TRUE(watched.breaker.try_acquire(runtime.clock().now()));
}

TEST(ActuatorFacts, F22_ABreakerIsForcedOpenAndClosedAgain) {
    run_on_loop(is_forced);
}

/// What a dashboard has read so far holds that text before long.
Task<bool> shows(runtime::Stream& stream, std::string& seen, std::string_view what) {
    const Deadline deadline = Deadline::after(runtime::EventLoop::current().now(), 5s);
    std::array<char, 16384> buffer{};
    while (seen.find(what) == std::string::npos) {
        const auto got = co_await stream.read_some(buffer, deadline);
        if (!got || *got == 0) co_return false;
        seen.append(buffer.data(), *got);
    }
    seen.erase(0, seen.find(what) + what.size());
    co_return true;
}

Task<> look_at_dashboard(runtime::Runtime& runtime, Watched& watched, runtime::Endpoint server) {
    auto stream = (co_await runtime::Stream::connect(runtime.loop(0), server, {})).value();
    const std::string_view request = "GET /hystrix.stream HTTP/1.1\r\nHost: x\r\n\r\n";
    (void)co_await stream.write_all(request);
    std::string seen;
    constexpr std::string_view circuit = "\"type\":\"HystrixCommand\",\"name\":\"orders\"";
    constexpr std::string_view is_open = "\"isCircuitBreakerOpen\":true";
    constexpr std::string_view is_closed = "\"isCircuitBreakerOpen\":false";
    watched.fail();
    const bool appears = co_await shows(stream, seen, circuit);
    EXPECT_TRUE(appears);
    const bool green = co_await shows(stream, seen, is_closed);
    EXPECT_TRUE(green);
    watched.fail();
    const bool red = co_await shows(stream, seen, is_open);
    EXPECT_TRUE(red);
    const int closed = co_await watched.set_state("CLOSE");
    EXPECT_EQ(closed, 200);
    const bool green_again = co_await shows(stream, seen, is_closed);
    EXPECT_TRUE(green_again);
}

Task<> is_watched(runtime::Runtime& runtime) {
    Watched watched(runtime);
    http::ServerConfig config;
    config.port = 0;
    config.address = "127.0.0.1";
    http::Server server(runtime, config, watched.fixture.router, {});
    const auto endpoint = co_await server.start();
    co_await look_at_dashboard(runtime, watched, endpoint.value());
    (void)co_await server.stop(Deadline::after(runtime.clock().now(), 5s));
}

TEST(ActuatorFacts, F31_TheDashboardSeesACircuitAppearOpenAndClose) {
    run_on_loop(is_watched);
}

}  // namespace

}  // namespace flotilla::actuator
