#include "flotilla/shop/data_source.hpp"

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"
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
