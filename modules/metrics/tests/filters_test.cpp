#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "flotilla/metrics/filter.hpp"
#include "flotilla/metrics/registry.hpp"
#include "samples.hpp"

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> series(Registry& registry) {
    std::vector<std::string> found;
    for (const std::string& line : lines_of(registry.scrape())) {
        if (!line.starts_with('#')) found.push_back(line.substr(0, line.rfind(' ')));
    }
    return found;
}

TEST(Filters, RenameIgnoreAndReplaceTags) {
    Registry registry;
    registry.add_filter(filters::rename_tag("http", "uri", "path"));
    registry.add_filter(filters::ignore_tags({"secret"}));
    registry.add_filter(
        filters::replace_tag_values("user", [](std::string_view) { return "someone"; }, {"root"})
    );
    registry.counter("http.a", {{"uri", "/x"}, {"secret", "1"}, {"user", "kim"}}).increment();
    registry.counter("http.a", {{"uri", "/x"}, {"secret", "2"}, {"user", "lee"}}).increment();
    registry.counter("b", {{"uri", "/x"}, {"user", "root"}}).increment();
    EXPECT_EQ(
        series(registry),
        (std::vector<std::string>{
            R"(b_total{uri="/x",user="root"})", R"(http_a_total{path="/x",user="someone"})"
        })
    );
    EXPECT_EQ(registry.counter("http.a", {{"uri", "/x"}, {"secret", "3"}, {"user", "x"}}).count(), 2);
}

TEST(Filters, TheFirstOpinionCounts) {
    Registry registry;
    registry.add_filter(filters::accept(filters::name_starts_with("jobs.important")));
    registry.add_filter(filters::deny(filters::name_starts_with("jobs")));
    registry.counter("jobs.important.a").increment();
    registry.counter("jobs.b").increment();
    registry.counter("other").increment();
    EXPECT_EQ(series(registry), (std::vector<std::string>{"jobs_important_a_total", "other_total"}));
    EXPECT_EQ(registry.refused(Refusal::filter), 1u);
}

TEST(Filters, DenyUnlessKeepsOnlyWhatMatches) {
    Registry registry;
    registry.add_filter(filters::deny_unless(filters::name_starts_with("a")));
    registry.counter("a").increment();
    registry.counter("b").increment();
    EXPECT_EQ(series(registry), (std::vector<std::string>{"a_total"}));
}

TEST(Filters, ExpectedValuesClampThePercentileHistogram) {
    Registry registry;
    registry.add_filter(filters::minimum_expected("t", 1e9));
    registry.add_filter(filters::maximum_expected("t", 2e9));
    static_cast<void>(registry.timer("t", {}, {.percentile_histogram = true}));
    const auto lines = series(registry);
    EXPECT_EQ(lines.front(), R"(t_seconds_bucket{le="1.0"})");
    EXPECT_LT(lines.size(), 12u);
}

TEST(Filters, LimitTheNumberOfMetersAndOfTagValues) {
    Registry registry;
    registry.add_filter(
        filters::for_meters(filters::name_starts_with("few"), filters::maximum_allowable_metrics(2))
    );
    registry.add_filter(filters::maximum_allowable_tags("tagged", "k", 1, filters::deny([](const MeterId&) {
                                                            return true;
                                                        })));
    for (const char* k : {"1", "2", "3", "1"}) {
        registry.counter("few", {{"k", k}}).increment();
        registry.counter("tagged", {{"k", k}}).increment();
    }
    EXPECT_EQ(
        series(registry),
        (std::vector<std::string>{R"(few_total{k="1"})", R"(few_total{k="2"})", R"(tagged_total{k="1"})"})
    );
    EXPECT_EQ(registry.counter("few", {{"k", "1"}}).count(), 2);
}

TEST(Filters, ApplyToMetersRegisteredLater) {
    Registry registry;
    registry.counter("a").increment();
    registry.add_filter(filters::common_tags({{"region", "kr"}}));
    registry.counter("a").increment();
    registry.counter("b").increment();
    EXPECT_EQ(series(registry), (std::vector<std::string>{"a_total", R"(b_total{region="kr"})"}));
}

TEST(Distribution, TheRuleWithTheLongestNameWinsFieldByField) {
    Registry registry(
        {.distribution =
             {
                 {.name = "all", .slo = std::vector<std::string>{"1s"}},
                 {.name = "http", .slo = std::vector<std::string>{"5ms", "nonsense"}},
                 {.name = "http.server", .percentiles_histogram = true, .maximum_expected_value = "2ms"},
             }}
    );
    static_cast<void>(registry.timer("http.server.requests"));
    static_cast<void>(registry.timer("httpx"));
    const auto lines = series(registry);
    const auto buckets = std::ranges::count_if(lines, [](const std::string& line) {
        return line.starts_with("http_server_requests_seconds_bucket");
    });
    EXPECT_EQ(buckets, 7);  // 1, 1.048576, 1.398101, 1.747626, 2, 5 ms, +Inf
    EXPECT_NE(std::ranges::find(lines, R"(httpx_seconds_bucket{le="1.0"})"), lines.end());
}

}  // namespace
}  // namespace flotilla::metrics
