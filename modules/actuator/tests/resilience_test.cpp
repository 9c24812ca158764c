#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "actuator_fixture.hpp"
#include "flotilla/actuator/resilience_endpoints.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/runtime/stream.hpp"

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;
using resilience::BreakerState;
using resilience::CircuitBreaker;
using testing::HasSubstr;
using testing::Not;

resilience::ResilienceProperties one_breaker() {
    resilience::ResilienceProperties properties;
    properties.circuitbreaker.instances["x"] = {
        .failure_rate_threshold = 4.0F, .sliding_window_size = 2, .register_health_indicator = true
    };
    properties.retry.instances["r"] = {};
    properties.bulkhead.instances["b"] = {};
    properties.thread_pool_bulkhead.instances["b"] = {.core_thread_pool_size = 2, .max_thread_pool_size = 4};
    properties.ratelimiter.instances["l"] = {.register_health_indicator = true};
    properties.timelimiter.instances["x"] = {};
    properties.micrometer.timer.instances["t"] = {};
    return properties;
}

/// An actuator that knows policies.
struct Resilient {
    explicit Resilient(runtime::Runtime& runtime, Properties properties = everything)
        : policies(resilience::Policies::of(one_breaker(), runtime.clock()).value()),
          fixture(runtime, std::move(properties)),
          streams(*policies, 20ms),
          meters(std::make_unique<ResilienceMeters>(fixture.meters, *policies)) {
        for (Endpoint& endpoint : resilience_endpoints(*policies)) fixture.actuator.add(std::move(endpoint));
        for (Endpoint& endpoint : streams.endpoints()) fixture.actuator.add(std::move(endpoint));
        add_resilience_health(fixture.actuator.health(), *policies, fixture.environment);
        streams.mount(fixture.router);
        fixture.mount();
    }

    CircuitBreaker& x() { return policies->circuit_breakers().get("x"); }

    void fail() {
        const TimePoint now = policies->clock().now();
        x().try_acquire(now).failed(now, Error(Errc::refused, "connection refused"));
    }

    std::unique_ptr<resilience::Policies> policies;
    Fixture fixture;
    ResilienceStreams streams;
    std::unique_ptr<ResilienceMeters> meters;
};

Task<> shows_breakers(runtime::Runtime& runtime) {
    Resilient open(runtime);
    open.fail();
    open.fail();
    const auto all = co_await open.fixture.send("GET /actuator/circuitbreakers");
    EXPECT_EQ(json_of(all)["circuitBreakers"]["x"]["state"], Json("OPEN"));
    const auto single = co_await open.fixture.send("GET /actuator/circuitbreakers/x");
    EXPECT_EQ(code_of(single), 405);
    const auto events = co_await open.fixture.send("GET /actuator/circuitbreakerevents/x/error");
    EXPECT_EQ(json_of(events)["circuitBreakerEvents"].size(), 2U);
    const auto nobody = co_await open.fixture.send("GET /actuator/circuitbreakerevents/nobody");
    EXPECT_EQ(json_of(nobody)["circuitBreakerEvents"].size(), 0U);
    const auto nonsense = co_await open.fixture.send("GET /actuator/circuitbreakerevents/x/nonsense");
    EXPECT_EQ(code_of(nonsense), 500);
    const auto retries = co_await open.fixture.send("GET /actuator/retries");
    EXPECT_EQ(summary(retries), R"(200 {"retries":["r"]})");
    const auto bulkheads = co_await open.fixture.send("GET /actuator/bulkheads");
    EXPECT_EQ(summary(bulkheads), R"(200 {"bulkheads":["b","b"]})");
    resilience::Timer& timer = open.policies->timers().get("t");
    const TimePoint began = timer.start(runtime.clock().now());
    timer.succeeded(began, began + 1ms);
    const auto timers = co_await open.fixture.send("GET /actuator/timers");
    EXPECT_EQ(summary(timers), R"(200 {"timers":["t"]})");
    const auto timed = co_await open.fixture.send("GET /actuator/timerevents/t/success");
    EXPECT_EQ(json_of(timed)["timerEvents"][0]["operationDuration"], Json("PT0.001S"));
    const auto limits = co_await open.fixture.send("GET /actuator/timelimiterevents/x");
    EXPECT_EQ(summary(limits), R"(200 {"timeLimiterEvents":[]})");
    const auto limiters = co_await open.fixture.send("GET /actuator/ratelimiterevents");
    EXPECT_EQ(summary(limiters), R"(200 {"rateLimiterEvents":[]})");
}

