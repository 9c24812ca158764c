// The cache of answers around calls by name.

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "harness.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::Harness;
using testing::Instance;
using testing::with_remote;

struct Catalog {
    static constexpr Target target{.service = "catalog-service"};

    Get<"/items/{id}", std::string(Path<"id">)> item;
    Put<"/items/{id}", void(Path<"id">, Body<std::string>)> change;
};

FLT_DESCRIBE(Catalog, item, change)

/// Answers with the number of the call and the fields that a test wants.
struct CatalogService {
    CatalogService() {
        router.get("/items/{id}", [this](http::Request& request, http::Path<"id"> id) {
            return answer(std::string(request.header("If-None-Match")), *id);
        });
        router.put("/items/{id}", [](http::Path<"id">) { return http::Response(http::Status::no_content); });
    }

    Task<http::Response> answer(std::string condition, std::string id) {
        ++calls;
        conditions.push_back(condition);
        if (delay > 0ms) co_await runtime::sleep_for(delay);
        http::Response response(http::Status::ok, "text/plain", id + std::to_string(calls));
        if (failing) response = http::Response(http::Status::service_unavailable);
        if (!condition.empty()) response = http::Response(http::Status::not_modified);
        for (const auto& [name, value] : fields) response.set(name, value);
        co_return response;
    }

    http::Router router;
    int calls = 0;
    bool failing = false;
    std::chrono::milliseconds delay{0};
    std::vector<std::string> conditions;
    std::vector<std::pair<std::string, std::string>> fields;
};

testing::Setup caching() {
    return {
        .properties =
            {{"spring.cloud.openfeign.client.config.catalog-service.cache.enabled", "true"},
             {"spring.cloud.loadbalancer.retry.enabled", "false"}}
    };
}

void with_catalog(
    testing::Setup setup, std::function<Task<>(Harness&, CatalogService&, Instance&, const Catalog&)> body
) {
    with_remote(std::move(setup), [&](Harness& h) -> Task<> {
        CatalogService service;
        Instance instance(h.runtime, service.router);
        co_await instance.start();
        h.discovery.replace({at("catalog-service", "a", instance.port())});
        const auto client = h.remote.client<Catalog>();
        co_await body(h, service, instance, client);
        co_await instance.stop();
    });
}

TEST(ClientFacts, F24_AKeptAnswerIsRevalidatedByItsTag) {
    with_catalog(
        caching(),
        [](Harness&, CatalogService& service, Instance&, const Catalog& client) -> Task<> {
            service.fields = {{"ETag", "\"v1\""}};
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            EXPECT_EQ(service.conditions, (std::vector<std::string>{"", "\"v1\"", "\"v1\""}));
        }
    );
}

TEST(ClientFacts, F27_AStaleAnswerIsServedWhenTheServiceIsGone) {
    log::CapturedLog log;
    auto setup = caching();
    setup.options.telemetry.log = log.logger("remote");
    with_catalog(
        std::move(setup),
        [](Harness& h, CatalogService& service, Instance& instance, const Catalog& client) -> Task<> {
            service.fields = {{"Cache-Control", "max-age=0, stale-if-error=60"}, {"ETag", "\"x\""}};
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            service.failing = true;
            service.fields.clear();
            h.discovery.replace({});
            auto request = OutgoingRequest::get("lb://catalog-service/items/a");
            EXPECT_FALSE(co_await h.remote.send(std::move(request)))
                << "calls without a declaration have a cache of their own";
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            EXPECT_FALSE(co_await client.item("b"));
            h.discovery.replace({at("catalog-service", "a", instance.port())});
            EXPECT_EQ((co_await client.item("b")).error().status(), 503);
        }
    );
    EXPECT_EQ(
        log.count_of("a stale answer of 0 s is served: No instances available for catalog-service"), 1U
    );
}

Task<> note(const Catalog& client, std::string id, std::vector<std::string>& notes) {
    const auto item = co_await client.item(id);
    notes.push_back(item ? *item : std::string(to_text(item.error().kind())));
}

