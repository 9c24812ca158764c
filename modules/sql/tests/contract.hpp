#pragma once
// Tests that hold for every database: on SQLite always, and on the MariaDB that FLOTILLA_TEST_MARIADB names
// (a URL; with FLOTILLA_TEST_MARIADB_USER and FLOTILLA_TEST_MARIADB_PASSWORD), as tests/wire/test_sql.py
// does.

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/sql/database.hpp"
#include "sql_harness.hpp"

namespace flotilla::sql {

inline std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

inline std::vector<Product> products() {
    if (variable("FLOTILLA_TEST_MARIADB").empty()) return {Product::sqlite};
    return {Product::sqlite, Product::mariadb};
}

/// A database with nothing in it for each test.
class Contract : public testing::TestWithParam<Product> {
protected:
    [[nodiscard]] DataSourceConfig config() const {
        if (GetParam() == Product::sqlite) return sqlite_config(folder_);
        DataSourceConfig config;
        config.url = variable("FLOTILLA_TEST_MARIADB");
        config.username = variable("FLOTILLA_TEST_MARIADB_USER");
        config.password = variable("FLOTILLA_TEST_MARIADB_PASSWORD");
        return config;
    }

    /// Opened, and rid of what an earlier test left there.
    Task<std::unique_ptr<Database>> fresh(runtime::Runtime& runtime, Telemetry telemetry = {}) {
        auto db = co_await open_or_throw(runtime, config(), telemetry);
        for (const char* table : {"item", "parent", "numbers", "flotilla_migrations", "extra"}) {
            const std::string text = std::string("drop table if exists ") + table;
            must(co_await db->execute(text));
        }
        co_return db;
    }

    /// `item`: one column of each kind.
    static Task<> create_item(Session& db) {
        const std::string text = db.dialect().ddl(
            "create table item(id bigint auto_increment primary key, code varchar(40) not null unique, "
            "label varchar(200), quantity bigint default 0 check(quantity >= -9223372036854775807), "
            "price double, flag boolean default false, bytes varbinary(300), seen_at datetime(3), kind "
            "varchar(20) default 'PLAIN', "
            "created_at datetime(3) default current_timestamp(3))"
        );
        must(co_await db.execute(text));
    }

    /// Something that takes any database much longer than a test may.
    static Task<std::string> endless(Session& db) {
        const std::string table = db.dialect().ddl("create table numbers(v int not null)");
        must(co_await db.execute(table));
        std::vector<Statement> inserts;
        for (int i = 0; i < 200; ++i)
            inserts.push_back(make_statement("insert into numbers(v) values(?)", i));
        must(co_await db.run_all(std::move(inserts)));
        co_return "select count(*) from numbers a, numbers b, numbers c, numbers d, numbers e "
                  "where a.v + b.v + c.v + d.v + e.v = -1";
    }

private:
    TemporaryFolder folder_;
};

inline std::string product_name(const testing::TestParamInfo<Product>& info) {
    return std::string(Dialect(info.param).name());
}

}  // namespace flotilla::sql
