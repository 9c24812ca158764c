#include "flotilla/shop/user/user_orders.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ranges>

#include "shop_fixture.hpp"

namespace flotilla::shop::user {
namespace {

using namespace std::chrono_literals;
using Mood = ScriptedOrders::Mood;

const std::string course = "--shop.profile=course";
const std::string no_breaker =
    "--resilience4j.circuitbreaker.instances.circuitbreaker.initial-state=DISABLED";
const std::string short_limit = "--resilience4j.timelimiter.instances.circuitbreaker.timeout-duration=100ms";

bool is_degraded(const Answer& answer) {
    return answer.status == 200 && answer.json()["orders"].text() == "[]" &&
           answer.header("X-Degraded") == "orders";
}

TEST(UserOrders, S14_ThreeStylesOfClientsGiveTheSameOrders) {
    std::vector<std::string> bodies;
    for (const char* style : {"feign", "resttemplate-lb", "resttemplate-url"}) {
        Shop shop({std::string("--shop.client=") + style});
        if (std::string(style) == "resttemplate-url")
            shop.set(
                "order_service.url",
                "http://127.0.0.1:" + std::to_string(shop.orders().port()) + "/order-service/%s/orders"
            );
        const int exit_code = shop.run([](Shop& own) -> Task<> {
            const Somebody anna = co_await own.somebody();
            const Answer detail = co_await own.detail(anna);
            EXPECT_EQ(
                detail.body,
                R"({"email":"a@x.io","name":"Tester","userId":")" + anna.id + R"(","orders":)" +
                    std::string(two_orders) + "}"
            );
            EXPECT_EQ(detail.header("X-Degraded"), "");
            const std::string request = own.orders().last_request();
            EXPECT_TRUE(
                request.starts_with("GET /order-service/" + anna.id + "/orders?sort=newest&limit=100 ")
            ) << request;
            EXPECT_TRUE(has(request, "Bearer " + anna.token)) << "the caller's token goes along";
        });
        EXPECT_EQ(exit_code, 0) << style;
    }
}

TEST(UserOrders, TheCourseAsksForAllOrders) {
    with_shop({course}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        (void)co_await shop.detail(anna);
        EXPECT_TRUE(shop.orders().last_request().starts_with("GET /order-service/" + anna.id + "/orders HTTP")
        );
    });
}

TEST(UserOrders, S15_TheLogHasFeignsLines) {
    Shop shop({"--shop.client.orders-path=/order-service/{userId}/orders_ng", logged});
    const int exit_code = shop.run([](Shop& own) -> Task<> {
        own.orders().be(Mood::not_found);
        const Somebody anna = co_await own.somebody();
        const Answer with_breaker = co_await own.detail(anna);
        EXPECT_TRUE(is_degraded(with_breaker));
        EXPECT_TRUE(has(own.orders().last_request(), "/orders_ng?"));
    });
    EXPECT_EQ(exit_code, 0);
    const std::string log = shop.log();
    for (const char* line :
         {"[OrderServiceClient#getOrders] ---> GET http://order-service/order-service/",
          "[OrderServiceClient#getOrders] <--- HTTP/1.1 404",
          "[OrderServiceClient#getOrders] {\"status\":404,\"error\":\"Not Found\"}",
          "[OrderServiceClient#getOrders] <--- END HTTP (34-byte body)"})
        EXPECT_TRUE(has(log, line)) << line;
}

TEST(UserOrders, S15_WithoutABreaker404SaysThatThereAreNone) {
    with_shop({no_breaker}, [](Shop& shop) -> Task<> {
        shop.orders().be(Mood::not_found);
        const Somebody anna = co_await shop.somebody();
        const Answer detail = co_await shop.detail(anna);
        EXPECT_EQ(detail.verdict(), "404 NO_ORDERS");
        EXPECT_EQ(detail.json()["message"].string_or(""), "User's orders is empty");
    });
}

TEST(UserOrders, S40_WithoutABreakerTheFailureIsPassedOn) {
    with_shop({no_breaker}, [](Shop& shop) -> Task<> {
        shop.orders().be(Mood::failing);
        const Somebody anna = co_await shop.somebody();
        const Answer detail = co_await shop.detail(anna);
        EXPECT_EQ(detail.status, 500);
        EXPECT_EQ(detail.json()["message"].string_or(""), "Internal Server Error");
    });
}

TEST(UserOrders, S40_WithABreakerThereAreNone) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        for (const Mood mood :
             {Mood::failing,
              Mood::bad_request,
              Mood::not_found,
              Mood::html,
              Mood::other_json,
              Mood::half_an_answer,
              Mood::reset}) {
            shop.orders().be(mood);
            const Answer detail = co_await shop.detail(anna);
            EXPECT_TRUE(is_degraded(detail)) << static_cast<int>(mood) << " " << detail.body;
        }
        shop.orders().be(Mood::empty);
        const Answer none = co_await shop.detail(anna);
        EXPECT_EQ(none.json()["orders"].text(), "[]");
        EXPECT_EQ(none.header("X-Degraded"), "") << "no orders, and orders unknown, can be told apart";
        const std::string metrics = co_await shop.metrics();
        EXPECT_TRUE(has(metrics, R"(shop_fallback_total{client="order-service"} 7)"));
    });
}

