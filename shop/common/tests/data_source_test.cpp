#include "flotilla/shop/data_source.hpp"

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"
#include "flotilla/shop/commons.hpp"
#include "flotilla/tracing/span_sink.hpp"
#include "flotilla/tracing/tracer.hpp"
#include "run_on_loop.hpp"
#include "temporary_database.hpp"

namespace flotilla::shop {
namespace {

constexpr sql::Migration table[] = {
    {.name = "V1__boxes", .sql = "create table boxes(name varchar(20) primary key, size int not null);"}
};

void with_boxes(std::function<Task<>(DataSource&)> body) {
    struct Run {
        static Task<> whole(runtime::Runtime& runtime, std::function<Task<>(DataSource&)> test) {
            DatabaseFolder folder;
            DataSource source(runtime, source_of(folder.url("boxes")), {}, table);
            const auto opened = co_await source.open();
            EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
            co_await test(source);
            source.close();
        }
    };

    test_support::run_on_loop([&](runtime::Runtime& runtime) { return Run::whole(runtime, body); });
}

TEST(DataSource, MakesItsFolderAndItsTables) {
    with_boxes([](DataSource& source) -> Task<> {
        const auto count = co_await source->query_value<int>("select count(*) from boxes");
        EXPECT_EQ(count.value_or(7), 0);
    });
}

TEST(DataSource, TellsOfItsHealth) {
    with_boxes([](DataSource& source) -> Task<> {
        const auto health = co_await source.health();
        EXPECT_EQ(health.status, "UP");
        EXPECT_EQ(health.details["database"].string_or(""), "SQLite");
    });
}

TEST(DataSource, AWrongUrlStopsTheStart) {
    test_support::run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        DataSource source(runtime, source_of("jdbc:h2:mem:testdb"), {}, table);
        const auto opened = co_await source.open();
        EXPECT_FALSE(opened);
        const auto health = co_await source.health();
        EXPECT_EQ(health.status, "DOWN");
    });
}

/// As much of a service as a database reports to.
struct Reports {
    config::Environment of;
    metrics::Registry registry{};
    tracing::MemorySpanSink spans{};
    tracing::Tracer traces{{}, Clock::system(), spans};
    std::string error{};

    config::Environment& environment() { return of; }

    metrics::Registry& meters() { return registry; }

    tracing::Tracer& tracer() { return traces; }

    static log::Logger logger(std::string_view) { return {}; }

    void cannot_start(const Error& why) { error = why.message(); }
};

TEST(DatabaseTelemetry, TheNamesOfSleuthAreAProperty) {
    Reports usual{.of = config::Environment::of({})};
    EXPECT_FALSE(database_telemetry(usual, "db").sleuth_names);
    EXPECT_EQ(database_telemetry(usual, "db").tracer, &usual.traces);
    Reports sleuth{.of = config::Environment::of({{"tracing.sql.sleuth-names", true}})};
    EXPECT_TRUE(database_telemetry(sleuth, "db").sleuth_names);
    Reports wrong{.of = config::Environment::of({{"tracing.sql.sleuth-names", "perhaps"}})};
    EXPECT_FALSE(database_telemetry(wrong, "db").sleuth_names);
    EXPECT_NE(wrong.error.find("tracing.sql.sleuth-names"), std::string::npos);
}

TEST(DatabaseProblem, TheReasonGoesToTheLogAndNotToTheClient) {
    log::CapturedLog log;
    const Error busy(make_error_code(sql::SqlErrc::busy), "table orders is locked");
    const Problem problem = database_problem(busy, log.logger("db"));
    EXPECT_EQ(problem.status(), http::Status::service_unavailable);
    EXPECT_EQ(problem.message().find("orders"), std::string::npos);
    EXPECT_EQ(log.count_of("table orders is locked"), 1U);
    for (const sql::SqlErrc away :
         {sql::SqlErrc::connection_lost, sql::SqlErrc::pool_exhausted, sql::SqlErrc::timed_out})
        EXPECT_EQ(
            database_problem(Error(make_error_code(away)), log.logger("db")).code(), "DATABASE_UNAVAILABLE"
        );
}

}  // namespace
}  // namespace flotilla::shop