TEST(ResilienceEndpoints, ShowBreakersEventsAndTheOtherPolicies) {
    run_on_loop(shows_breakers);
}

Task<> changes_states(runtime::Runtime& runtime) {
    Resilient open(runtime);
    const auto type = http::header("Content-Type", "application/json");
    const auto forced = co_await open.fixture.send(
        "POST /actuator/circuitbreakers/x", type, R"({"updateState":"FORCE_OPEN"})"
    );
    EXPECT_EQ(code_of(forced), 200);
    EXPECT_EQ(json_of(forced)["message"], Json("x state has been changed successfully"));
    EXPECT_FALSE(open.x().try_acquire(runtime.clock().now()));
    const auto all = co_await open.fixture.send("GET /actuator/circuitbreakers");
    EXPECT_EQ(json_of(all)["circuitBreakers"]["x"]["notPermittedCalls"].as_int64(), 1);
    const auto unknown =
        co_await open.fixture.send("POST /actuator/circuitbreakers/y", type, R"({"updateState":"CLOSE"})");
    EXPECT_EQ(code_of(unknown), 404);
    EXPECT_FALSE(open.policies->circuit_breakers().find("y"));
    const auto wrong = co_await open.fixture.send(
        "POST /actuator/circuitbreakers/x", type, R"({"updateState":"HALF_OPEN"})"
    );
    EXPECT_EQ(code_of(wrong), 400);
    const auto missing = co_await open.fixture.send("POST /actuator/circuitbreakers/x");
    EXPECT_EQ(code_of(missing), 400);
}

TEST(ResilienceFacts, F32_StatesAreChangedByPostAndUnknownBreakersAreNotMade) {
    run_on_loop(changes_states);
}

Task<> scrapes(runtime::Runtime& runtime) {
    Resilient open(runtime);
    open.fail();
    open.fail();
    EXPECT_FALSE(open.x().try_acquire(runtime.clock().now()));
    std::ignore = open.policies->circuit_breakers().get("later", "family");
    std::ignore = open.policies->retries().get("r").start().succeeded(runtime.clock().now());
    resilience::Timer& timer = open.policies->timers().get("t");
    const TimePoint began = timer.start(runtime.clock().now());
    timer.succeeded(began, runtime.clock().now());
    timer.failed(began, runtime.clock().now(), Error(Errc::refused));
    const std::string text = open.fixture.meters.scrape();
    EXPECT_THAT(text, HasSubstr("resilience4j_circuitbreaker_state{name=\"x\",state=\"open\"} 1.0\n"));
    for (const char* other : {"closed", "half_open", "disabled", "forced_open", "metrics_only"}) {
        const std::string line = std::string("{name=\"x\",state=\"") + other + "\"} 0.0\n";
        EXPECT_THAT(text, HasSubstr("resilience4j_circuitbreaker_state" + line));
    }
    EXPECT_THAT(
        text,
        HasSubstr("resilience4j_circuitbreaker_state{group=\"family\",name=\"later\",state=\"closed\"} 1.0\n")
    );
    for (const char* line : {
             "resilience4j_circuitbreaker_calls_seconds_count{kind=\"failed\",name=\"x\"} 2",
             "resilience4j_circuitbreaker_calls_seconds_max{kind=\"failed\",name=\"x\"}",
             "resilience4j_circuitbreaker_not_permitted_calls_total{kind=\"not_permitted\",name=\"x\"} 1.0",
             "resilience4j_circuitbreaker_buffered_calls{kind=\"failed\",name=\"x\"} 2.0",
             "resilience4j_circuitbreaker_slow_calls{kind=\"successful\",name=\"x\"} 0.0",
             "resilience4j_circuitbreaker_failure_rate{name=\"x\"} 100.0",
             "resilience4j_circuitbreaker_slow_call_rate{name=\"x\"} 0.0",
             "resilience4j_retry_calls_total{kind=\"successful_without_retry\",name=\"r\"} 1.0",
             "resilience4j_timelimiter_calls_total{kind=\"timeout\",name=\"x\"} 0.0",
             "resilience4j_timer_calls_seconds_count{kind=\"successful\",name=\"t\"} 1",
             "resilience4j_timer_calls_seconds_count{failure=\"refused\",kind=\"failed\",name=\"t\"} 1",
             "resilience4j_bulkhead_available_concurrent_calls{name=\"b\"} 25.0",
             "resilience4j_bulkhead_max_allowed_concurrent_calls{name=\"b\"} 25.0",
             "resilience4j_bulkhead_queue_capacity{name=\"b\"} 100.0",
             "resilience4j_bulkhead_core_thread_pool_size{name=\"b\"} 2.0",
             "resilience4j_bulkhead_available_thread_count{name=\"b\"} 4.0",
             "resilience4j_ratelimiter_available_permissions{name=\"l\"} 50.0",
             "resilience4j_ratelimiter_waiting_threads{name=\"l\"} 0.0",
         }) {
        EXPECT_THAT(text, HasSubstr(line));
    }
    open.meters.reset();
    EXPECT_THAT(open.fixture.meters.scrape(), Not(HasSubstr("resilience4j_circuitbreaker_state")));
    std::ignore = open.policies->circuit_breakers().get("after");
    co_return;
}