TEST(UserOrders, S41_TheCoursesBreakerOpensAfterTheSecondCall) {
    Shop shop({course});
    const int exit_code = shop.run([](Shop& own) -> Task<> {
        const Somebody anna = co_await own.somebody();
        own.orders().be(Mood::failing);
        for (int i = 0; i < 5; ++i) {
            const Answer detail = co_await own.detail(anna);
            EXPECT_TRUE(is_degraded(detail));
        }
        EXPECT_EQ(own.orders().calls(), 2);
        const std::string metrics = co_await own.metrics();
        EXPECT_TRUE(has(metrics, "resilience4j_circuitbreaker_not_permitted_calls_total{"));
        bool three = false;
        for (const auto line : split(metrics, '\n'))
            three = three || (line.starts_with("resilience4j_circuitbreaker_not_permitted_calls_total{") &&
                              line.ends_with(" 3.0"));
        EXPECT_TRUE(three) << "calls 3 to 5 do not touch the network";
        const Answer breakers = co_await own.send("GET /actuator/circuitbreakers");
        EXPECT_EQ(breakers.json()["circuitBreakers"]["circuitbreaker"]["state"].string_or(""), "OPEN");
    });
    EXPECT_EQ(exit_code, 0);
}

TEST(UserOrders, S42_TenGoodCallsCloseItAgain) {
    with_shop(
        {course, "--resilience4j.circuitbreaker.instances.circuitbreaker.wait-duration-in-open-state=20ms"},
        [](Shop& shop) -> Task<> {
            const Somebody anna = co_await shop.somebody();
            shop.orders().be(Mood::failing);
            for (int i = 0; i < 2; ++i) (void)co_await shop.detail(anna);
            shop.orders().be(Mood::up);
            const auto& breaker = shop.service().policies().circuit_breakers().get("circuitbreaker");
            co_await runtime::sleep_for(25ms);
            for (int i = 0; i < 9; ++i) {
                const Answer detail = co_await shop.detail(anna);
                EXPECT_EQ(detail.json()["orders"].size(), 2U) << i;
                EXPECT_EQ(breaker.state(), resilience::BreakerState::half_open) << i;
            }
            (void)co_await shop.detail(anna);
            EXPECT_EQ(breaker.state(), resilience::BreakerState::closed);
        }
    );
}

TEST(UserOrders, ABadRequestIsNoFailureOfTheService) {
    with_shop({course}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        shop.orders().be(Mood::bad_request);
        for (int i = 0; i < 5; ++i) (void)co_await shop.detail(anna);
        EXPECT_EQ(shop.orders().calls(), 5);
    });
}

