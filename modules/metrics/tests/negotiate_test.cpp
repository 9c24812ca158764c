#include <gtest/gtest.h>

#include <utility>

#include "flotilla/metrics/exposition.hpp"

namespace flotilla::metrics {
namespace {

TEST(Negotiate, PrefersOpenMetricsWhereverItStands) {
    const std::pair<std::string_view, std::optional<Format>> cases[] = {
        {"", Format::text},
        {"*/*", Format::text},
        {"text/plain", Format::text},
        {"text/plain;version=0.0.4;charset=utf-8", Format::text},
        {"TEXT/PLAIN; Version=\"0.0.4\"", Format::text},
        {"text/plain;version=1.0.0", std::nullopt},
        {"application/openmetrics-text", Format::openmetrics},
        {"text/plain;q=1, application/openmetrics-text;version=1.0.0;q=0.1", Format::openmetrics},
        {"application/openmetrics-text;version=0.0.1", std::nullopt},
        {"application/openmetrics-text;version=0.0.1,*/*", Format::text},
        {"application/json", std::nullopt},
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
         "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1",
         Format::openmetrics},
        {"text/html,application/xhtml+xml,*/*;q=0.8", Format::text},
        {",;=,", std::nullopt},
    };
    for (const auto& [accept, format] : cases) EXPECT_EQ(negotiate(accept), format) << accept;
}

TEST(Negotiate, ContentTypesHaveNoBlanks) {
    EXPECT_EQ(content_type(Format::text), "text/plain;version=0.0.4;charset=utf-8");
    EXPECT_EQ(content_type(Format::openmetrics), "application/openmetrics-text;version=1.0.0;charset=utf-8");
}

}  // namespace
}  // namespace flotilla::metrics
