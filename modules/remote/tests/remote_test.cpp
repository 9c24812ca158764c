// Calls by name, to real servers on this machine.

#include "flotilla/remote/remote.hpp"

#include <gtest/gtest.h>

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

const testing::Properties one_client = {
    {"spring.cloud.openfeign.client.config.order-service.read-timeout", "300"}
};

TEST(Remotes, ADeclaredMethodIsCalledLikeAFunction) {
    with_remote({}, [](Harness& h) -> Task<> {
        Service service("a");
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});

        const auto client = h.remote.client<OrderClient>();
        const auto orders = co_await client.get_orders("83cb");
        EXPECT_TRUE(orders) << orders.error().message();
        if (orders) {
            EXPECT_EQ(orders->at(0).order_id, "a-83cb");
        }
        const Order wanted{"rope", 3};
        const auto made = co_await client.create_order("83cb", wanted);
        EXPECT_TRUE(made) << made.error().message();
        if (made) {
            EXPECT_EQ(made->order_id, "rope!");
        }
        EXPECT_TRUE(co_await client.remove("7"));
        const auto echo = co_await client.echo.header("X-Tenant", "kr")();
        EXPECT_NE(echo->find("x-tenant: kr\n"), std::string::npos);
        co_await instance.stop();
    });
}

TEST(Remotes, AnAnswerThatSaysNoIsAnErrorWithEverythingThatIsKnown) {
    with_remote({}, [](Harness& h) -> Task<> {
        Service service("a");
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a:1", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        const auto failed = co_await client.status(409);
        EXPECT_EQ(failed.error().kind(), ErrorKind::status);
        EXPECT_EQ(failed.error().status(), 409);
        EXPECT_EQ(failed.error().body(), "said a");
        EXPECT_EQ(failed.error().instance(), "a:1");
        EXPECT_EQ(failed.error().attempts(), 1U);
        EXPECT_EQ(
            failed.error().message(),
            "[409 Conflict] during [GET] to [http://order-service/status/409] "
            "[OrderClient#status(int)]: [said a]"
        );
        EXPECT_EQ(http::status_of(failed.error()), http::Status::bad_gateway);
        const auto busy = co_await client.status(429);
        EXPECT_EQ(busy.error().retry_after(), 7s);
        auto request = OutgoingRequest::get("lb://order-service/status/409");
        const auto whole = co_await h.remote.send(std::move(request));
        EXPECT_EQ(whole->status(), 409);
        co_await instance.stop();
    });
}

std::optional<CallError> course_decoder(const ErrorAnswer& answer) {
    switch (answer.response.status()) {
        case 400:
            return std::nullopt;
        case 404:
            if (answer.key.find("getOrders") != std::string_view::npos)
                return CallError(
                    ErrorKind::status,
                    Error(http::make_error_code(http::Status::not_found), "User's orders is empty")
                );
            break;
        default:
            break;
    }
    return CallError(ErrorKind::status, std::string(answer.response.reason()));
}

