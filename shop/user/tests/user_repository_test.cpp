#include "flotilla/shop/user/user_repository.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/user/schema.hpp"
#include "run_on_loop.hpp"
#include "temporary_database.hpp"

namespace flotilla::shop::user {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// The MariaDB that FLOTILLA_TEST_MARIADB names, as tests/wire/test_shop_users.py does; otherwise a file.
sql::DataSourceConfig database(const DatabaseFolder& folder) {
    sql::DataSourceConfig config = source_of(folder.url("user"));
    if (const std::string url = variable("FLOTILLA_TEST_MARIADB"); !url.empty()) {
        config.url = url;
        config.username = variable("FLOTILLA_TEST_MARIADB_USER");
        config.password = variable("FLOTILLA_TEST_MARIADB_PASSWORD");
    }
    return config;
}

struct Fixture {
    explicit Fixture(runtime::Runtime& its_runtime)
        : runtime(its_runtime),
          source(runtime, database(folder), {}, migrations()),
          repository(source, std::chrono::milliseconds(500)) {}

    /// Rid of what an earlier test left there.
    Task<> clear() {
        auto opened = co_await sql::Database::open(runtime, database(folder));
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
        if (!opened) co_return;
        for (const char* table : {"users", "flotilla_migrations"}) {
            const std::string drop = std::string("drop table if exists ") + table;
            const auto dropped = co_await (*opened)->execute(drop);
            EXPECT_TRUE(dropped);
        }
    }

    runtime::Runtime& runtime;
    DatabaseFolder folder;
    DataSource source;
    UserRepository repository;
};

using Body = std::function<Task<>(UserRepository&, DataSource&)>;

void with_source(Body body) {
    struct Run {
        static Task<> whole(runtime::Runtime& runtime, Body test) {
            const auto fixture = std::make_unique<Fixture>(runtime);
            if (!variable("FLOTILLA_TEST_MARIADB").empty()) co_await fixture->clear();
            const auto opened = co_await fixture->source.open();
            EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
            co_await test(fixture->repository, fixture->source);
            fixture->source.close();
        }
    };

    test_support::run_on_loop([&](runtime::Runtime& runtime) { return Run::whole(runtime, body); });
}

void with_repository(std::function<Task<>(UserRepository&)> body) {
    with_source([&body](UserRepository& users, DataSource&) { return body(users); });
}

User user(std::string name) {
    return {
        .user_id = new_uuid(),
        .email = name + "@x.io",
        .name = std::move(name),
        .encrypted_pwd = "$2a$10$abcdefghijklmnopqrstuu6VFZE.TtiJ2cr5lBUZZkdTY8FkA5ul2",
        .created_at = WallTime(std::chrono::milliseconds(1'612'934'553'123)),
    };
}

TEST(UserRepository, KeepsUsers) {
    with_repository([](UserRepository& users) -> Task<> {
        const User anna = user("한나 😀");
        const auto added = co_await users.add(anna);
        EXPECT_TRUE(added && *added);
        const auto by_id = co_await users.find(anna.user_id);
        const auto by_email = co_await users.find_by_email(anna.email);
        EXPECT_TRUE(by_id && *by_id && by_email && *by_email);
        if (!by_id || !*by_id || !by_email || !*by_email) co_return;
        EXPECT_EQ((*by_id)->name, anna.name);
        EXPECT_EQ((*by_id)->created_at, anna.created_at);
        EXPECT_EQ((*by_email)->user_id, anna.user_id);
        EXPECT_EQ((*by_email)->encrypted_pwd, anna.encrypted_pwd);
        const auto nobody = co_await users.find_by_email("b@x.io");
        EXPECT_TRUE(nobody && !*nobody);
    });
}

TEST(UserRepository, N12_AnEmailBelongsToOneUser) {
    with_repository([](UserRepository& users) -> Task<> {
        const auto first = co_await users.add(user("anna"));
        const auto second = co_await users.add(user("anna"));
        EXPECT_TRUE(first && *first);
        EXPECT_TRUE(second && !*second);
    });
}

TEST(UserRepository, WhatLooksLikeSqlIsText) {
    with_repository([](UserRepository& users) -> Task<> {
        const User robert = user("'); drop table users; --");
        const auto added = co_await users.add(robert);
        EXPECT_TRUE(added && *added);
        const auto found = co_await users.find_by_email("' or '1'='1");
        EXPECT_TRUE(found && !*found);
        const auto there = co_await users.find(robert.user_id);
        EXPECT_TRUE(there && *there);
    });
}

TEST(UserRepository, N14_ListsComeInPages) {
    with_repository([](UserRepository& users) -> Task<> {
        std::vector<std::string> ids;
        for (const char* name : {"anna", "berta", "carla"}) {
            const User one = user(name);
            ids.push_back(one.user_id);
            const auto added = co_await users.add(one);
            EXPECT_TRUE(added && *added);
        }
        const auto first = co_await users.page(2, "");
        const auto rest = co_await users.page(2, ids[1]);
        const auto all = co_await users.page(std::nullopt, "");
        EXPECT_TRUE(first && rest && all);
        if (!first || !rest || !all) co_return;
        EXPECT_EQ(first->size(), 2U);
        EXPECT_EQ(first->front().name, "anna");
        EXPECT_EQ(rest->size(), 1U);
        EXPECT_EQ(rest->front().name, "carla");
        EXPECT_EQ(all->size(), 3U);
        const auto beyond = co_await users.page(2, "no such id");
        EXPECT_TRUE(beyond && beyond->empty());
    });
}

TEST(UserRepository, ChangesOfTheSameVersionHappenOnce) {
    with_repository([](UserRepository& users) -> Task<> {
        User anna = user("anna");
        const auto added = co_await users.add(anna);
        EXPECT_TRUE(added && *added);
        anna.name = "Anna";
        anna.version = 1;
        const auto first = co_await users.rename(anna);
        anna.name = "Annika";
        const auto second = co_await users.rename(anna);
        EXPECT_TRUE(first && *first);
        EXPECT_TRUE(second && !*second);
        const auto now = co_await users.find(anna.user_id);
        EXPECT_TRUE(now && *now && (*now)->name == "Anna" && (*now)->version == 1);
    });
}

TEST(UserRepository, S48_AStatementThatWaitsIsStoppedAtTheLimit) {
    with_source([](UserRepository& users, DataSource& source) -> Task<> {
        const User anna = user("anna");
        const auto added = co_await users.add(anna);
        EXPECT_TRUE(added && *added);
        User renamed = anna;
        renamed.name = "Anna";
        renamed.version = 1;
        {
            // Somebody else holds the row, and on SQLite the file.
            auto other = co_await source->begin();
            EXPECT_TRUE(other);
            if (!other) co_return;
            const auto held =
                co_await other->execute("update users set version = 0 where user_id = ?", anna.user_id);
            EXPECT_TRUE(held);
            const auto stopped = co_await users.rename(renamed);
            EXPECT_FALSE(stopped);
            const auto read = co_await users.find(anna.user_id);
            EXPECT_TRUE(read && *read) << "readers do not wait";
            const auto undone = co_await other->rollback();
            EXPECT_TRUE(undone);
        }
        const auto later = co_await users.rename(renamed);
        EXPECT_TRUE(later && *later);
        EXPECT_TRUE(TaskContext::current().deadline.never()) << "the limit was that of the statement";
    });
}

}  // namespace
}  // namespace flotilla::shop::user
