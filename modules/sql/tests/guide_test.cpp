// The examples of docs/sql.md, compiled and run. The last test compares the page with this file.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/sql/database.hpp"
#include "flotilla/sql/migration.hpp"
#include "sql_harness.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;

struct User {
    std::optional<std::int64_t> id;  // made by the database
    std::string email;
    std::string name;
    std::optional<std::string> nickname;  // NULL
    std::optional<WallTime> created_at;   // has a default
};

FLT_DESCRIBE(User, id, email, name, nickname, created_at)

constexpr sql::Migration migrations[] = {
    {"V1__create_users",
     "create table users(id bigint auto_increment primary key, email varchar(50) not null unique, "
     "name varchar(50) not null, nickname varchar(50), created_at datetime(3) default current_timestamp(3))"},
    {"V2__create_accounts",
     "create table accounts(email varchar(50) primary key, balance bigint not null check(balance >= 0));"
     "insert into accounts(email, balance) values('ann@example.com', 100), ('ben@example.com', 0)"},
};

/// Takes a Session, so that it works by itself and within a transaction.
Task<Result<std::int64_t>> add_user(sql::Session& session, User user) {
    const auto added = co_await session.insert("users", user);
    if (added) co_return added->last_id;
    if (sql::violates_unique(added.error(), "email")) co_return fail(Errc::conflict, "this address is taken");
    co_return fail(added.error());
}

Task<Result<std::optional<User>>> find_user(sql::Session& session, std::string email) {
    co_return co_await session.query_one<User>("select * from users where email = ?", email);
}

Task<Result<void>> rename_user(sql::Database& db, std::string email, std::string name) {
    FLT_CO_TRY(auto tx, co_await db.begin());
    FLT_CO_TRY(const auto user, co_await find_user(tx, email));
    if (!user) co_return fail(Errc::not_found);  // the scope ends: nothing has happened
    FLT_CO_CHECK(co_await tx.execute("update users set name = ? where email = ?", name, email));
    co_return co_await tx.commit();
}

Task<Result<std::int64_t>> transfer(
    sql::Database& db, std::string from, std::string to, std::int64_t amount
) {
    const std::function<Result<std::int64_t>(sql::Statements&)> body = [=](sql::Statements& tx
                                                                       ) -> Result<std::int64_t> {
        FLT_TRY(
            const auto taken,
            tx.execute(
                "update accounts set balance = balance - ? where email = ? and balance >= ?",
                amount,
                from,
                amount
            )
        );
        if (taken.rows == 0) return fail(Errc::conflict, "not enough");
        FLT_CHECK(tx.execute("update accounts set balance = balance + ? where email = ?", amount, to));
        return tx.query_value<std::int64_t>("select balance from accounts where email = ?", from);
    };
    co_return co_await db.at_once<std::int64_t>(body);
}

Task<Result<void>> open_and_use(runtime::Runtime& runtime, config::Environment environment) {
    FLT_CO_TRY(const auto config, environment.bind<sql::DataSourceConfig>("spring.datasource"));
    FLT_CO_TRY(const auto db, co_await sql::Database::open(runtime, config));
    FLT_CO_CHECK(co_await sql::migrate(*db, migrations));

    const std::string ann = "ann@example.com";
    const std::string ben = "ben@example.com";
    const std::string anna = "Anna";
    const User user{.id = {}, .email = ann, .name = "Ann", .nickname = {}, .created_at = {}};
    FLT_CO_TRY(const auto id, co_await add_user(*db, user));
    EXPECT_EQ(id, 1);
    const auto twice = co_await add_user(*db, user);
    EXPECT_EQ(twice.error().message(), "this address is taken");
    FLT_CO_CHECK(co_await rename_user(*db, ann, anna));
    FLT_CO_TRY(const auto found, co_await find_user(*db, ann));
    EXPECT_EQ(found->name, "Anna");
    const auto nobody = co_await rename_user(*db, ben, anna);
    EXPECT_EQ(nobody.error().code(), Errc::not_found);

    FLT_CO_TRY(const auto left, co_await transfer(*db, ann, ben, 30));
    EXPECT_EQ(left, 70);
    const auto too_much = co_await transfer(*db, ann, ben, 71);
    EXPECT_EQ(too_much.error().message(), "not enough");
    co_return Result<void>();
}

TEST(Guide, ItsExamplesWork) {
    const TemporaryFolder folder;
    run_on_loop([&](runtime::Runtime& runtime) -> Task<> {
        const auto environment =
            config::Environment::of({{"spring.datasource.url", "sqlite:" + folder.file("guide.sqlite")}});
        const auto done = co_await open_and_use(runtime, environment);
        EXPECT_TRUE(done) << done.error().message();
    });
}

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(Guide, ThePageShowsWhatIsCompiledHere) {
    const std::string here = text_of(FLOTILLA_SOURCE_DIR "/tests/guide_test.cpp");
    const std::string page = text_of(FLOTILLA_SOURCE_DIR "/../../docs/sql.md");
    ASSERT_FALSE(page.empty());
    std::size_t blocks = 0;
    for (std::size_t at = page.find("```cpp\n"); at != std::string::npos; at = page.find("```cpp\n", at)) {
        at += 7;
        const std::size_t end = page.find("```", at);
        EXPECT_NE(here.find(page.substr(at, end - at)), std::string::npos) << page.substr(at, end - at);
        at = end;
        ++blocks;
    }
    EXPECT_GE(blocks, 5U);
}

}  // namespace

}  // namespace flotilla::sql
