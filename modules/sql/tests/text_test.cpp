#include <gtest/gtest.h>

#include "flotilla/sql/config.hpp"
#include "flotilla/sql/dialect.hpp"
#include "flotilla/sql/session.hpp"
#include "statement_cache.hpp"
#include "statement_text.hpp"

namespace flotilla::sql {

namespace {

TEST(DatabaseUrl, TakesSpringsSpellings) {
    const auto file = DatabaseUrl::parse("sqlite:data/userdb.sqlite");
    EXPECT_EQ(file->product, Product::sqlite);
    EXPECT_EQ(file->file, "data/userdb.sqlite");
    EXPECT_EQ(DatabaseUrl::parse("jdbc:sqlite:/var/x.db")->file, "/var/x.db");
    EXPECT_TRUE(DatabaseUrl::parse("jdbc:sqlite::memory:")->in_memory());

    const auto server = DatabaseUrl::parse("jdbc:mariadb://db.example:3307/orderdb?sslMode=trust&x");
    EXPECT_EQ(server->product, Product::mariadb);
    EXPECT_EQ(server->host, "db.example");
    EXPECT_EQ(server->port, 3307);
    EXPECT_EQ(server->database, "orderdb");
    EXPECT_EQ(server->parameters.at("sslMode"), "trust");
    EXPECT_EQ(server->parameters.at("x"), "");
    EXPECT_EQ(DatabaseUrl::parse("jdbc:mysql://localhost/mydb")->port, 3306);
    EXPECT_EQ(DatabaseUrl::parse("mariadb://[::1]:3306/mydb")->host, "::1");
    EXPECT_EQ(DatabaseUrl::parse("mysql://[::1]/mydb")->host, "::1");
}

TEST(DatabaseUrl, AWrongOneIsNotRepeatedForItMayHoldAPassword) {
    for (const char* url : {
             "",
             "sqlite:",
             "jdbc:h2:mem:testdb",
             "jdbc:mysql://localhost",
             "jdbc:mysql://localhost/",
             "jdbc:mysql:///db",
             "jdbc:mysql://localhost:0/db",
             "jdbc:mysql://localhost:99999/db",
             "jdbc:mysql://root:secret@localhost/db",
             "jdbc:mysql://a,b/db",
         }) {
        const auto parsed = DatabaseUrl::parse(url);
        ASSERT_FALSE(parsed) << url;
        EXPECT_TRUE(parsed.error().message().starts_with("spring.datasource.url: ")) << url;
        EXPECT_EQ(parsed.error().message().find("secret"), std::string::npos);
    }
}

TEST(StatementText, IsCutAtSemicolonsThatEndStatements) {
    const auto parts = split_statements("a 'x;y' ; -- no; not here\n b \"q;\" /* ; */; ; c `;` 'it''s;'");
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0], "a 'x;y'");
    EXPECT_EQ(parts[1], "-- no; not here\n b \"q;\" /* ; */");
    EXPECT_EQ(parts[2], "c `;` 'it''s;'");
    EXPECT_TRUE(split_statements(" ; -- only this").empty());
    EXPECT_EQ(split_statements("'open ; end").size(), 1U);
}

TEST(StatementText, TheFirstWordSaysWhetherItReads) {
    EXPECT_EQ(first_word("  /* x */ -- y\n (SELECT 1)"), "select");
    EXPECT_EQ(first_word(""), "");
    EXPECT_TRUE(only_reads("select 1"));
    EXPECT_TRUE(only_reads("VALUES(1)"));
    EXPECT_FALSE(only_reads("with x as (select 1) delete from t"));
    EXPECT_FALSE(only_reads("update t set a = 1"));
}

