#include "flotilla/sql/transaction.hpp"

#include <gtest/gtest.h>

#include "contract.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;
using runtime::TaskScope;

class TransactionScope : public Contract {
protected:
    static Task<> create(Session& db) {
        must(co_await db.execute("create table extra(id bigint primary key, v bigint not null)"));
    }

    static Task<int> count(Session& db) {
        co_return must(co_await db.query_value<int>("select count(*) from extra"));
    }

    static Task<Result<void>> insert(Session& db, int id) {
        const auto done = co_await db.execute("insert into extra(id, v) values(?, 0)", id);
        if (!done) co_return flotilla::fail(done.error());
        co_return Result<void>();
    }
};

INSTANTIATE_TEST_SUITE_P(All, TransactionScope, testing::ValuesIn(products()), product_name);

TEST_P(TransactionScope, OnlyWhatIsCommittedStays) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create(*db);
        {
            Transaction tx = must(co_await db->begin());
            must(co_await insert(tx, 1));
            EXPECT_EQ(co_await count(tx), 1);
            EXPECT_EQ(co_await count(*db), 0);  // others do not see it yet
            must(co_await tx.commit());
            EXPECT_FALSE(tx.active());
        }
        EXPECT_EQ(co_await count(*db), 1);
        {
            Transaction tx = must(co_await db->begin());
            must(co_await insert(tx, 2));
        }
        {
            Transaction tx = must(co_await db->begin());
            must(co_await insert(tx, 3));
            must(co_await tx.rollback());
            const auto late = co_await insert(tx, 4);
            EXPECT_EQ(late.error().code(), SqlErrc::transaction_aborted);
        }
        {
            Transaction unused = must(co_await db->begin());
            must(co_await unused.commit());
        }
        must(co_await insert(*db, 5));
        const auto ids = must(co_await db->query<int>("select id from extra order by id"));
        EXPECT_EQ(ids, (std::vector<int>{1, 5}));
        EXPECT_EQ(db->stats().active, 0U);
    });
}

TEST_P(TransactionScope, AnExceptionAndACancellationUndoIt) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create(*db);
        static constexpr auto throws = [](Database& on) -> Task<> {
            Transaction tx = must(co_await on.begin());
            must(co_await insert(tx, 1));
            throw std::runtime_error("bug");
        };
        bool thrown = false;
        try {
            co_await throws(*db);
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);

        static constexpr auto sleeps = [](Database& on, bool& inside) -> Task<> {
            Transaction tx = must(co_await on.begin());
            must(co_await insert(tx, 2));
            inside = true;
            co_await runtime::sleep_for(1h);
        };
        bool inside = false;
        TaskScope scope(runtime.loop(0));
        scope.spawn("sleeper", sleeps(*db, inside));
        while (!inside) co_await runtime::sleep_for(1ms);
        co_await scope.stop();

        must(co_await insert(*db, 3));
        EXPECT_EQ(co_await count(*db), 1);
    });
}

TEST_P(TransactionScope, AViolatedConstraintDoesNotEndItAndADeadlineDoes) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create(*db);
        const std::string slow = co_await endless(*db);
        Transaction tx = must(co_await db->begin());
        must(co_await insert(tx, 1));
        const auto twice = co_await insert(tx, 1);
        EXPECT_EQ(twice.error().code(), SqlErrc::unique_violation);
        EXPECT_TRUE(tx.active());
        must(co_await insert(tx, 2));
        {
            const WithDeadline soon(50ms);
            const auto late = co_await tx.execute(slow);
            EXPECT_EQ(late.error().code(), SqlErrc::timed_out);
        }
        EXPECT_FALSE(tx.active());
        const auto committed = co_await tx.commit();
        EXPECT_EQ(committed.error().code(), SqlErrc::transaction_aborted);
        EXPECT_EQ(co_await count(*db), 0);
    });
}

TEST_P(TransactionScope, AReadOnlyOneRefusesToWriteAndSeesOneState) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create(*db);
        must(co_await insert(*db, 1));
        Transaction reader = must(co_await db->begin(Access::read_only));
        EXPECT_EQ(co_await count(reader), 1);
        must(co_await insert(*db, 2));
        EXPECT_EQ(co_await count(reader), 1);
        const auto refused = co_await insert(reader, 3);
        EXPECT_FALSE(refused);
        must(co_await reader.rollback());
        EXPECT_EQ(co_await count(*db), 2);
        // Its connection writes again.
        for (int id = 10; id < 20; ++id) must(co_await insert(*db, id));
    });
}

TEST_P(TransactionScope, SeveralStatementsAreAllOrNothing) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create(*db);
        const auto make = [](std::vector<int> ids) {
            std::vector<Statement> statements;
            for (const int id : ids)
                statements.push_back(make_statement("insert into extra(id, v) values(?, 0)", id));
            return statements;
        };
        std::vector<Statement> twice = make({1, 2, 1});
        const auto failed = co_await db->run_all(std::move(twice));
        EXPECT_EQ(failed.error().code(), SqlErrc::unique_violation);
        EXPECT_TRUE(failed.error().message().starts_with("statement 3: ")) << failed.error().message();
        EXPECT_EQ(co_await count(*db), 0);
        std::vector<Statement> good = make({1, 2, 3});
        good.push_back(make_statement("select id from extra order by id"));
        const auto rows = must(co_await db->run_all(std::move(good)));
        EXPECT_EQ(rows.size(), 4U);
        EXPECT_EQ(rows.back().size(), 3U);
        Transaction tx = must(co_await db->begin());
        std::vector<Statement> more = make({4, 5});
        must(co_await tx.run_all(std::move(more)));
        must(co_await tx.rollback());
        EXPECT_EQ(co_await count(*db), 3);
    });
}