Task<bool> all_at_once(
    runtime::TaskScope& scope, const Catalog& client, int times, std::vector<std::string>& notes
) {
    for (int i = 0; i < times; ++i) scope.spawn("item", note(client, "a", notes));
    while (scope.active() > 0) co_await runtime::sleep_for(5ms);
    co_return true;
}

Task<> ask_together(const Catalog& client, int times, std::vector<std::string>& notes) {
    const std::function<Task<bool>(runtime::TaskScope&)> calls = [&](runtime::TaskScope& scope) {
        return all_at_once(scope, client, times, notes);
    };
    co_await runtime::in_scope(runtime::EventLoop::current(), calls);
}

TEST(ClientFacts, F28_AHundredMissesOfOneKeyAreOneCall) {
    auto setup = caching();
    setup.loops = 2;
    with_catalog(
        std::move(setup),
        [](Harness& h, CatalogService& service, Instance&, const Catalog& client) -> Task<> {
            service.fields = {{"Cache-Control", "max-age=60"}};
            service.delay = 50ms;
            std::vector<std::string> here;
            std::vector<std::string> there;
            const std::function<Task<>()> beside = [&] { return ask_together(client, 1, there); };
            co_await ask_together(client, 99, here);
            co_await h.runtime.on<void>(h.runtime.loop(1), beside);
            EXPECT_EQ(service.calls, 1);
            EXPECT_EQ(here, std::vector<std::string>(99, "a1"));
            EXPECT_EQ(there, std::vector<std::string>(1, "a1"));
        }
    );
}

TEST(CachedCalls, WhoWaitsForACallThatFailsFailsWithIt) {
    with_catalog(
        caching(),
        [](Harness&, CatalogService& service, Instance&, const Catalog& client) -> Task<> {
            service.failing = true;
            service.delay = 20ms;
            std::vector<std::string> notes;
            co_await ask_together(client, 20, notes);
            EXPECT_EQ(service.calls, 1);
            EXPECT_EQ(notes, std::vector<std::string>(20, "status"));
        }
    );
}

TEST(CachedCalls, WhatMayNotBeKeptIsFetchedForEach) {
    with_catalog(
        caching(),
        [](Harness&, CatalogService& service, Instance&, const Catalog& client) -> Task<> {
            service.fields = {{"Cache-Control", "no-store"}};
            service.delay = 20ms;
            std::vector<std::string> notes;
            co_await ask_together(client, 5, notes);
            EXPECT_EQ(service.calls, 5);
        }
    );
}

TEST(ClientFacts, F29_AChangeOfTheUriForgetsWhatWasKept) {
    with_catalog(
        caching(),
        [](Harness&, CatalogService& service, Instance&, const Catalog& client) -> Task<> {
            service.fields = {{"Cache-Control", "max-age=60"}};
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            EXPECT_TRUE(co_await client.change("a", "new"));
            EXPECT_EQ((co_await client.item("a")).value(), "a2");
        }
    );
}

TEST(CachedCalls, AStaleAnswerIsRefreshedBehindTheBack) {
    metrics::Registry meters;
    auto setup = caching();
    setup.options.telemetry.meters = &meters;
    with_catalog(
        std::move(setup),
        [](Harness&, CatalogService& service, Instance&, const Catalog& client) -> Task<> {
            service.fields = {{"Cache-Control", "max-age=0, stale-while-revalidate=60"}};
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            service.fields = {{"Cache-Control", "max-age=60"}};
            EXPECT_EQ((co_await client.item("a")).value(), "a1");
            while (service.calls < 2) co_await runtime::sleep_for(1ms);
            co_await runtime::sleep_for(10ms);
            EXPECT_EQ((co_await client.item("a")).value(), "a2");
            EXPECT_EQ(service.calls, 2);
        }
    );
    const std::string text = meters.scrape();
    EXPECT_NE(
        text.find("http_client_cache_total{client=\"catalog-service\",result=\"stale\"} 1.0"),
        std::string::npos
    ) << text;
    EXPECT_NE(
        text.find("http_client_cache_total{client=\"catalog-service\",result=\"hit\"} 1.0"), std::string::npos
    );
}

}  // namespace

}  // namespace flotilla::remote
