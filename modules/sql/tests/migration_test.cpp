#include "flotilla/sql/migration.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "contract.hpp"

namespace flotilla::sql {

namespace {

using runtime::Runtime;
using runtime::TaskScope;

class Migrations : public Contract {};

INSTANTIATE_TEST_SUITE_P(All, Migrations, testing::ValuesIn(products()), product_name);

constexpr Migration first = {
    "V1__create_item.sql",
    "-- the table; with a comment\n"
    "create table item(id bigint auto_increment primary key, code varchar(40) not null unique);\n"
    "insert into item(code) values('a;b'), ('c');\n"
};
constexpr Migration second = {"V2__add_label", "alter table item add column label varchar(20)"};
constexpr Migration third = {"V2_1__create_extra", "create table extra(id bigint primary key)"};

TEST_P(Migrations, AreAppliedOnceAndInOrder) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        const std::vector<Migration> some{first};
        const MigrationReport begun = must(co_await migrate(*db, some));
        EXPECT_EQ(begun.applied, 1U);
        EXPECT_EQ(begun.version, "1");
        const std::vector<Migration> all{third, first, second};
        const MigrationReport more = must(co_await migrate(*db, all));
        EXPECT_EQ(more.applied, 2U);
        EXPECT_EQ(more.version, "2.1");
        const MigrationReport none = must(co_await migrate(*db, all));
        EXPECT_EQ(none.applied, 0U);
        EXPECT_EQ(none.version, "2.1");
        const auto codes =
            must(co_await db->query<std::string>("select code from item where label is null order by id"));
        EXPECT_EQ(codes, (std::vector<std::string>{"a;b", "c"}));
        // The former release starts again while the new one runs.
        const MigrationReport old = must(co_await migrate(*db, some));
        EXPECT_EQ(old.applied, 0U);
    });
}

TEST_P(Migrations, OneThatWasChangedOrLeftOutIsAnError) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        const std::vector<Migration> all{first, second, third};
        must(co_await migrate(*db, all));

        Migration edited = second;
        edited.sql = "alter table item add column label varchar(21)";
        const std::vector<Migration> changed{first, edited, third};
        const auto refused = co_await migrate(*db, changed);
        EXPECT_EQ(refused.error().code(), SqlErrc::migration);
        EXPECT_EQ(
            refused.error().message(),
            "migration V2__add_label: its text has changed since it was applied; add a new migration instead"
        );
        const std::vector<Migration> fewer{first, third};
        const auto missing = co_await migrate(*db, fewer);
        EXPECT_EQ(
            missing.error().message(),
            "migration V2__add_label: it was applied, but this program does not have it"
        );
        const std::vector<Migration> late{first, {"V1_5__late", "select 1"}, second, third};
        const auto too_late = co_await migrate(*db, late);
        EXPECT_EQ(
            too_late.error().message(), "migration V1_5__late: it comes too late: version 2.1 is applied"
        );
    });
}

TEST_P(Migrations, NamesSayTheVersion) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        for (const char* name : {"create_users", "V__x", "V1_x", "V1__", "Vx__y", "1__x"}) {
            const std::vector<Migration> wrong{{name, "select 1"}};
            const auto outcome = co_await migrate(*db, wrong);
            EXPECT_EQ(outcome.error().code(), SqlErrc::migration) << name;
        }
        const std::vector<Migration> twice{{"V1__a", "select 1"}, {"V1__b", "select 1"}};
        const auto outcome = co_await migrate(*db, twice);
        EXPECT_EQ(outcome.error().message(), "migration V1__b: V1__a has the same version");
    });
}

TEST_P(Migrations, AFailureNamesTheStatementAndCanBeRepaired) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        const std::vector<Migration> broken{
            first, {"V2__oops", "insert into item(code) values('d'); selekt 1"}
        };
        const auto failed = co_await migrate(*db, broken);
        EXPECT_EQ(failed.error().code(), SqlErrc::syntax);
        EXPECT_TRUE(failed.error().message().starts_with("migration V2__oops, statement 2: "))
            << failed.error().message();
        if (GetParam() == Product::sqlite) {
            // All or nothing: not even the first one is there.
            const auto tables =
                must(co_await db->query_value<int>("select count(*) from sqlite_schema where name = 'item'"));
            EXPECT_EQ(tables, 0);
        } else {
            const auto again = co_await migrate(*db, broken);
            EXPECT_TRUE(again.error().message().starts_with("migration V2__oops: it failed half-way"))
                << again.error().message();
            must(co_await db->execute("delete from flotilla_migrations where finished = 0"));
        }
        const std::vector<Migration> mended{first, second};
        const MigrationReport report = must(co_await migrate(*db, mended));
        EXPECT_EQ(report.version, "2");

        // Where nothing has happened there is nothing to repair.
        const std::vector<Migration> early{first, second, {"V3__oops", "selekt 1"}};
        const auto none = co_await migrate(*db, early);
        EXPECT_EQ(none.error().code(), SqlErrc::syntax);
        const std::vector<Migration> good{
            first, second, {"V3__fine", "create table extra(id bigint primary key)"}
        };
        must(co_await migrate(*db, good));
    });
}

TEST_P(Migrations, ManyProcessesMayStartAtOnce) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        std::vector<std::unique_ptr<Database>> others;
        for (int i = 0; i < 4; ++i) others.push_back(co_await open_or_throw(runtime, config()));
        std::size_t applied = 0;
        std::vector<std::string> failures;
        static const std::vector<Migration> all{first, second, third};
        static constexpr auto start = [](Database& on, std::size_t& count, std::vector<std::string>& errors
                                      ) -> Task<> {
            const auto report = co_await migrate(on, all);
            if (report) count += report->applied;
            if (!report) errors.push_back(report.error().message());
        };
        TaskScope scope(runtime.loop(0));
        for (const auto& other : others) scope.spawn("start", start(*other, applied, failures));
        (void)co_await scope.drain(Deadline::after(runtime.clock().now(), std::chrono::seconds(30)));
        EXPECT_EQ(failures, std::vector<std::string>{});
        EXPECT_EQ(applied, 3U);
    });
}

}  // namespace

}  // namespace flotilla::sql
