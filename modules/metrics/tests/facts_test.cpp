/// The numbered acceptance facts of the metrics specification that need no HTTP.
#include <gtest/gtest.h>

#include "flotilla/metrics/registry.hpp"

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;

TEST(MetricsFacts, F01_LegacyFlavourPrintsTheCourseListingByteForByte) {
    Registry registry({.flavor = Flavor::legacy});
    static_cast<void>(registry.long_task_timer("users.welcome", {{"method", "GET"}, {"uri", "/welcome"}}));
    EXPECT_EQ(
        registry.scrape(),
        "# HELP users_welcome_seconds_max  \n"
        "# TYPE users_welcome_seconds_max gauge\n"
        "users_welcome_seconds_max{method=\"GET\",uri=\"/welcome\",} 0.0\n"
        "# HELP users_welcome_seconds  \n"
        "# TYPE users_welcome_seconds summary\n"
        "users_welcome_seconds_active_count{method=\"GET\",uri=\"/welcome\",} 0.0\n"
        "users_welcome_seconds_duration_sum{method=\"GET\",uri=\"/welcome\",} 0.0\n"
    );
}

}  // namespace
}  // namespace flotilla::metrics
