// Circuit breakers and their companions around calls by name.

#include <gtest/gtest.h>

#include "flotilla/remote/remote.hpp"
#include "flotilla/resilience/bulkhead.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "flotilla/resilience/rate_limiter.hpp"
#include "flotilla/resilience/retry.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/resilience/timer.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "harness.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using resilience::BreakerState;
using resilience::Bulkhead;
using resilience::CircuitBreaker;
using resilience::CircuitBreakerConfig;
using resilience::RateLimiter;
using resilience::Retry;
using resilience::TimeLimiter;
using testing::at;
using testing::dead_port;
using testing::Harness;
using testing::Instance;
using testing::with_remote;

using Orders = std::vector<std::string>;

struct OrderClient {
    static constexpr Target target{.service = "order-service"};

    Get<"/{user}/orders", Orders(Path<"user">)> get_orders;
    Post<"/{user}/orders", Orders(Path<"user">)> post_orders;
};

FLT_DESCRIBE(OrderClient, get_orders, post_orders)

/// Gives the same guards to everybody and notes who asked.
struct Asked {
    std::vector<GuardRequest> requests{};
    std::vector<std::string> ids{};
};

testing::Setup guarded_by(Guards guards, testing::Properties properties = {}, Asked* asked = nullptr) {
    testing::Setup setup{.properties = std::move(properties)};
    setup.properties.emplace_back("spring.cloud.loadbalancer.retry.enabled", "false");
    setup.options.guards = [guards, asked](const GuardRequest& request) {
        if (asked) {
            asked->requests.push_back(request);
            asked->ids.emplace_back(request.id);
        }
        return guards;
    };
    return setup;
}

/// A service whose state of health a test decides.
struct OrderService {
    OrderService() {
        router.get("/{user}/orders", [this](http::Path<"user">) { return answer(); });
        router.post("/{user}/orders", [this](http::Path<"user">) { return answer(); });
    }

    Task<http::Response> answer() {
        ++calls;
        if (delay > 0ms) co_await runtime::sleep_for(delay);
        if (status != 200) co_return http::Response(static_cast<http::Status>(status));
        co_return http::Response(http::Status::ok, "application/json", R"(["rope"])");
    }

    http::Router router;
    std::atomic<int> calls = 0;
    int status = 200;
    std::chrono::milliseconds delay{0};
};

/// The seeds' breaker: threshold 4 %, a window of two, open for a second.
CircuitBreakerConfig seeds_breaker() {
    CircuitBreakerConfig config;
    config.failure_rate_threshold = 4;
    config.sliding_window_size = 2;
    config.wait_in_open_state = resilience::Backoff::fixed(300ms);
    return config;
}

TEST(ClientFacts, F20_WithItsServiceDownACallIsAnsweredByItsFallbackAndTheBreakerOpens) {
    CircuitBreaker breaker("circuitbreaker", seeds_breaker());
    with_remote(guarded_by({.breaker = &breaker}), [&](Harness& h) -> Task<> {
        h.discovery.replace({at("order-service", "dead", dead_port())});
        const auto client = h.remote.client<OrderClient>();
        const auto orders = client.get_orders.or_else([](const CallError&) { return Orders(); });
        for (int i = 0; i < 5; ++i) {
            const auto empty = co_await orders("u");
            EXPECT_TRUE(empty && empty->empty());
        }
        EXPECT_EQ(breaker.state(), BreakerState::open);
        const auto refused = co_await client.get_orders("u");
        EXPECT_EQ(refused.error().kind(), ErrorKind::not_permitted);
        EXPECT_EQ(
            refused.error().message(),
            "CircuitBreaker 'circuitbreaker' is OPEN and does not permit further calls"
        );
        EXPECT_EQ(http::status_of(refused.error()), http::Status::service_unavailable);
    });
}

