#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdio>
#include <string>
#include <vector>

#include "sql_harness.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;
using runtime::TaskScope;

Task<> insert_many(Database& db, int writer, int count, int& failures) {
    for (int i = 0; i < count; ++i) {
        const auto done = co_await db.execute("insert into t(writer, number) values(?, ?)", writer, i);
        if (!done) ++failures;
    }
}

Task<> count_often(Database& db, const bool& stop, int& failures) {
    while (!stop) {
        const auto rows = co_await db.query_value<int>("select count(*) from t");
        if (!rows) ++failures;
    }
}

TEST(Sqlite, ManyWritersOfSeveralDatabasesShareOneFile) {
    const TemporaryFolder folder;
    run_on_loop(
        [&](Runtime& runtime) -> Task<> {
            // Two Databases know as little of each other as two processes do.
            const auto one = co_await open_or_throw(runtime, sqlite_config(folder));
            const auto other = co_await open_or_throw(runtime, sqlite_config(folder));
            must(co_await one->execute("create table t(writer int, number int, primary key(writer, number))")
            );
            int failures = 0;
            bool stop = false;
            TaskScope readers(runtime.loop(0));
            readers.spawn("reader", count_often(*one, stop, failures));
            readers.spawn("reader", count_often(*other, stop, failures));
            TaskScope writers(runtime.loop(0));
            for (int i = 0; i < 4; ++i) {
                writers.spawn("writer", insert_many(*one, i, 50, failures));
                writers.spawn("writer", insert_many(*other, 10 + i, 50, failures));
            }
            (void)co_await writers.drain(Deadline::after(runtime.clock().now(), 60s));
            stop = true;
            (void)co_await readers.drain(Deadline::after(runtime.clock().now(), 60s));
            EXPECT_EQ(failures, 0);
            const auto rows = co_await one->query_value<int>("select count(*) from t");
            EXPECT_EQ(rows, 400);
        },
        1
    );
}

TEST(Sqlite, ALockOfAnotherProcessIsWaitedForUpToTheDeadline) {
    const TemporaryFolder folder;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        const auto db = co_await open_or_throw(runtime, sqlite_config(folder));
        must(co_await db->execute("create table t(v int)"));
        sqlite3* other = nullptr;
        sqlite3_open(folder.file("test.sqlite").c_str(), &other);
        EXPECT_EQ(sqlite3_exec(other, "begin immediate", nullptr, nullptr, nullptr), SQLITE_OK);
        {
            const WithDeadline soon(40ms);
            const auto late = co_await db->execute("insert into t(v) values(1)");
            const auto code = late.error().code();
            EXPECT_TRUE(code == SqlErrc::busy || code == SqlErrc::timed_out) << late.error().message();
            // Readers do not mind.
            const WithDeadline later(10s);
            const auto rows = co_await db->query_value<int>("select count(*) from t");
            EXPECT_EQ(rows, 0);
        }
        static constexpr auto insert = [](Database& on, bool& done) -> Task<> {
            const WithDeadline later(10s);
            must(co_await on.execute("insert into t(v) values(1)"));
            done = true;
        };
        bool done = false;
        TaskScope scope(runtime.loop(0));
        scope.spawn("insert", insert(*db, done));
        co_await runtime::sleep_for(20ms);
        EXPECT_FALSE(done);
        EXPECT_EQ(sqlite3_exec(other, "rollback", nullptr, nullptr, nullptr), SQLITE_OK);
        (void)co_await scope.drain(Deadline::after(runtime.clock().now(), 10s));
        EXPECT_TRUE(done);
        sqlite3_close(other);
    });
}

TEST(Sqlite, WhoWaitsForTheWritersTurnLeavesAtTheDeadline) {
    const TemporaryFolder folder;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        const auto db = co_await open_or_throw(runtime, sqlite_config(folder));
        must(co_await db->execute("create table t(v int)"));
        Transaction holder = must(co_await db->begin());
        must(co_await holder.execute("insert into t(v) values(1)"));
        const WithDeadline soon(20ms);
        const auto late = co_await db->execute("insert into t(v) values(2)");
        EXPECT_EQ(late.error().code(), SqlErrc::timed_out);
    });
}

TEST(Sqlite, MemoryIsOneDatabaseForAllWhoUseIt) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        DataSourceConfig config;
        config.url = "sqlite::memory:";
        const auto db = co_await open_or_throw(runtime, config);
        must(co_await db->execute("create table t(v int)"));
        int failures = 0;
        must(co_await db->execute("drop table t"));
        must(co_await db->execute("create table t(writer int, number int)"));
        TaskScope scope(runtime.loop(0));
        for (int i = 0; i < 5; ++i) scope.spawn("writer", insert_many(*db, i, 10, failures));
        (void)co_await scope.drain(Deadline::after(runtime.clock().now(), 30s));
        EXPECT_EQ(failures, 0);
        const auto rows = co_await db->query_value<int>("select count(*) from t");
        EXPECT_EQ(rows, 50);
        EXPECT_EQ(db->stats().total, 1U);
    });
}

TEST(Sqlite, ItsSettingsAreThoseOfTheProperties) {
    const TemporaryFolder folder;
    run_on_loop([&](Runtime& runtime) -> Task<> {
        DataSourceConfig config;
        config.url = "jdbc:sqlite:" + folder.file("not/there/yet/test.sqlite");
        const auto normal = co_await open_or_throw(runtime, config);
        const auto mode = co_await normal->query_value<std::string>("pragma journal_mode");
        EXPECT_EQ(mode, "wal");
        const auto one = co_await normal->query_value<int>("pragma synchronous");
        EXPECT_EQ(one, 1);
        config.sqlite.synchronous = Synchronous::full;
        const auto full = co_await open_or_throw(runtime, config);
        const auto two = co_await full->query_value<int>("pragma synchronous");
        EXPECT_EQ(two, 2);
    });
}

TEST(Sqlite, AFileThatIsNoDatabaseStopsTheStart) {
    const TemporaryFolder folder;
    const std::string file = folder.file("test.sqlite");
    std::FILE* out = std::fopen(file.c_str(), "wb");
    std::fputs("this is certainly not a database, but it is long enough to look like one: ", out);
    for (int i = 0; i < 100; ++i) std::fputs("more and more text ", out);
    std::fclose(out);
    run_on_loop([&](Runtime& runtime) -> Task<> {
        const auto opened = co_await Database::open(runtime, sqlite_config(folder));
        EXPECT_FALSE(opened);
        if (opened) co_return;
        EXPECT_NE(opened.error().message().find("file is not a database"), std::string::npos)
            << opened.error().message();
    });
}

}  // namespace

}  // namespace flotilla::sql
