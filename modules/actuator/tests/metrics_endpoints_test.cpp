#include <gtest/gtest.h>

#include <charconv>

#include "actuator_fixture.hpp"
#include "flotilla/actuator/runtime_meters.hpp"
#include "flotilla/http/gzip.hpp"

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;

constexpr const char* text_type = "text/plain;version=0.0.4;charset=utf-8";
constexpr const char* open_type = "application/openmetrics-text;version=1.0.0;charset=utf-8";

void record_requests(metrics::Registry& meters) {
    const auto timer = [&](std::string_view status, std::string_view uri) {
        return meters.timer("http.server.requests", {{"method", "GET"}, {"status", status}, {"uri", uri}});
    };
    timer("200", "/users/{id}").record(100ms);
    timer("200", "/users/{id}").record(200ms);
    timer("404", "NOT_FOUND").record(10ms);
}

TEST(ActuatorFacts, F17_MetricsCanBeNarrowedByTags) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        record_requests(fixture.meters);
        const Json names = json_of(co_await fixture.send("GET /actuator/metrics"));
        EXPECT_EQ(names["names"].text(), R"(["http.server.requests"])");
        const Json all = json_of(co_await fixture.send("GET /actuator/metrics/http.server.requests"));
        EXPECT_EQ(all["baseUnit"], Json("seconds"));
        EXPECT_EQ(all["measurements"][0].text(), R"({"statistic":"COUNT","value":3.0})");
        EXPECT_EQ(all["availableTags"].size(), 3U);

        const Json missing =
            json_of(co_await fixture.send("GET /actuator/metrics/http.server.requests?tag=status:404"));
        EXPECT_EQ(missing["measurements"][0]["value"], Json(1.0));
        const Json users = json_of(co_await fixture.send(
            "GET /actuator/metrics/http.server.requests?tag=uri:/users/%7Bid%7D,status:200&tag="
        ));
        EXPECT_EQ(users["measurements"][0]["value"], Json(2.0));
        const auto bad = co_await fixture.send("GET /actuator/metrics/http.server.requests?tag=status");
        EXPECT_EQ(code_of(bad), 400);
        for (const char* path :
             {"/actuator/metrics/nope", "/actuator/metrics/http.server.requests?tag=status:500"}) {
            const auto none = co_await fixture.send(std::string("GET ") + path);
            EXPECT_EQ(summary(none), "404 ") << path;
            const auto head = co_await fixture.send(std::string("HEAD ") + path);
            EXPECT_EQ(code_of(head), 204) << path;
        }
    });
}

TEST(Metrics, WhatIsNoNumberIsText) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        fixture.meters.gauge("odd", {}, [] { return std::numeric_limits<double>::infinity(); });
        const Json odd = json_of(co_await fixture.send("GET /actuator/metrics/odd"));
        EXPECT_EQ(odd["measurements"].text(), R"([{"statistic":"VALUE","value":"Infinity"}])");
    });
}

TEST(MetricsFacts, F03_OpenMetricsEndsWithEofOverHttp) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        fixture.meters.counter("orders.placed").increment();
        const auto scrape = co_await fixture.send(
            "GET /actuator/prometheus", http::header("Accept", "application/openmetrics-text; version=1.0.0")
        );
        EXPECT_EQ(field_of(scrape, "Content-Type"), open_type);
        EXPECT_TRUE(scrape.text()->ends_with("# EOF\n"));
        EXPECT_NE(scrape.text()->find("# TYPE orders_placed counter\n"), std::string_view::npos);
        EXPECT_NE(scrape.text()->find("\norders_placed_total 1.0\n"), std::string_view::npos);
    });
}

TEST(MetricsFacts, F04_TheFormatIsNegotiatedOverHttp) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const auto html =
            co_await fixture.send("GET /actuator/prometheus", http::header("Accept", "text/html"));
        EXPECT_EQ(code_of(html), 406);
        EXPECT_NE(field_of(html, "Accept").find("openmetrics"), std::string::npos);
        const auto browser =
            co_await fixture.send("GET /actuator/prometheus", http::header("Accept", "text/html,*/*;q=0.1"));
        EXPECT_EQ(code_of(browser), 200);
        EXPECT_EQ(field_of(browser, "Content-Type"), text_type);
        const auto prometheus = co_await fixture.send(
            "GET /actuator/prometheus",
            http::header(
                "Accept",
                "application/openmetrics-text;version=1.0.0,application/"
                "openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
            )
        );
        EXPECT_EQ(field_of(prometheus, "Content-Type"), open_type);
    });
}

TEST(MetricsFacts, F16_FamiliesAreChosenByNameOverHttp) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        fixture.meters.gauge("process.uptime", {}, {.unit = "seconds"}).set(3);
        fixture.meters.counter("orders.placed").increment();
        const auto lines = [](const http::Response& response) {
            return std::ranges::count(*response.text(), '\n');
        };
        const auto one =
            co_await fixture.send("GET /actuator/prometheus?includedNames=process_uptime_seconds");
        EXPECT_EQ(lines(one), 3);
        const auto two = co_await fixture.send(
            "GET /actuator/prometheus?includedNames=process_uptime_seconds,orders_placed"
        );
        EXPECT_EQ(lines(two), 6);
        const auto none = co_await fixture.send("GET /actuator/prometheus?includedNames=orders_placed_total");
        EXPECT_EQ(summary(none), "200 ");
    });
}

TEST(Prometheus, IsCompressedForWhoTakesItAndWhenItIsWorthwhile) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        fixture.meters.counter("small").increment();
        const auto small =
            co_await fixture.send("GET /actuator/prometheus", http::header("Accept-Encoding", "gzip"));
        EXPECT_EQ(field_of(small, "Content-Encoding"), "");
        for (int i = 0; i < 100; ++i)
            fixture.meters.counter("many", {{"number", std::to_string(i)}}).increment();
        const auto plain = co_await fixture.send("GET /actuator/prometheus");
        EXPECT_EQ(field_of(plain, "Content-Encoding"), "");
        EXPECT_EQ(field_of(plain, "Vary"), "Accept-Encoding");
        const auto packed =
            co_await fixture.send("GET /actuator/prometheus", http::header("Accept-Encoding", "gzip"));
        EXPECT_EQ(field_of(packed, "Content-Encoding"), "gzip");
        EXPECT_LT(packed.text()->size(), plain.text()->size() / 3);
        EXPECT_EQ(http::gunzip(*packed.text()).value(), *plain.text());
    });
}

TEST(RuntimeMeters, LoopsAndPoolAreExecutorsAndLoopsHaveALag) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        bind_runtime_meters(fixture.meters, runtime);
        const auto scrape = co_await fixture.send("GET /actuator/prometheus");
        for (const char* line :
             {"executor_pool_max_threads{name=\"blocking-pool\"} 4.0\n",
              "executor_queue_remaining_tasks{name=\"blocking-pool\"} 16.0\n",
              "executor_active_threads{name=\"event-loop-0\"} 1.0\n",
              "flotilla_loop_lag_seconds{name=\"event-loop-0\"} ",
              "flotilla_loop_busy_seconds_total{name=\"event-loop-0\"} ",
              "executor_rejected_tasks_total{name=\"blocking-pool\"} 0.0\n"}) {
            EXPECT_NE(scrape.text()->find(line), std::string_view::npos) << line << *scrape.text();
        }
        unbind_runtime_meters(fixture.meters, runtime);
        EXPECT_EQ(fixture.meters.names().size(), 0U);
    });
}

}  // namespace

}  // namespace flotilla::actuator