TEST(Guarded, TheSeedsBreakerOpensProbesAndCloses) {
    auto config = seeds_breaker();
    CircuitBreaker breaker("circuitbreaker", config);
    with_remote(guarded_by({.breaker = &breaker}), [&](Harness& h) -> Task<> {
        OrderService service;
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        service.status = 500;
        for (int i = 0; i < 2; ++i) EXPECT_EQ((co_await client.get_orders("u")).error().status(), 500);
        EXPECT_EQ(breaker.state(), BreakerState::open);
        const int calls = service.calls;
        for (int i = 0; i < 10; ++i)
            EXPECT_EQ((co_await client.get_orders("u")).error().kind(), ErrorKind::not_permitted);
        EXPECT_EQ(service.calls, calls) << "nothing is sent while it is open";
        co_await runtime::sleep_for(310ms);
        service.status = 200;
        for (int i = 0; i < 10; ++i) {
            const auto orders = co_await client.get_orders("u");
            EXPECT_TRUE(orders) << i;
            EXPECT_EQ(breaker.state(), i < 9 ? BreakerState::half_open : BreakerState::closed) << i;
        }
        co_await instance.stop();
    });
}

/// What a caller sees of each row: the state after it, and whether data came or the fallback.
struct SeedsRow {
    BreakerState state;
    bool data;
};

TEST(ResilienceFacts, F01_TheSeedsTwentySevenRowsOverRealSockets) {
    CircuitBreaker breaker("circuitbreaker", seeds_breaker());
    with_remote(guarded_by({.breaker = &breaker}), [&](Harness& h) -> Task<> {
        h.discovery.replace({at("order-service", "dead", dead_port())});
        const auto client = h.remote.client<OrderClient>();
        const auto orders = client.get_orders.or_else([](const CallError&) { return Orders(); });
        OrderService service;
        Instance instance(h.runtime, service.router);
        co_await instance.start();

        std::vector<SeedsRow> rows;
        for (int row = 1; row <= 27; ++row) {
            // After the rows before them the wait has passed; row 4 asks just before its end.
            if (row == 5 || row == 16) co_await runtime::sleep_for(310ms);
            if (row == 16) h.discovery.replace({at("order-service", "a", instance.port())});
            if (row == 27) service.status = 500;
            const auto answer = co_await orders("u");
            rows.push_back({breaker.state(), answer && !answer->empty()});
        }

        const auto expect_rows = [&](int first, int last, BreakerState state, bool data) {
            for (int row = first; row <= last; ++row) {
                const SeedsRow& seen = rows[static_cast<std::size_t>(row) - 1];
                EXPECT_EQ(seen.state, state) << "row " << row;
                EXPECT_EQ(seen.data, data) << "row " << row;
            }
        };
        expect_rows(1, 1, BreakerState::closed, false);
        expect_rows(2, 4, BreakerState::open, false);
        expect_rows(5, 13, BreakerState::half_open, false);
        expect_rows(14, 15, BreakerState::open, false);
        expect_rows(16, 24, BreakerState::half_open, true);
        expect_rows(25, 26, BreakerState::closed, true);
        expect_rows(27, 27, BreakerState::open, false);
        EXPECT_EQ(service.calls, 12) << "ten probes, one more and the one that failed";
        co_await instance.stop();
    });
}

TEST(Guarded, AnswersMeanWhatTheBreakerIsToldThatTheyMean) {
    auto config = seeds_breaker();
    config.errors.ignored = resilience::ErrorMatcher::of({"http.4xx"}).value();
    CircuitBreaker breaker("circuitbreaker", config);
    with_remote(guarded_by({.breaker = &breaker}), [&](Harness& h) -> Task<> {
        OrderService service;
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        service.status = 404;
        for (int i = 0; i < 5; ++i) EXPECT_EQ((co_await client.get_orders("u")).error().status(), 404);
        EXPECT_EQ(breaker.state(), BreakerState::closed);
        EXPECT_EQ(breaker.metrics(h.runtime.clock().now()).buffered_calls, 0U);
        co_await instance.stop();
    });
}

