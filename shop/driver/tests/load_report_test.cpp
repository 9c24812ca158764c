#include "flotilla/shop/driver/load_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "flotilla/reflect/json.hpp"

namespace flotilla::shop::driver {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

LoadTally small_run() {
    LoadTally tally;
    for (int i = 0; i < 90; ++i) tally.record(Operation::browse, 2ms, Ending::succeeded);
    for (int i = 0; i < 8; ++i) tally.record(Operation::order, 20ms, Ending::succeeded);
    tally.record(Operation::order, 20ms, Ending::refused);
    tally.record(Operation::order, 400ms, Ending::failed, "http 503", "POST /order-service/u/orders: 503");
    tally.retried(Operation::order);
    return tally;
}

TEST(LoadReport, CountsEachOperationAndAllOfThem) {
    const LoadReport report = report_of(small_run(), 10, 0.5);
    ASSERT_EQ(report.operations.size(), 2U);
    EXPECT_EQ(report.operations[0].operation, "browse");
    EXPECT_EQ(report.operations[0].per_second, 9.0);
    EXPECT_EQ(report.operations[1].succeeded, 8U);
    EXPECT_EQ(report.operations[1].refused, 1U);
    EXPECT_EQ(report.operations[1].retries, 1U);
    EXPECT_EQ(report.overall.count, 100U);
    EXPECT_DOUBLE_EQ(report.error_share, 0.01);
    EXPECT_EQ(report.orders_created, 8U);
    EXPECT_NEAR(report.overall.latency_ms.p50, 2, 0.02);
    EXPECT_NEAR(report.overall.latency_ms.p99, 20, 0.2);
    EXPECT_DOUBLE_EQ(report.overall.latency_ms.max, 400);
    EXPECT_THAT(report.overall.failures, ElementsAre(Pair("http 503", 1)));
    // Half a second of CPU for a hundred answers and a retry.
    EXPECT_NEAR(report.cores_per_thousand, 500.0 / 101, 1e-9);
}

TEST(LoadReport, IsJsonForPrograms) {
    const std::string text = reflect::to_json(report_of(small_run(), 10, 0.5));
    EXPECT_THAT(text, HasSubstr(R"("failures":{"http 503":1})"));
    EXPECT_THAT(text, HasSubstr(R"("latencyMs":{"mean":)"));
    EXPECT_THAT(text, HasSubstr(R"("ordersCreated":8)"));
}

TEST(LoadReport, IsATableForPeople) {
    const std::string text = to_table(report_of(small_run(), 10, 0.5));
    EXPECT_THAT(text, HasSubstr("browse"));
    EXPECT_THAT(text, HasSubstr("failed: 1 x http 503, such as POST /order-service/u/orders: 503"));
    EXPECT_THAT(text, HasSubstr("1.000 % failed"));
}

TEST(LoadReport, OfNothingHasNoNumbersThatAreNone) {
    const LoadReport report = report_of(LoadTally(), 0, 0);
    EXPECT_EQ(report.error_share, 0);
    EXPECT_EQ(report.cores_per_thousand, 0);
    EXPECT_THAT(to_table(report), HasSubstr("0.000 % failed"));
}

TEST(LoadTally, TellsWhatCameSinceItWasAskedLast) {
    LoadTally tally = small_run();
    const auto first = tally.take_since();
    EXPECT_EQ(first.count, 100U);
    EXPECT_EQ(first.failed, 1U);
    EXPECT_EQ(tally.take_since().count, 0U);
    tally.record(Operation::detail, 5ms, Ending::succeeded);
    const auto second = tally.take_since();
    EXPECT_EQ(second.count, 1U);
    EXPECT_EQ(second.latencies.max(), 5ms);
    EXPECT_THAT(progress_line(12, 200, first, 1), HasSubstr("12 s    200 users      100/s"));
}

}  // namespace

}  // namespace flotilla::shop::driver