TEST(Dialect, WritesTableDefinitionsInEachDatabasesWords) {
    const std::string_view portable =
        "create table if not exists users(id bigint auto_increment primary key, email varchar(50) not null "
        "unique, "
        "pwd char(64), qty int(11) default 0, \"key\" VARCHAR (9), on_sale boolean default false, note "
        "mediumtext, "
        "created_at datetime(3) default current_timestamp(3), primary_color varchar(7) default 'varchar(1)')";
    EXPECT_EQ(
        Dialect(Product::sqlite).ddl(portable),
        "create table if not exists users(id integer primary key autoincrement, email text "
        "check(length(email) <= 50) "
        "not null unique, pwd text check(length(pwd) <= 64), qty integer default 0, \"key\" text "
        "check(length(\"key\") <= 9), on_sale integer default false, note text, "
        "created_at text default (strftime('%Y-%m-%dT%H:%M:%fZ','now')), "
        "primary_color text check(length(primary_color) <= 7) default 'varchar(1)')"
    );
    EXPECT_EQ(
        Dialect(Product::mariadb).ddl("create table t(a int)"),
        "create table t(a int) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_nopad_bin"
    );
    EXPECT_EQ(
        Dialect(Product::mariadb).ddl("create table t(a int) engine=Aria"),
        "create table t(a int) engine=Aria"
    );
    for (const Product product : {Product::sqlite, Product::mariadb})
        EXPECT_EQ(
            Dialect(product).ddl("insert into t values('varchar(3)', now())"),
            "insert into t values('varchar(3)', now())"
        );
}

TEST(Dialect, Upserts) {
    const std::string_view columns[] = {"a", "b"};
    const std::string_view keys[] = {"a"};
    const std::string_view updated[] = {"b"};
    EXPECT_EQ(
        Dialect(Product::sqlite).upsert("t", columns, keys, updated),
        "insert into t(a, b) values(?, ?) on conflict(a) do update set b = excluded.b"
    );
    EXPECT_EQ(
        Dialect(Product::mariadb).upsert("t", columns, keys, {}),
        "insert into t(a, b) values(?, ?) on duplicate key update a = a"
    );
}

TEST(StatementCache, TheLeastRecentlyUsedLeaves) {
    StatementCache<int> cache;
    for (int i = 0; i < 128; ++i) cache.add(std::to_string(i), i);
    ASSERT_TRUE(cache.find("0"));
    cache.add("new", 500);
    EXPECT_TRUE(cache.find("0"));
    EXPECT_FALSE(cache.find("1"));
    EXPECT_EQ(cache.size(), 128U);
    cache.remove("new");
    EXPECT_FALSE(cache.find("new"));
}

template <class T>
bool reads(Value value, T& out) {
    return take_value(value, out);
}

TEST(Values, AreReadWhereNothingIsLost) {
    const auto as_integer = [](Value value) {
        std::int64_t out = 0;
        return take_value(value, out) ? std::optional(out) : std::nullopt;
    };
    EXPECT_EQ(as_integer(std::string("42")), 42);
    EXPECT_EQ(as_integer(std::string("42.00")), 42);
    EXPECT_EQ(as_integer(3.0), 3);
    EXPECT_EQ(as_integer(3.5), std::nullopt);
    EXPECT_EQ(as_integer(9.3e18), std::nullopt);
    EXPECT_EQ(as_integer(std::string("42.5")), std::nullopt);
    EXPECT_EQ(as_integer(Null{}), std::nullopt);
    for (const char* text :
         {"2021-11-28T11:32:11.699Z", "2021-11-28 11:32:11.699", "2021-11-28 11:32:11.699000"}) {
        WallTime time;
        ASSERT_TRUE(reads(Value(std::string(text)), time)) << text;
        EXPECT_EQ(time.time_since_epoch(), std::chrono::milliseconds(1638099131699)) << text;
    }
    WallTime day;
    EXPECT_TRUE(reads(Value(std::string("2021-11-28")), day));
    EXPECT_FALSE(reads(Value(std::string("yesterday")), day));
    std::optional<std::string> none = "x";
    EXPECT_TRUE(reads(Value(Null{}), none));
    EXPECT_FALSE(none);
    bool flag = false;
    EXPECT_FALSE(reads(Value(std::int64_t{2}), flag));
}

TEST(Errors, AreMadeOfNamesAndFoundAgainThroughContext) {
    const Error error =
        Error(
            make_error_code(SqlErrc::unique_violation), "there is such a row already: constraint users.email"
        )
            .within("statement 2")
            .within("register");
    EXPECT_EQ(constraint_of(error), "users.email");
    EXPECT_TRUE(violates_unique(error, "email"));
    EXPECT_TRUE(violates_unique(error, "users.email"));
    EXPECT_FALSE(violates_unique(error, "mail"));
    EXPECT_FALSE(constraint_of(Error(flotilla::Errc::io, "constraint x")));
    EXPECT_EQ(general(Error(flotilla::Errc::io)).code(), flotilla::Errc::io);
}

}  // namespace

}  // namespace flotilla::sql