TEST(ResilienceFacts, F31_TheOpenStateIsOneAndAllOthersAreZero) {
    run_on_loop(scrapes);
}

Task<> tells_health(runtime::Runtime& runtime) {
    const Properties on = with(
        {{"management.endpoint.health.show-details", "always"},
         {"management.health.circuitbreakers.enabled", true},
         {"management.health.ratelimiters.enabled", true}}
    );
    Resilient open(runtime, on);
    const auto before = co_await open.fixture.send("GET /actuator/health");
    EXPECT_EQ(json_of(before)["components"]["circuitBreakers"]["status"], Json("UP"));
    open.fail();
    open.fail();
    const auto after = co_await open.fixture.send("GET /actuator/health/circuitBreakers");
    EXPECT_EQ(code_of(after), 200);
    const Json component = json_of(after);
    EXPECT_EQ(component["status"], Json("UNKNOWN")) << "the aggregate knows nothing of CIRCUIT_OPEN";
    EXPECT_EQ(component["details"]["x"]["status"], Json("CIRCUIT_OPEN"));
    EXPECT_EQ(component["details"]["x"]["details"]["failureRate"], Json("100.0%"));
    const auto limiters = co_await open.fixture.send("GET /actuator/health/rateLimiters");
    EXPECT_EQ(json_of(limiters)["status"], Json("UP"));

    Resilient off(runtime, with({{"management.endpoint.health.show-details", "always"}}));
    const auto without = co_await off.fixture.send("GET /actuator/health");
    EXPECT_FALSE(json_of(without)["components"].contains("circuitBreakers"));
}

TEST(ResilienceEndpoints, TellHealthWhenAskedTo) {
    run_on_loop(tells_health);
}

/// A client that reads until it has seen enough.
class Reader {
public:
    static Task<Reader> open(runtime::Runtime& runtime, runtime::Endpoint endpoint, std::string target) {
        auto stream = co_await runtime::Stream::connect(runtime.loop(0), endpoint, {});
        Reader reader(runtime, std::move(stream).value());
        const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        (void)co_await reader.stream_.write_all(request);
        co_return reader;
    }

    /// Everything that came, once it holds `what`, or the stream ended, or five seconds passed.
    Task<std::string> until(std::string what) {
        const Deadline deadline = Deadline::after(runtime_->clock().now(), 5s);
        std::array<char, 16384> buffer;
        while (text_.find(what) == std::string::npos) {
            const auto got = co_await stream_.read_some(buffer, deadline);
            if (!got || *got == 0) break;
            text_.append(buffer.data(), *got);
        }
        co_return text_;
    }

private:
    Reader(runtime::Runtime& runtime, runtime::Stream stream)
        : runtime_(&runtime), stream_(std::move(stream)) {}

