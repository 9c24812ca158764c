// Rows a second: the database's own library on one thread, and the same through the module. MariaDB is
// measured when FLOTILLA_TEST_MARIADB names one (see tests/contract.hpp).
//
//     build/release/bin/flotilla_sql_bench

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <mariadb/mysql.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/sql/database.hpp"
#include "temporary_folder.hpp"

namespace flotilla::sql {

namespace {

constexpr int rows_per_round = 2000;
constexpr std::string_view insert_text = "insert into bench(order_id, user_id, qty) values(?, ?, ?)";
constexpr std::string_view table_text =
    "create table bench(id bigint auto_increment primary key, order_id varchar(50) not null, "
    "user_id varchar(50) not null, qty int not null)";

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

void raw_sqlite(benchmark::State& state) {
    const test_support::TemporaryFolder folder;
    sqlite3* database = nullptr;
    sqlite3_open(folder.file("bench.sqlite").c_str(), &database);
    for (const char* text : {"pragma journal_mode = wal", "pragma synchronous = normal"})
        sqlite3_exec(database, text, nullptr, nullptr, nullptr);
    sqlite3_exec(database, Dialect(Product::sqlite).ddl(table_text).c_str(), nullptr, nullptr, nullptr);
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, insert_text.data(), -1, &insert, nullptr);
    for (auto _ : state) {
        for (int i = 0; i < rows_per_round; ++i) {
            sqlite3_bind_text(insert, 1, "5e3cf1a2-6a0a-4d7e-8f1c-3a2b1c0d9e8f", -1, SQLITE_STATIC);
            sqlite3_bind_text(insert, 2, "91bd2a6e-0a11-4f0e-bb1d-7c5a3e2f1d0c", -1, SQLITE_STATIC);
            sqlite3_bind_int(insert, 3, i);
            if (sqlite3_step(insert) != SQLITE_DONE) state.SkipWithError("insert");
            sqlite3_reset(insert);
        }
    }
    state.SetItemsProcessed(state.iterations() * rows_per_round);
    sqlite3_finalize(insert);
    sqlite3_close(database);
}

Statement insert_of(int i) {
    return make_statement(
        insert_text, "5e3cf1a2-6a0a-4d7e-8f1c-3a2b1c0d9e8f", "91bd2a6e-0a11-4f0e-bb1d-7c5a3e2f1d0c", i
    );
}

/// Inserts `count` rows, `together` of them in one transaction and one hop.
Task<> insert_rows(Database& db, int count, int together) {
    for (int i = 0; i < count; i += together) {
        if (together == 1) {
            Statement one = insert_of(i);
            const auto done = co_await db.run(std::move(one));
            if (!done) throw std::runtime_error(done.error().message());
        } else {
            std::vector<Statement> several;
            for (int j = 0; j < together; ++j) several.push_back(insert_of(i + j));
            const auto done = co_await db.run_all(std::move(several));
            if (!done) throw std::runtime_error(done.error().message());
        }
    }
}

Task<int> measure(
    runtime::Runtime& runtime, DataSourceConfig config, benchmark::State& state, int tasks, int together
) {
    auto db = co_await Database::open(runtime, std::move(config));
    if (!db) {
        state.SkipWithError(db.error().message().c_str());
        co_return 1;
    }
    (void)co_await (*db)->execute("drop table if exists bench");
    const std::string table = (*db)->dialect().ddl(table_text);
    (void)co_await (*db)->execute(table);
    for (auto _ : state) {
        runtime::TaskScope scope(runtime.loop(0));
        for (int i = 0; i < tasks; ++i)
            scope.spawn("insert", insert_rows(**db, rows_per_round / tasks, together));
        (void)co_await scope.drain({});
    }
    state.SetItemsProcessed(state.iterations() * rows_per_round);
    co_return 0;
}

void run(benchmark::State& state, DataSourceConfig config) {
    runtime::Runtime runtime({.loops = 1, .blocking = {}});
    runtime.run(measure(
        runtime, std::move(config), state, static_cast<int>(state.range(0)), static_cast<int>(state.range(1))
    ));
}

void module_on_sqlite(benchmark::State& state) {
    const test_support::TemporaryFolder folder;
    DataSourceConfig config;
    config.url = "sqlite:" + folder.file("bench.sqlite");
    run(state, config);
}

DataSourceConfig mariadb_config() {
    DataSourceConfig config;
    config.url = variable("FLOTILLA_TEST_MARIADB");
    config.username = variable("FLOTILLA_TEST_MARIADB_USER");
    config.password = variable("FLOTILLA_TEST_MARIADB_PASSWORD");
    return config;
}

void module_on_mariadb(benchmark::State& state) {
    if (mariadb_config().url.empty()) return state.SkipWithError("FLOTILLA_TEST_MARIADB is not set");
    run(state, mariadb_config());
}

void raw_mariadb(benchmark::State& state) {
    const DataSourceConfig config = mariadb_config();
    if (config.url.empty()) return state.SkipWithError("FLOTILLA_TEST_MARIADB is not set");
    const auto url = DatabaseUrl::parse(config.url);
    const std::unique_ptr<MYSQL, void (*)(MYSQL*)> handle(mysql_init(nullptr), mysql_close);
    if (!mysql_real_connect(
            handle.get(),
            url->host.c_str(),
            config.username.c_str(),
            config.password.reveal().c_str(),
            url->database.c_str(),
            url->port,
            nullptr,
            0
        ))
        return state.SkipWithError(mysql_error(handle.get()));
    mysql_query(handle.get(), "drop table if exists bench");
    mysql_query(handle.get(), Dialect(Product::mariadb).ddl(table_text).c_str());
    const std::unique_ptr<MYSQL_STMT, my_bool (*)(MYSQL_STMT*)> insert(
        mysql_stmt_init(handle.get()), mysql_stmt_close
    );
    mysql_stmt_prepare(insert.get(), insert_text.data(), insert_text.size());
    std::string order = "5e3cf1a2-6a0a-4d7e-8f1c-3a2b1c0d9e8f";
    std::string user = "91bd2a6e-0a11-4f0e-bb1d-7c5a3e2f1d0c";
    long long quantity = 0;
    MYSQL_BIND bind[3] = {};
    bind[0].buffer_type = MYSQL_TYPE_STRING;
    bind[0].buffer = order.data();
    bind[0].buffer_length = order.size();
    bind[1].buffer_type = MYSQL_TYPE_STRING;
    bind[1].buffer = user.data();
    bind[1].buffer_length = user.size();
    bind[2].buffer_type = MYSQL_TYPE_LONGLONG;
    bind[2].buffer = &quantity;
    mysql_stmt_bind_param(insert.get(), bind);
    for (auto _ : state) {
        for (int i = 0; i < rows_per_round; ++i) {
            quantity = i;
            if (mysql_stmt_execute(insert.get()) != 0) state.SkipWithError(mysql_stmt_error(insert.get()));
        }
    }
    state.SetItemsProcessed(state.iterations() * rows_per_round);
}

BENCHMARK(raw_sqlite)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(module_on_sqlite)
    ->ArgNames({"tasks", "together"})
    ->Args({1, 1})
    ->Args({8, 1})
    ->Args({1, 5})
    ->Args({8, 5})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(raw_mariadb)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(module_on_mariadb)
    ->ArgNames({"tasks", "together"})
    ->Args({1, 1})
    ->Args({8, 1})
    ->Args({8, 5})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace

}  // namespace flotilla::sql
