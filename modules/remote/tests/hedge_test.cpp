// A second attempt beside a slow one; and which instances get how many calls.

#include <gtest/gtest.h>

#include <algorithm>

#include "flotilla/remote/remote.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "harness.hpp"
#include "latency_window.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::Harness;
using testing::Instance;
using testing::with_remote;

struct Catalog {
    static constexpr Target target{.service = "catalog-service"};

    Get<"/item", std::string()> item;
    Post<"/item", std::string()> change;
};

FLT_DESCRIBE(Catalog, item, change)

/// Answers after a time that a test decides for each call.
struct CatalogService {
    explicit CatalogService(std::function<std::chrono::milliseconds(int)> its_delay)
        : delay(std::move(its_delay)) {
        router.get("/item", [this] { return answer(); });
        router.post("/item", [this] { return answer(); });
    }

    Task<http::Response> answer() {
        const auto wait = delay(calls++);
        co_await runtime::sleep_for(wait);
        ++answered;
        co_return http::Response(static_cast<http::Status>(status), "text/plain", "x");
    }

    http::Router router;
    std::function<std::chrono::milliseconds(int)> delay;
    int calls = 0;
    int answered = 0;
    int status = 200;
};

Task<> call_for(const Catalog& client, Harness& h, int times, std::vector<Duration>& took) {
    for (int i = 0; i < times; ++i) {
        const TimePoint began = h.runtime.clock().now();
        const auto item = co_await client.item();
        if (item) took.push_back(h.runtime.clock().now() - began);
    }
}

Task<bool> call_beside(
    runtime::TaskScope& scope,
    const Catalog& client,
    Harness& h,
    int width,
    int times,
    std::vector<Duration>& took
) {
    for (int i = 0; i < width; ++i) scope.spawn("caller", call_for(client, h, times, took));
    while (scope.active() > 0) co_await runtime::sleep_for(2ms);
    co_return true;
}

Task<> call_all(const Catalog& client, Harness& h, int width, int times, std::vector<Duration>& took) {
    const std::function<Task<bool>(runtime::TaskScope&)> body = [&](runtime::TaskScope& scope) {
        return call_beside(scope, client, h, width, times, took);
    };
    co_await runtime::in_scope(runtime::EventLoop::current(), body);
}

testing::Setup hedging(std::string delay = "0") {
    return {
        .properties =
            {{"spring.cloud.openfeign.client.config.catalog-service.hedge.enabled", "true"},
             {"spring.cloud.openfeign.client.config.catalog-service.hedge.delay", std::move(delay)}}
    };
}

TEST(ClientFacts, F23_HedgingTakesTheTailAwayForLittle) {
    with_remote(hedging(), [](Harness& h) -> Task<> {
        const auto sometimes_slow = [](int call) { return call >= 100 && call % 50 == 0 ? 1000ms : 5ms; };
        CatalogService a(sometimes_slow);
        CatalogService b(sometimes_slow);
        Instance first(h.runtime, a.router);
        Instance second(h.runtime, b.router);
        co_await first.start();
        co_await second.start();
        h.discovery.replace(
            {at("catalog-service", "a", first.port()), at("catalog-service", "b", second.port())}
        );
        const auto client = h.remote.client<Catalog>();
        std::vector<Duration> took;
        co_await call_all(client, h, 4, 50, took);  // to know what is usual
        took.clear();
        const int before = a.calls + b.calls;
        co_await call_all(client, h, 8, 150, took);
        const int extra = a.calls + b.calls - before - 1200;
        EXPECT_EQ(took.size(), 1200U);
        std::ranges::sort(took);
        EXPECT_LT(took[1188], 500ms) << "99 of 100";  // half of what a slow call takes
        EXPECT_GT(extra, 0);
        EXPECT_LT(extra, 120) << "calls that were made twice";
        co_await first.stop();
        co_await second.stop();
    });
}