TEST(UserOrders, N15_TheProfilesHaveTheirNumbers) {
    for (const bool naive : {true, false}) {
        Shop shop({naive ? course : "--shop.profile=flotilla"});
        auto& policies = shop.service().policies();
        const auto& breaker = policies.circuit_breakers().get("circuitbreaker").config();
        EXPECT_FLOAT_EQ(static_cast<float>(breaker.failure_rate_threshold), naive ? 4.0F : 50.0F);
        EXPECT_EQ(breaker.sliding_window_size, naive ? 2U : 20U);
        EXPECT_EQ(breaker.permitted_number_of_calls_in_half_open_state, naive ? 10U : 3U);
        EXPECT_EQ(breaker.wait_in_open_state.initial, Duration(naive ? 1s : 5s));
        EXPECT_EQ(
            policies.time_limiters().get("circuitbreaker").config().timeout_duration,
            Duration(naive ? 4s : 2s)
        );
        EXPECT_EQ(policies.bulkheads().get("circuitbreaker").config().max_concurrent_calls, 25U);
        const int exit_code = shop.run([](Shop&) -> Task<> { co_return; });
        EXPECT_EQ(exit_code, 0);
    }
}

TEST(UserOrders, S43_TheTimeLimitEndsTheCall) {
    with_shop({short_limit}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        shop.orders().be(Mood::hanging);
        const Clock& clock = shop.service().runtime().clock();
        const TimePoint began = clock.now();
        const Answer detail = co_await shop.detail(anna);
        EXPECT_GE(clock.now() - began, 100ms);
        EXPECT_TRUE(is_degraded(detail));
        for (int i = 0; i < 500 && shop.orders().abandoned() == 0; ++i) co_await runtime::sleep_for(2ms);
        EXPECT_EQ(shop.orders().abandoned(), 1) << "the connection is closed by the caller";
        const std::string metrics = co_await shop.metrics();
        bool counted = false;
        for (const auto line : split(metrics, '\n'))
            counted = counted || (line.starts_with("resilience4j_timelimiter_calls_total{") &&
                                  has(line, R"(kind="timeout")") && line.ends_with(" 1.0"));
        EXPECT_TRUE(counted);
    });
}

Task<> detail_into(Shop& shop, Somebody who, int& degraded) {
    const Answer detail = co_await shop.detail(std::move(who));
    degraded += is_degraded(detail) ? 1 : 0;
}

TEST(UserOrders, S46_TwentyFiveCallsAtMostAreUnderWay) {
    with_shop(
        {no_breaker, "--resilience4j.timelimiter.instances.circuitbreaker.timeout-duration=1s"},
        [](Shop& shop) -> Task<> {
            const Somebody anna = co_await shop.somebody();
            shop.orders().be(Mood::hanging);
            int degraded = 0;
            runtime::TaskScope scope(runtime::EventLoop::current());
            for (int i = 0; i < 60; ++i) scope.spawn("detail", detail_into(shop, anna, degraded));
            for (int i = 0; i < 1000 && degraded < 35; ++i) co_await runtime::sleep_for(2ms);
            EXPECT_EQ(degraded, 35) << "the excess falls back, though the breaker is off";
            EXPECT_EQ(shop.orders().calls(), 25);
            EXPECT_EQ(shop.orders().most_at_once(), 25);
            const Answer list = co_await shop.send("GET /users", anna.bearer());
            EXPECT_EQ(list.status, 200) << "the rest of the service goes on";
            co_await scope.stop();
        }
    );
}

TEST(UserOrders, S47_AFlagIsolatesOrderService) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        shop.set("shop.isolate.order-service", true);
        const Answer isolated = co_await shop.detail(anna);
        EXPECT_TRUE(is_degraded(isolated));
        EXPECT_EQ(shop.orders().calls(), 0);
        const std::string metrics = co_await shop.metrics();
        EXPECT_TRUE(has(metrics, R"(shop_isolated{client="order-service"} 1)"));
        shop.set("shop.isolate.order-service", false);
        const Answer back = co_await shop.detail(anna);
        EXPECT_EQ(back.json()["orders"].size(), 2U);
    });
}

