#include "metrics_setup.hpp"

#include <gtest/gtest.h>

#include "quiet_service.hpp"

namespace flotilla::service {
namespace {

metrics::RegistryOptions options_of(const std::vector<std::pair<std::string, reflect::Json>>& properties) {
    auto environment = config::Environment::of(properties);
    return registry_options(read_metrics(environment).value(), "test").value();
}

std::size_t uris_of(const metrics::RegistryOptions& options, std::string_view name) {
    for (const metrics::TagLimit& limit : options.tag_limits)
        if (limit.name == name && limit.key == "uri") return limit.count;
    return 0;
}

TEST(MetricsSetup, LimitsHaveTheirDefaultsAndProperties) {
    const auto usual = options_of({});
    EXPECT_EQ(usual.maximum_series, 100'000U);
    EXPECT_EQ(usual.maximum_per_family, 2'000U);
    EXPECT_EQ(usual.maximum_tags, 64U);
    EXPECT_EQ(uris_of(usual, "http.server.requests"), 100U);
    const auto given = options_of(
        {{"metrics.maximum-series", 7},
         {"metrics.maximum-per-family", 6},
         {"metrics.maximum-tags", 5},
         {"management.metrics.web.server.max-uri-tags", 4},
         {"management.metrics.web.client.max-uri-tags", 3}}
    );
    EXPECT_EQ(given.maximum_series, 7U);
    EXPECT_EQ(given.maximum_per_family, 6U);
    EXPECT_EQ(given.maximum_tags, 5U);
    EXPECT_EQ(uris_of(given, "http.server.requests"), 4U);
    EXPECT_EQ(uris_of(given, "http.client.requests"), 3U);
}

TEST(MetricsSetup, TheyHoldInAService) {
    Service service(test_support::quietly(
        {.name = "test"},
        {"--management.metrics.web.client.max-uri-tags=2",
         "--metrics.maximum-tags=3",
         "--observations.long-task-timer=false"}
    ));
    auto& meters = service.meters();
    for (const char* uri : {"/a", "/b", "/c"})
        meters.timer("http.client.requests", {{"uri", uri}}).record(Duration(1));
    const auto folded = meters.view("http.client.requests", {{"uri", "_other"}});
    ASSERT_TRUE(folded);
    EXPECT_EQ(folded->measurements.front().value, 1.0);
    meters.counter("many", {{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}}).increment();
    EXPECT_FALSE(meters.view("many"));
    const auto under_way = meters.long_task_timer("slow").start(meters.clock().now());
    EXPECT_FALSE(meters.view("slow")) << "long tasks are turned off";
}

TEST(MetricsFacts, F30_ARefreshOfTheDistributionIsForNewMeters) {
    for (const char* prefix : {"metrics", "management.metrics"}) {
        auto files = std::make_shared<config::MemoryFiles>();
        ServiceOptions options = test_support::quietly({.name = "test"});
        options.files = files;
        Service service(options);
        auto& meters = service.meters();
        meters.timer("orders.old").record(Duration(1));
        files->put("application.properties", std::string(prefix) + ".distribution.slo.orders=5ms,1s");
        ASSERT_TRUE(service.environment().refresh());
        meters.timer("orders.old").record(Duration(1));
        meters.timer("orders.new").record(Duration(1));
        const std::string scraped = meters.scrape();
        EXPECT_EQ(scraped.find("orders_old_seconds_bucket"), std::string::npos);
        EXPECT_NE(scraped.find("orders_new_seconds_bucket"), std::string::npos) << scraped;

        files->put("application.properties", std::string(prefix) + ".distribution.percentiles.orders=2");
        ASSERT_TRUE(service.environment().refresh());
        meters.timer("orders.newest").record(Duration(1));
        EXPECT_NE(meters.scrape().find("orders_newest_seconds_bucket"), std::string::npos)
            << "what cannot be used changes nothing";
    }
}

}  // namespace
}  // namespace flotilla::service