TEST(Hedging, TheOtherInstanceIsAskedAndTheFirstSuccessCounts) {
    with_remote(hedging("20"), [](Harness& h) -> Task<> {
        CatalogService slow([](int) { return 300ms; });
        CatalogService failing([](int) { return 60ms; });  // later than the hedge, whoever is asked first
        failing.status = 500;
        Instance first(h.runtime, slow.router);
        Instance second(h.runtime, failing.router);
        co_await first.start();
        co_await second.start();
        h.discovery.replace(
            {at("catalog-service", "slow", first.port()), at("catalog-service", "failing", second.port())}
        );
        const auto client = h.remote.client<Catalog>();
        for (int i = 0; i < 3; ++i) {
            const auto item = co_await client.item();  // a failure beside the slow one does not win
            EXPECT_TRUE(item) << item.error().message();
        }
        EXPECT_EQ(slow.calls, 3);
        EXPECT_EQ(failing.calls, 3);
        const int calls = slow.calls + failing.calls;
        (void)co_await client.change();
        EXPECT_EQ(slow.calls + failing.calls, calls + 1) << "a POST is never made twice";
        co_await first.stop();
        co_await second.stop();
    });
}

TEST(Hedging, TheWindowKnowsWhatIsUsual) {
    LatencyWindow window;
    for (int i = 0; i < 19; ++i) window.add(5ms);
    EXPECT_EQ(window.percentile_95(), std::nullopt);
    for (int i = 0; i < 200; ++i) window.add(std::chrono::milliseconds(1 + i % 100));
    EXPECT_EQ(window.percentile_95(), 96ms);
    for (int i = 0; i < 100; ++i) window.add(10us);
    EXPECT_EQ(window.percentile_95(), 1ms);
}

TEST(ClientFacts, F09_WeightsAreKeptExactly) {
    testing::Setup setup;
    setup.balancer.algorithm = discovery::Algorithm::weighted;
    with_remote(std::move(setup), [](Harness& h) -> Task<> {
        const auto at_once = [](int) { return 0ms; };
        CatalogService a(at_once);
        CatalogService b(at_once);
        Instance first(h.runtime, a.router);
        Instance second(h.runtime, b.router);
        co_await first.start();
        co_await second.start();
        h.discovery.replace(
            {at("catalog-service", "a", first.port(), {{"weight", "3"}}),
             at("catalog-service", "b", second.port(), {{"weight", "1"}})}
        );
        const auto client = h.remote.client<Catalog>();
        std::vector<Duration> took;
        co_await call_all(client, h, 1, 400, took);
        EXPECT_EQ(a.calls, 300);
        EXPECT_EQ(b.calls, 100);
        co_await first.stop();
        co_await second.stop();
    });
}

TEST(ClientFacts, F10_TheLeastLoadedOfTwoLeavesTheSlowOneAlone) {
    for (const auto algorithm : {discovery::Algorithm::least_loaded, discovery::Algorithm::round_robin}) {
        testing::Setup setup;
        setup.balancer.algorithm = algorithm;
        with_remote(std::move(setup), [&](Harness& h) -> Task<> {
            CatalogService fast([](int) { return 4ms; });
            CatalogService slow([](int) { return 40ms; });
            Instance first(h.runtime, fast.router);
            Instance second(h.runtime, slow.router);
            co_await first.start();
            co_await second.start();
            h.discovery.replace(
                {at("catalog-service", "fast", first.port()), at("catalog-service", "slow", second.port())}
            );
            const auto client = h.remote.client<Catalog>();
            std::vector<Duration> took;
            co_await call_all(client, h, 16, 40, took);
            const double share = static_cast<double>(slow.calls) / (slow.calls + fast.calls);
            if (algorithm == discovery::Algorithm::round_robin)
                EXPECT_NEAR(share, 0.5, 0.01);
            else
                EXPECT_LT(share, 0.2);
            co_await first.stop();
            co_await second.stop();
        });
    }
}

}  // namespace

}  // namespace flotilla::remote
