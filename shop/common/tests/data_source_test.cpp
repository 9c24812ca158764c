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

struct Box {
    std::string name;
    std::int64_t size = 0;
    std::optional<std::string> colour{};
};

FLT_DESCRIBE(Box, name, size, colour)

void with_boxes(std::function<Task<>(DataSource&)> body) {
    struct Run {
        static Task<> whole(runtime::Runtime& runtime, std::function<Task<>(DataSource&)> test) {
            TemporaryFolder folder;
            DataSource source(runtime, source_of(folder.url("boxes")), {}, table);
            const auto opened = co_await source.open();
            EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
            co_await test(source);
            source.close();
        }
    };

    actuator::run_on_loop([&](runtime::Runtime& runtime) { return Run::whole(runtime, body); });
}

Result<std::int64_t> put_two(Statements& tx, std::int64_t second_size) {
    FLT_CHECK(tx.insert("boxes", Box{"one", 1}));
    FLT_TRY(const bool again, tx.insert_if_absent("boxes", Box{"one", 7}));
    if (again) return fail(Errc::internal);
    if (second_size < 0) return fail(Errc::invalid_argument, "no such box");
    FLT_CHECK(tx.insert("boxes", Box{"two", second_size}));
    FLT_TRY(const auto sum, tx.query_one<std::int64_t>("select sum(size) from boxes"));
    return sum.value_or(0);
}

std::function<Result<std::int64_t>(Statements&)> two_boxes(std::int64_t second_size) {
    return [second_size](Statements& tx) { return put_two(tx, second_size); };
}

TEST(DataSource, RunsATransactionAtOnce) {
    with_boxes([](DataSource& source) -> Task<> {
        auto body = two_boxes(2);
        const auto sum = co_await source.at_once<std::int64_t>(std::move(body));
        EXPECT_EQ(sum.value_or(0), 3);
        const auto count = co_await source->query_value<int>("select count(*) from boxes");
        EXPECT_EQ(count.value_or(0), 2);
    });
}

TEST(DataSource, WhatGivesNoValueIsUndone) {
    with_boxes([](DataSource& source) -> Task<> {
        auto body = two_boxes(-1);
        const auto sum = co_await source.at_once<std::int64_t>(std::move(body));
        EXPECT_FALSE(sum);
        if (!sum) EXPECT_EQ(sum.error().message(), "no such box");
        const auto count = co_await source->query_value<int>("select count(*) from boxes");
        EXPECT_EQ(count.value_or(7), 0);
        auto good = two_boxes(2);
        const auto after = co_await source.at_once<std::int64_t>(std::move(good));
        EXPECT_EQ(after.value_or(0), 3);
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
    actuator::run_on_loop([](runtime::Runtime& runtime) -> Task<> {
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