TEST(Guarded, ATimeLimitEndsTheCallAndCountsAsAFailure) {
    CircuitBreaker breaker("slow", seeds_breaker());
    TimeLimiter limiter("slow", {.timeout_duration = 100ms});
    with_remote(guarded_by({.breaker = &breaker, .time_limiter = &limiter}), [&](Harness& h) -> Task<> {
        OrderService service;
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        service.delay = 2000ms;
        const TimePoint began = h.runtime.clock().now();
        const auto failed = co_await client.get_orders("u");
        const Duration took = h.runtime.clock().now() - began;
        EXPECT_EQ(failed.error().kind(), ErrorKind::timeout);
        EXPECT_EQ(failed.error().message(), "TimeLimiter 'slow' recorded a timeout exception.");
        EXPECT_GE(took, 99ms);
        EXPECT_LT(took, 1500ms);
        EXPECT_EQ(limiter.counts().timeout, 1U);
        EXPECT_EQ(breaker.metrics(h.runtime.clock().now()).failed_calls, 1U);
        EXPECT_EQ(h.remote.http().stats().idle, 0U) << "the connection was closed";
        co_await instance.stop();
    });
}

TEST(Guarded, ATimerMeasuresTheCallItself) {
    struct Ended final : resilience::TimerObserver {
        void call_ended(Duration took, const Error* error) noexcept override {
            calls.emplace_back(took, error ? resilience::name_of(*error) : "");
        }

        std::vector<std::pair<Duration, std::string>> calls;
    };

    resilience::Timer timer("orders");
    const auto ended = std::make_shared<Ended>();
    timer.observe(ended);
    with_remote(guarded_by({.timer = &timer}), [&](Harness& h) -> Task<> {
        OrderService service;
        service.delay = 5ms;
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        EXPECT_TRUE(co_await client.get_orders("u"));
        service.status = 404;
        EXPECT_FALSE(co_await client.get_orders("u"));
        co_await instance.stop();
    });
    EXPECT_EQ(ended->calls.size(), 2U);
    EXPECT_GE(ended->calls.front().first, 5ms);
    EXPECT_EQ(ended->calls.front().second, "");
    EXPECT_EQ(ended->calls.back().second, "http.404");
}

Task<> note_kind(OrderClient& client, std::vector<std::string>& kinds) {
    const auto orders = co_await client.get_orders("u");
    kinds.emplace_back(orders ? "ok" : to_text(orders.error().kind()));
}

Task<bool> call_together(
    runtime::TaskScope& scope, OrderClient& client, int times, std::vector<std::string>& kinds
) {
    for (int i = 0; i < times; ++i) scope.spawn("call", note_kind(client, kinds));
    while (scope.active() > 0) co_await runtime::sleep_for(5ms);
    co_return true;
}

TEST(Guarded, CallersWhoLeaveSayNothingOfTheService) {
    CircuitBreaker breaker("circuitbreaker", seeds_breaker());
    with_remote(guarded_by({.breaker = &breaker}), [&](Harness& h) -> Task<> {
        OrderService service;
        service.delay = 200ms;
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        auto client = h.remote.client<OrderClient>();
        std::vector<std::string> kinds;
        runtime::TaskScope scope(h.runtime.loop(0));
        for (int i = 0; i < 3; ++i) scope.spawn("call", note_kind(client, kinds));
        while (service.calls < 3) co_await runtime::sleep_for(5ms);
        co_await scope.stop();
        EXPECT_EQ(std::ranges::count(kinds, "ok"), 0);
        EXPECT_EQ(breaker.state(), BreakerState::closed);
        EXPECT_EQ(breaker.metrics(h.runtime.clock().now()).buffered_calls, 0U);
        co_await instance.stop();
    });
}

TEST(Guarded, AFullBulkheadRefusesOrLetsWait) {
    for (const bool waits : {false, true}) {
        Bulkhead bulkhead("orders", {.max_concurrent_calls = 2, .max_wait_duration = waits ? 1s : 0s});
        with_remote(guarded_by({.bulkhead = &bulkhead}), [&](Harness& h) -> Task<> {
            OrderService service;
            service.delay = 50ms;
            Instance instance(h.runtime, service.router);
            co_await instance.start();
            h.discovery.replace({at("order-service", "a", instance.port())});
            auto client = h.remote.client<OrderClient>();
            std::vector<std::string> kinds;
            const std::function<Task<bool>(runtime::TaskScope&)> calls = [&](runtime::TaskScope& scope) {
                return call_together(scope, client, 5, kinds);
            };
            co_await runtime::in_scope(h.runtime.loop(0), calls);
            EXPECT_EQ(std::ranges::count(kinds, "ok"), waits ? 5 : 2);
            EXPECT_EQ(std::ranges::count(kinds, "rejected"), waits ? 0 : 3);
            EXPECT_EQ(bulkhead.available_concurrent_calls(), 2U);
            co_await instance.stop();
        });
    }
}