    runtime::Runtime* runtime_;
    runtime::Stream stream_;
    std::string text_;
};

http::ServerConfig any_port() {
    http::ServerConfig config;
    config.port = 0;
    config.address = "127.0.0.1";
    return config;
}

Task<> streams_hystrix(runtime::Runtime& runtime) {
    Resilient open(runtime);
    open.fail();
    http::Server server(runtime, any_port(), open.fixture.router, {.log = open.fixture.log.logger("http")});
    const auto started = co_await server.start();
    const runtime::Endpoint endpoint = started.value();
    {
        std::vector<Reader> clients;
        for (int client = 0; client < ResilienceStreams::max_hystrix_clients; ++client) {
            clients.push_back(co_await Reader::open(runtime, endpoint, "/hystrix.stream"));
            const std::string text = co_await clients.back().until("\"threadPool\":");
            EXPECT_THAT(text, HasSubstr("Content-Type: text/event-stream;charset=UTF-8\r\n"));
            EXPECT_THAT(text, HasSubstr("Cache-Control: no-cache, no-store, max-age=0, must-revalidate\r\n"));
            EXPECT_THAT(text, HasSubstr("Pragma: no-cache\r\n"));
            EXPECT_THAT(text, HasSubstr("ping: \n\ndata: {\"type\":\"HystrixCommand\",\"name\":\"x\""));
        }
        Reader sixth = co_await Reader::open(runtime, endpoint, "/hystrix.stream");
        const std::string refused = co_await sixth.until("MaxConcurrentConnections reached: 5");
        EXPECT_THAT(refused, HasSubstr("HTTP/1.1 503"));
        EXPECT_THAT(refused, HasSubstr("MaxConcurrentConnections reached: 5"));
    }
    // The clients have gone: their places are free again before long.
    for (int attempt = 0; attempt < 100; ++attempt) {
        Reader next = co_await Reader::open(runtime, endpoint, "/hystrix.stream");
        const std::string text = co_await next.until("\r\n\r\n");
        if (text.find("HTTP/1.1 200") != std::string::npos) break;
        EXPECT_LT(attempt, 99) << text;
        co_await runtime::sleep_for(20ms);
    }
    (void)co_await server.stop(Deadline::after(runtime.clock().now(), 5s));
}

TEST(ResilienceFacts, F33_TheHystrixStreamServesFiveClientsAndRefusesTheSixth) {
    run_on_loop(streams_hystrix);
}

Task<> streams_events(runtime::Runtime& runtime) {
    Resilient open(runtime);
    http::Server server(runtime, any_port(), open.fixture.router, {.log = open.fixture.log.logger("http")});
    const auto started = co_await server.start();
    const runtime::Endpoint endpoint = started.value();
    {
        Reader plain = co_await Reader::open(runtime, endpoint, "/actuator/streamcircuitbreakerevents");
        Reader full = co_await Reader::open(runtime, endpoint, "/actuator/hystrixstreamcircuitbreakerevents");
        (void)co_await plain.until("event:ping");
        (void)co_await full.until("event:ping");
        open.fail();
        const std::string events = co_await plain.until("connection refused");
        EXPECT_THAT(events, HasSubstr("event: ERROR"));
        EXPECT_THAT(events, HasSubstr("id: x"));
        EXPECT_THAT(events, Not(HasSubstr("currentState")));
        const std::string with_metrics = co_await full.until("currentState");
        EXPECT_THAT(with_metrics, HasSubstr("\"currentState\":\"CLOSED\""));
        EXPECT_THAT(with_metrics, HasSubstr("\"bufferedCalls\":1"));
    }
    (void)co_await server.stop(Deadline::after(runtime.clock().now(), 5s));
}

TEST(ResilienceEndpoints, StreamEventsAsTheyHappen) {
    run_on_loop(streams_events);
}

}  // namespace

}  // namespace flotilla::actuator