TEST(ClientFacts, F16_TheErrorDecoderOfTheCourse) {
    with_remote({}, [](Harness& h) -> Task<> {
        http::Router router;
        int status = 404;
        router.get("/order-service/{userId}/orders", [&](http::Path<"userId">) {
            return http::Response(static_cast<http::Status>(status), "text/plain", "x");
        });
        Instance instance(h.runtime, router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        h.remote.decode_errors(course_decoder);
        const auto client = h.remote.client<OrderClient>();
        const auto empty = co_await client.get_orders("u");
        EXPECT_EQ(empty.error().status(), 404);
        EXPECT_EQ(empty.error().message(), "User's orders is empty");
        EXPECT_EQ(http::status_of(empty.error()), http::Status::not_found);
        status = 400;
        const auto wrong = co_await client.get_orders("u");
        EXPECT_EQ(wrong.error().status(), 400);
        EXPECT_NE(wrong.error().message().find("[400 Bad Request] during [GET]"), std::string::npos);
        status = 500;
        const auto broken = co_await client.get_orders("u");
        EXPECT_EQ(broken.error().message(), "Internal Server Error");
        EXPECT_EQ(broken.error().status(), 500);
        co_await instance.stop();
    });
}

TEST(ClientFacts, F17_ADismissed404IsAnEmptyValueWhateverItsBody) {
    with_remote(
        {.properties = {{"spring.cloud.openfeign.client.config.order-service.dismiss404", "true"}}},
        [](Harness& h) -> Task<> {
            http::Router router;  // 404 with an error document
            Instance instance(h.runtime, router);
            co_await instance.start();
            h.discovery.replace({at("order-service", "a", instance.port())});
            const auto client = h.remote.client<OrderClient>();
            const auto orders = co_await client.get_orders("u");
            EXPECT_TRUE(orders) << orders.error().message();
            if (orders) {
                EXPECT_TRUE(orders->empty());
            }
            EXPECT_EQ((co_await client.remove("u")).error().status(), 404) << "there is no value to be empty";
            co_await instance.stop();
        }
    );
}

TEST(ClientFacts, F19_FeignsRetryerOverTheWire) {
    with_remote(
        {.properties =
             {{"spring.cloud.openfeign.client.config.order-service.retry.max-attempts", "5"},
              {"spring.cloud.openfeign.client.config.order-service.retry.period", "100"}}},
        [](Harness& h) -> Task<> {
            h.discovery.replace({at("order-service", "dead", dead_port())});
            std::vector<TimePoint> times;
            h.remote.intercept([&](OutgoingRequest&) { times.push_back(h.runtime.clock().now()); });
            const auto client = h.remote.client<OrderClient>();
            const auto failed = co_await client.echo();
            EXPECT_EQ(failed.error().attempts(), 5U);
            EXPECT_EQ(times.size(), 5U);
            const std::vector<Duration> waits = {150ms, 225ms, 337ms, 506ms};
            for (std::size_t i = 0; i < waits.size() && i + 1 < times.size(); ++i) {
                const Duration waited = times[i + 1] - times[i];
                EXPECT_GE(waited, waits[i]);
                EXPECT_LT(waited, waits[i] + 60ms);
            }
        }
    );
}

TEST(Remotes, InterceptorsSeeTheSameRequestAtEachAttempt) {
    with_remote(
        {.properties =
             {{"spring.cloud.loadbalancer.retry.retryable-status-codes", "503"},
              {"spring.cloud.openfeign.client.config.order-service.request-interceptors", "tenant"},
              {"spring.cloud.openfeign.client.config.order-service.default-request-headers.X-Default", "d"},
              {"spring.cloud.openfeign.client.config.order-service.default-query-parameters.v", "2"}}},
        [](Harness& h) -> Task<> {
            std::vector<std::string> seen;
            http::Router router;
            router.get("/echo", [&](http::Request& request) {
                std::string fields(request.query());
                for (const auto& field : request.fields()) {
                    if (field.name.starts_with("X-") && !field.name.starts_with("X-B3") &&
                        !field.name.starts_with("X-Request"))
                        fields += " " + std::string(field.name) + "=" + std::string(field.value);
                }
                seen.push_back(fields);
                return http::Response(http::Status::service_unavailable);
            });
            Instance instance(h.runtime, router);
            co_await instance.start();
            h.discovery.replace({at("order-service", "a", instance.port())});
            int n = 0;
            h.remote.intercept([&](OutgoingRequest& request) { request.header("X-N", std::to_string(++n)); });
            h.remote.interceptor("tenant", [](OutgoingRequest& request) {
                request.header("X-Tenant", "kr");
            });
            const auto client = h.remote.client<OrderClient>();
            EXPECT_FALSE(co_await client.echo());
            EXPECT_EQ(
                seen,
                (std::vector<std::string>{
                    "v=2 X-Default=d X-N=1 X-Tenant=kr", "v=2 X-Default=d X-N=1 X-Tenant=kr X-N=2"
                })
            );
            co_await instance.stop();
        }
    );
}

TEST(Remotes, ClientsThatCannotBeMadeSaySoAtOnce) {
    std::vector<std::string> problems;
    testing::Setup setup{
        .properties =
            {{"spring.cloud.openfeign.client.config.order-service.request-interceptors", "unknown"},
             {"spring.cloud.openfeign.client.config.order-service.error-decoder", "unknown too"}}
    };
    setup.options.on_problem = [&](const Error& error) { problems.push_back(error.message()); };
    with_remote(std::move(setup), [](Harness& h) -> Task<> {
        (void)h.remote.client<OrderClient>();
        (void)h.remote.client<OrderClient>();
        co_return;
    });
    EXPECT_EQ(problems.size(), 5U);
    EXPECT_EQ(problems.at(0), "client order-service: there is no interceptor 'unknown'");
    EXPECT_EQ(problems.at(1), "client order-service: there is no error decoder 'unknown too'");
    EXPECT_NE(problems.at(2).find("context id 'order-service'"), std::string::npos);
    EXPECT_THROW(
        with_remote(
            {.properties = {{"spring.cloud.openfeign.client.config.order-service.timeout", "soon"}}},
            [](Harness& h) -> Task<> {
                (void)h.remote.client<OrderClient>();
                co_return;
            }
        ),
        std::invalid_argument
    );
}

TEST(Remotes, AFixedUrlNeedsNoRegistry) {
    with_remote({}, [](Harness& h) -> Task<> {
        Service service("a");
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        ClientOptions<OrderClient> options;
        options.url = "http://127.0.0.1:" + std::to_string(instance.port()) + "/";
        const auto client = h.remote.client<OrderClient>(std::move(options));
        EXPECT_EQ((co_await client.get_orders("u"))->at(0).order_id, "a-u");
        co_await instance.stop();
        const auto gone = co_await client.get_orders("u");
        EXPECT_EQ(gone.error().kind(), ErrorKind::connect) << gone.error().message();
        EXPECT_EQ(gone.error().attempts(), 1U);
    });
}

TEST(Remotes, TimeLimitsHaveTheirKinds) {
    with_remote({.properties = one_client}, [](Harness& h) -> Task<> {
        Service service("a");
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        const TimePoint began = h.runtime.clock().now();
        const auto limited = co_await client.slow.within(50ms)(5000);
        EXPECT_EQ(limited.error().kind(), ErrorKind::timeout) << limited.error().message();
        EXPECT_LT(h.runtime.clock().now() - began, 2s);
        const auto unanswered = co_await client.slow(5000);
        EXPECT_EQ(unanswered.error().kind(), ErrorKind::timeout) << unanswered.error().message();
        EXPECT_EQ(unanswered.error().attempts(), 2U);

        TaskContext::current().deadline = Deadline::after(h.runtime.clock().now(), 40ms);
        const auto bounded = co_await client.slow(5000);
        EXPECT_EQ(bounded.error().kind(), ErrorKind::deadline) << bounded.error().message();
        const int calls = service.calls;
        const auto refused = co_await client.slow(1);
        EXPECT_EQ(refused.error().kind(), ErrorKind::deadline);
        EXPECT_EQ(refused.error().attempts(), 0U);
        EXPECT_EQ(service.calls, calls) << "nothing was sent";
        TaskContext::current().deadline = Deadline();
        co_await instance.stop();
    });
}

/// Each hop asks the next one, the last one sleeps.
struct Hop {
    explicit Hop(Harness& harness, std::string next) : h(harness), to(std::move(next)) {
        honour_deadlines(router);
        router.get("/hop", [this](http::Request& request) {
            return ask(std::string(request.header("X-Request-Deadline-Ms")));
        });
    }

    Task<Result<std::string>> ask(std::string left) {
        seen = left;
        const TimePoint began = h.runtime.clock().now();
        Result<std::string> result;
        if (to.empty()) {
            co_await runtime::sleep_for(5s);
        } else {
            result = co_await h.remote.get<std::string>("lb://" + to + "/hop");
        }
        took = h.runtime.clock().now() - began;
        co_return result;
    }

    Harness& h;
    std::string to;
    http::Router router;
    std::string seen;
    Duration took{};
};

TEST(ClientFacts, F22_ADeadlineHoldsForTheWholeTreeOfCalls) {
    with_remote({}, [](Harness& h) -> Task<> {
        Hop first(h, "second");
        Hop second(h, "third");
        Hop third(h, "");
        Instance a(h.runtime, first.router);
        Instance b(h.runtime, second.router);
        Instance c(h.runtime, third.router);
        co_await a.start();
        co_await b.start();
        co_await c.start();
        h.discovery.replace(
            {at("first", "a", a.port()), at("second", "b", b.port()), at("third", "c", c.port())}
        );
        const TimePoint began = h.runtime.clock().now();
        TaskContext::current().deadline = Deadline::after(began, 300ms);
        const auto failed = co_await h.remote.get<std::string>("lb://first/hop");
        EXPECT_FALSE(failed);
        EXPECT_LE(h.runtime.clock().now() - began, 1s);
        TaskContext::current().deadline = Deadline();
        co_await runtime::sleep_for(20ms);
        EXPECT_LE(first.took, 1s);
        EXPECT_LE(second.took, 1s);
        EXPECT_GT(second.took, 200ms);
        EXPECT_LT(std::stoi(third.seen), 300);
        EXPECT_LT(std::stoi(third.seen), std::stoi(first.seen));
        co_await a.stop();
        co_await b.stop();
        co_await c.stop();
    });
}

TEST(Remotes, AFallbackObjectAnswersForTheService) {
    with_remote({}, [](Harness& h) -> Task<> {
        h.discovery.replace({});
        OrderClient instead;
        instead.get_orders = [](std::string_view) { return std::vector<Order>(); };
        const auto client = h.remote.client<OrderClient>({.fallback = instead});
        const auto orders = co_await client.get_orders("u");
        EXPECT_TRUE(orders && orders->empty());
        EXPECT_FALSE(co_await client.echo()) << "it has no fallback";
    });
}

TEST(Remotes, WhatIsMeasuredHasTheNamesOfSpring) {
    metrics::Registry meters;
    testing::Setup setup;
    setup.options.telemetry.meters = &meters;
    with_remote(std::move(setup), [&](Harness& h) -> Task<> {
        Service service("a");
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("order-service", "a", instance.port())});
        const auto client = h.remote.client<OrderClient>();
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(co_await client.get_orders(std::to_string(i)));
        h.discovery.replace({at("order-service", "dead", dead_port())});
        EXPECT_FALSE(co_await client.get_orders("u"));
        h.discovery.replace({});
        EXPECT_FALSE(co_await client.get_orders("u"));
        co_await instance.stop();
    });
    const std::string text = meters.scrape();
    const auto line = [&](std::string_view start) {
        const std::size_t begin = text.find(start);
        return begin == std::string::npos ? std::string("none")
                                          : text.substr(begin, text.find('\n', begin) - begin);
    };
    const std::string answered = line(
        "loadbalancer_requests_success_seconds_count{method=\"GET\",outcome=\"SUCCESS\",serviceId=\"order-"
        "service\",serviceInstance_host"
    );
    EXPECT_TRUE(answered.ends_with(" 3")) << answered << text;
    EXPECT_NE(answered.find("uri=\"/order-service/{userId}/orders\""), std::string::npos) << answered;
    EXPECT_TRUE(line("loadbalancer_requests_failed_seconds_count{exception=\"connect\"").ends_with(" 2"));
    EXPECT_TRUE(line("loadbalancer_requests_discard_total{").ends_with(" 1.0"))
        << line("loadbalancer_requests_discard_total{");
    EXPECT_TRUE(line("loadbalancer_requests_active{").ends_with(" 0.0"))
        << line("loadbalancer_requests_active{");
    EXPECT_NE(
        text.find("http_client_requests_seconds_count{client_name=\"order-service\""), std::string::npos
    );
}