TEST(Guarded, ARateLimiterLetsWaitOrRefuses) {
    const TimePoint start = Clock::system().now();
    RateLimiter limiter(
        "orders", {.limit_for_period = 2, .limit_refresh_period = 10s, .timeout_duration = 1ms}, start
    );
    with_remote(guarded_by({.rate_limiter = &limiter}), [&](Harness& h) -> Task<> {
        OrderService service;
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        EXPECT_TRUE(co_await client.get_orders("u"));
        EXPECT_TRUE(co_await client.get_orders("u"));
        const auto refused = co_await client.get_orders("u");
        EXPECT_EQ(refused.error().kind(), ErrorKind::rejected);
        EXPECT_EQ(refused.error().message(), "RateLimiter 'orders' does not permit further calls");
        EXPECT_EQ(service.calls, 2);
        co_await instance.stop();
    });
}

TEST(Guarded, ARetryPolicyGoesAroundTheBreakerAndTheBalancerRetriesNoMore) {
    Retry retry("orders", {.max_attempts = 3, .wait = resilience::Backoff::fixed(1ms)});
    CircuitBreaker breaker("orders", {.sliding_window_size = 10});
    testing::Setup setup = guarded_by({.retry = &retry, .breaker = &breaker});
    setup.properties = {{"spring.cloud.loadbalancer.retry.retryable-status-codes", "500"}};
    with_remote(std::move(setup), [&](Harness& h) -> Task<> {
        OrderService service;
        service.status = 500;
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        EXPECT_EQ((co_await client.get_orders("u")).error().status(), 500);
        EXPECT_EQ(service.calls, 3);
        EXPECT_EQ(breaker.metrics(h.runtime.clock().now()).failed_calls, 3U)
            << "each try is a call of the breaker";
        EXPECT_EQ(retry.counts().failed_with_retry, 1U);
        EXPECT_FALSE(co_await client.post_orders("u"));
        EXPECT_EQ(service.calls, 4) << "a POST is not repeated";
        co_await instance.stop();
    });
}

TEST(Guarded, GuardsAreAskedForByTheNamesOfSpring) {
    Asked asked;
    const auto ids_with = [&](testing::Properties properties) {
        asked = {};
        with_remote(guarded_by({}, std::move(properties), &asked), [](Harness& h) -> Task<> {
            (void)h.remote.client<OrderClient>();
            co_return;
        });
        return asked.ids;
    };
    EXPECT_EQ(ids_with({}), (std::vector<std::string>{"order-service", "order-service"}));
    EXPECT_FALSE(asked.requests.at(0).make_breaker);
    EXPECT_EQ(
        ids_with({{"spring.cloud.openfeign.circuitbreaker.enabled", "true"}}),
        (std::vector<std::string>{"OrderClientgetOrdersString", "OrderClientpostOrdersString"})
    );
    EXPECT_TRUE(asked.requests.at(0).make_breaker);
    EXPECT_EQ(
        ids_with(
            {{"spring.cloud.openfeign.circuitbreaker.enabled", "true"},
             {"spring.cloud.openfeign.circuitbreaker.alphanumeric-ids.enabled", "false"}}
        ),
        (std::vector<std::string>{"OrderClient#getOrders(String)", "OrderClient#postOrders(String)"})
    );
    EXPECT_EQ(
        ids_with({{"spring.cloud.openfeign.client.config.order-service.circuit-breaker", "circuitbreaker"}}),
        (std::vector<std::string>{"circuitbreaker", "circuitbreaker"})
    );
}

}  // namespace

}  // namespace flotilla::remote