TEST_P(TransactionScope, AFunctionAtOnceIsATransaction) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create(*db);
        const std::function<Result<int>(Statements&)> good = [](Statements& tx) -> Result<int> {
            for (const int id : {1, 2, 3})
                FLT_CHECK(tx.execute("insert into extra(id, v) values(?, ?)", id, id * 10));
            FLT_TRY(const auto again, tx.query_one<int>("select v from extra where id = ?", 9));
            if (again) return flotilla::fail(flotilla::Errc::internal);
            return tx.query_value<int>("select sum(v) from extra");
        };
        const auto sum = co_await db->at_once<int>(good);
        EXPECT_EQ(sum, 60);
        const std::function<Result<void>(Statements&)> bad = [](Statements& tx) -> Result<void> {
            FLT_CHECK(tx.execute("delete from extra"));
            FLT_CHECK(tx.query_value<int>("select v from extra"));
            return {};
        };
        const auto failed = co_await db->at_once<void>(bad);
        EXPECT_EQ(failed.error().code(), flotilla::Errc::not_found);
        EXPECT_EQ(co_await count(*db), 3);
        const std::string slow = co_await endless(*db);
        const std::function<Result<int>(Statements&)> late = [slow](Statements& tx) -> Result<int> {
            FLT_CHECK(tx.execute("delete from extra"));
            return tx.query_value<int>(slow);
        };
        {
            const WithDeadline soon(50ms);
            const auto stopped = co_await db->at_once<int>(late);
            EXPECT_EQ(stopped.error().code(), SqlErrc::timed_out);
        }
        EXPECT_EQ(co_await count(*db), 3);
    });
}

TEST_P(TransactionScope, AStatementWithoutADeadlineHasTheStatementTimeout) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        const std::string slow = co_await endless(*db);
        DataSourceConfig hasty = config();
        hasty.statement_timeout = 30ms;
        const auto other = co_await open_or_throw(runtime, hasty);
        const auto late = co_await other->query<int>(slow);
        EXPECT_EQ(late.error().code(), SqlErrc::timed_out);
    });
}

Task<Result<int>> add_one(Transaction& tx, int first, int second) {
    for (const int id : {first, second}) {
        const auto done = co_await tx.execute("update extra set v = v + 1 where id = ?", id);
        if (!done) co_return flotilla::fail(done.error());
        co_await runtime::sleep_for(1ms);
    }
    co_return 0;
}

Task<> add_many(Database& db, int first, int second, int& failures) {
    for (int i = 0; i < 10; ++i) {
        const std::function<Task<Result<int>>(Transaction&)> body = [=](Transaction& tx) {
            return add_one(tx, first, second);
        };
        const auto done = co_await db.transact(body, 50);
        if (!done) ++failures;
    }
}

TEST_P(TransactionScope, TransactIsRunAgainWhenOthersAreInTheWay) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create(*db);
        must(co_await insert(*db, 1));
        must(co_await insert(*db, 2));
        int failures = 0;
        TaskScope scope(runtime.loop(0));
        for (int i = 0; i < 2; ++i) {
            scope.spawn("there", add_many(*db, 1, 2, failures));
            scope.spawn("back", add_many(*db, 2, 1, failures));
        }
        (void)co_await scope.drain(Deadline::after(runtime.clock().now(), 30s));
        EXPECT_EQ(failures, 0);
        const auto values = must(co_await db->query<int>("select v from extra order by id"));
        EXPECT_EQ(values, (std::vector<int>{40, 40}));
    });
}

TEST_P(TransactionScope, ADeadlineStopsAStatementAndTheConnectionIsFreeAgain) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        DataSourceConfig one = config();
        one.hikari.maximum_pool_size = 1;
        const auto db = co_await open_or_throw(runtime, one);
        must(co_await db->execute("drop table if exists numbers"));
        const std::string slow = co_await endless(*db);
        const TimePoint begun = runtime.clock().now();
        for (int i = 0; i < 3; ++i) {
            const WithDeadline soon(30ms);
            const auto late = co_await db->query<int>(slow);
            EXPECT_EQ(late.error().code(), SqlErrc::timed_out) << late.error().message();
        }
        EXPECT_LT(runtime.clock().now() - begun, 5s);
        const auto next = co_await db->query_value<int>("select 1");
        EXPECT_EQ(next, 1);

        static constexpr auto query = [](Database& on, std::string text, bool& finished) -> Task<> {
            (void)co_await on.query<int>(text);
            finished = true;
        };
        bool finished = false;
        TaskScope scope(runtime.loop(0));
        scope.spawn("slow", query(*db, slow, finished));
        while (db->stats().active == 0) co_await runtime::sleep_for(1ms);
        co_await runtime::sleep_for(10ms);
        co_await scope.stop();
        EXPECT_FALSE(finished);
        const auto after = co_await db->query_value<int>("select 1");
        EXPECT_EQ(after, 1);
        EXPECT_LT(runtime.clock().now() - begun, 10s);
    });
}

}  // namespace

}  // namespace flotilla::sql