TEST(ClientFacts, F30_OnlyLongBodiesOfNamedTypesAreCompressed) {
    with_remote(
        {.properties = {{"spring.cloud.openfeign.compression.request.enabled", "true"}}},
        [](Harness& h) -> Task<> {
            std::vector<std::string> encodings;
            std::vector<std::size_t> sizes;
            http::Router router;
            router.post("/in", [&](http::Request& request) {
                encodings.emplace_back(request.header("Content-Encoding"));
                sizes.push_back(request.body().size());
            });
            Instance instance(h.runtime, router);
            co_await instance.start();
            h.discovery.replace({at("order-service", "a", instance.port())});
            const auto send = [&](std::size_t size, std::string_view type) {
                return h.remote.exchange<void>(
                    OutgoingRequest::post("lb://order-service/in").body(std::string(size, 'x'), type)
                );
            };
            EXPECT_TRUE(co_await send(2048, "application/json"));
            EXPECT_TRUE(co_await send(2049, "application/json"));
            EXPECT_TRUE(co_await send(4000, "text/plain"));
            EXPECT_TRUE(co_await send(4000, "application/json;charset=UTF-8"));
            EXPECT_EQ(encodings, (std::vector<std::string>{"", "gzip", "", ""}));
            EXPECT_LT(sizes.at(1), 100U);
            co_await instance.stop();
        }
    );
}

}  // namespace

}  // namespace flotilla::remote