TEST(UserOrders, S48_AListenerThatNeverAnswersCostsTheTimeLimitOnly) {
    Shop shop({"--shop.client=resttemplate-lb", short_limit, logged});
    const int exit_code = shop.run([](Shop& own) -> Task<> {
        const Somebody anna = co_await own.somebody();
        own.orders().be(Mood::hanging);
        const Answer detail = co_await own.detail(anna);
        EXPECT_TRUE(is_degraded(detail)) << "calls by URL are guarded too";
    });
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(has(shop.log(), "orders are unknown (timeout)"));
}

/// The last one of that name.
tracing::SpanData span_named(const std::vector<tracing::SpanData>& spans, std::string_view name) {
    for (const auto& span : spans | std::views::reverse) {
        if (span.name() == name) return span;
    }
    ADD_FAILURE() << "no span " << name;
    return {};
}

TEST(UserOrders, S50_TheBreakerIsASpanBetweenServerAndClient) {
    Shop shop({});
    const int exit_code = shop.run([](Shop& own) -> Task<> {
        const Somebody anna = co_await own.somebody();
        (void)own.spans().take();
        (void)co_await own.detail(anna);
    });
    EXPECT_EQ(exit_code, 0);
    const auto spans = shop.spans().take();
    const auto server = span_named(spans, "get /users/{userid}");
    const auto breaker = span_named(spans, "circuitbreaker");
    const auto client = span_named(spans, "get");
    EXPECT_EQ(breaker.context.trace_low, server.context.trace_low);
    EXPECT_EQ(breaker.context.parent_id, server.context.span_id);
    EXPECT_EQ(client.context.parent_id, breaker.context.span_id);
    EXPECT_EQ(client.kind, tracing::SpanKind::client);
    for (const auto& span : {server, breaker, client}) EXPECT_FALSE(span.find_tag("error")) << span.name();
}

TEST(UserOrders, S51_TheFailureIsInTheCallAndNotInTheAnswer) {
    Shop shop({course});
    const int exit_code = shop.run([](Shop& own) -> Task<> {
        const Somebody anna = co_await own.somebody();
        own.orders().be(Mood::failing);
        (void)co_await own.detail(anna);
        const auto failed = own.spans().take();
        const auto server = span_named(failed, "get /users/{userid}");
        EXPECT_FALSE(server.find_tag("error"));
        EXPECT_EQ(server.find_tag("degraded"), "orders");
        EXPECT_TRUE(span_named(failed, "get").find_tag("error"));
        const auto breaker = span_named(failed, "circuitbreaker");
        EXPECT_TRUE(breaker.find_tag("error"));
        EXPECT_EQ(breaker.find_tag("circuitbreaker.state"), "CLOSED");

        (void)co_await own.detail(anna);
        (void)own.spans().take();
        (void)co_await own.detail(anna);
        const auto refused = own.spans().take();
        EXPECT_EQ(span_named(refused, "circuitbreaker").find_tag("circuitbreaker.permitted"), "false");
        EXPECT_TRUE(std::ranges::none_of(refused, [](const auto& span) { return span.name() == "get"; }));
    });
    EXPECT_EQ(exit_code, 0);
}

TEST(UserOrders, UnderscoresInTheNameOfAServiceAreTold) {
    Shop shop(
        {"--order_service.url=http://ORDER_SERVICE/order-service/%s/orders",
         "--shop.client=resttemplate-lb",
         logged}
    );
    const int exit_code = shop.run([](Shop& own) -> Task<> {
        const Somebody anna = co_await own.somebody();
        const Answer detail = co_await own.detail(anna);
        EXPECT_EQ(detail.json()["orders"].size(), 2U) << "and are understood";
    });
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(has(shop.log(), "it should be ORDER-SERVICE"));
}

}  // namespace
}  // namespace flotilla::shop::user
