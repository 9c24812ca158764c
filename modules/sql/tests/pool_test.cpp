#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fake_driver.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/tracing/tracer.hpp"
#include "sql_harness.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;
using runtime::TaskScope;

PoolConfig of_size(std::size_t connections) {
    return {.maximum_pool_size = connections};
}

Task<std::unique_ptr<Database>> open_fake(
    Runtime& runtime, std::shared_ptr<FakeServer> server, PoolConfig pool, Telemetry telemetry = {}
) {
    DataSourceConfig config;
    config.hikari = std::move(pool);
    std::unique_ptr<Driver> driver = std::make_unique<FakeDriver>(std::move(server));
    co_return must(co_await Database::open(runtime, std::move(driver), std::move(config), telemetry));
}

/// Notes it while the connection is its own: a statement by itself is over before its caller goes on.
Task<> note_turn(Database& db, int number, std::vector<int>& order) {
    auto turn = co_await db.begin();
    order.push_back(turn ? number : -1);
    if (turn) must(co_await turn->rollback());
}

TEST(Pool, WhoWaitsIsServedInTurn) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto db = co_await open_fake(runtime, std::make_shared<FakeServer>(), of_size(1));
        Transaction holder = must(co_await db->begin());
        std::vector<int> order;
        TaskScope scope(runtime.loop(0));
        for (int i = 0; i < 20; ++i) scope.spawn("caller", note_turn(*db, i, order));
        EXPECT_EQ(db->stats().pending, 20U);
        EXPECT_EQ(db->stats().active, 1U);
        must(co_await holder.commit());
        (void)co_await scope.drain(Deadline::after(runtime.clock().now(), 10s));
        EXPECT_EQ(order.size(), 20U);
        EXPECT_TRUE(std::ranges::is_sorted(order));
        EXPECT_EQ(db->stats().pending, 0U);
    });
}

TEST(Pool, WaitingEndsAndSaysWhatHikariSays) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const PoolConfig pool{
            .pool_name = "orders", .maximum_pool_size = 1, .maximum_pending = 1, .connection_timeout = 20ms
        };
        const auto db = co_await open_fake(runtime, std::make_shared<FakeServer>(), pool);
        Transaction holder = must(co_await db->begin());
        const auto late = co_await db->query_value<int>("select 1");
        EXPECT_EQ(late.error().code(), SqlErrc::pool_exhausted);
        EXPECT_TRUE(late.error().message().starts_with(
            "orders - Connection is not available, request timed out after 2"
        )) << late.error().message();
        EXPECT_TRUE(late.error().message().ends_with("ms (total=1, idle=0, waiting=1)"));
        EXPECT_TRUE(is_retryable(late.error()));
        EXPECT_EQ(db->stats().timeouts, 1U);
        {
            const WithDeadline soon(5ms);
            const auto sooner = co_await db->query_value<int>("select 1");
            EXPECT_EQ(sooner.error().code(), SqlErrc::timed_out);
        }
        std::vector<int> order;
        TaskScope scope(runtime.loop(0));
        scope.spawn("first", note_turn(*db, 1, order));
        const auto refused = co_await db->query_value<int>("select 1");
        EXPECT_EQ(refused.error().message(), "orders: 1 callers wait already");
        co_await scope.stop();
        EXPECT_EQ(db->stats().pending, 0U);
        must(co_await holder.rollback());
        const auto free = co_await db->query_value<int>("select 1");
        EXPECT_EQ(free, 1);
    });
}

TEST(Pool, ALoopCanWaitForWhatAnotherLoopHolds) {
    static constexpr auto many = [](Database& db, int& done) -> Task<int> {
        for (int i = 0; i < 200; ++i) {
            const auto one = co_await db.query_value<int>("select 1");
            if (one) ++done;
        }
        co_return 0;
    };
    run_on_loop(
        [](Runtime& runtime) -> Task<> {
            const auto db = co_await open_fake(runtime, std::make_shared<FakeServer>(), of_size(2));
            int here = 0;
            int there = 0;
            TaskScope scope(runtime.loop(0));
            static constexpr auto far = [](Runtime& on, Database& database, int& done) -> Task<> {
                const std::function<Task<int>()> start = [&] { return many(database, done); };
                (void)co_await on.on(on.loop(1), start);
            };
            static constexpr auto near = [](Database& database, int& done) -> Task<> {
                (void)co_await many(database, done);
            };
            std::vector<int> dones(4, 0);
            scope.spawn("far", far(runtime, *db, there));
            for (int& done : dones) scope.spawn("near", near(*db, done));
            (void)co_await scope.drain(Deadline::after(runtime.clock().now(), 20s));
            for (const int done : dones) here += done;
            EXPECT_EQ(there, 200);
            EXPECT_EQ(here, 800);
            EXPECT_LE(db->stats().total, 2U);
            EXPECT_EQ(db->stats().active, 0U);
        },
        2
    );
}

TEST(Pool, ALostConnectionIsReplacedAndATypedErrorIsGivenMeanwhile) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server, of_size(2));
        server->lost = 1;
        const auto lost = co_await db->query_value<int>("select 1");
        EXPECT_EQ(lost.error().code(), SqlErrc::connection_lost);
        EXPECT_EQ(general(lost.error()).code(), flotilla::Errc::unavailable);
        server->up = false;
        const auto down = co_await db->query_value<int>("select 1");
        EXPECT_EQ(down.error().code(), SqlErrc::connection_lost);
        const DatabaseHealth ill = co_await db->health();
        EXPECT_FALSE(ill.up);
        EXPECT_EQ(ill.error, "refused");
        EXPECT_EQ(db->stats().total, 0U);
        server->up = true;
        const auto back = co_await db->query_value<int>("select 1");
        EXPECT_EQ(back, 1);
        const DatabaseHealth well = co_await db->health();
        EXPECT_TRUE(well.up);
        EXPECT_EQ(well.database, "MariaDB");

        // A connection that died in the pool is not noticed by the caller.
        const int before = server->opened;
        server->alive = false;
        const auto unnoticed = co_await db->query_value<int>("select 1");
        EXPECT_EQ(unnoticed, 1);
        EXPECT_EQ(server->opened, before + 1);
    });
}

TEST(Pool, AStartThatCannotConnectFails) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        server->up = false;
        std::unique_ptr<Driver> driver = std::make_unique<FakeDriver>(server);
        const DataSourceConfig config;
        const auto opened = co_await Database::open(runtime, std::move(driver), config);
        EXPECT_EQ(opened.error().message(), "HikariPool-1: refused");
        const PoolConfig patient{.initialization_fail_timeout = -1ms};
        const auto db = co_await open_fake(runtime, server, patient);
        EXPECT_EQ(db->stats().total, 0U);
    });
}

TEST(Pool, IdleAndOldConnectionsAreClosed) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const PoolConfig pool{.minimum_idle = 1, .idle_timeout = 20ms, .max_lifetime = 0ms};
        const auto db = co_await open_fake(runtime, server, pool);
        {
            Transaction first = must(co_await db->begin());
            Transaction second = must(co_await db->begin());
            must(co_await first.execute("select 1"));
            must(co_await second.execute("select 1"));
        }
        const Deadline limit = Deadline::after(runtime.clock().now(), 10s);
        while (db->stats().total > 1 && !limit.passed(runtime.clock().now()))
            co_await runtime::sleep_for(1ms);
        EXPECT_EQ(db->stats().total, 1U);
        EXPECT_EQ(db->stats().idle, 1U);

        const PoolConfig mortal{.minimum_idle = 1, .idle_timeout = 0ms, .max_lifetime = 20ms};
        const auto other = std::make_shared<FakeServer>();
        const auto short_lived = co_await open_fake(runtime, other, mortal);
        while (short_lived->stats().total > 0 && !limit.passed(runtime.clock().now()))
            co_await runtime::sleep_for(1ms);
        EXPECT_EQ(other->opened, 1);
        const auto one = co_await short_lived->query_value<int>("select 1");
        EXPECT_EQ(one, 1);
        EXPECT_EQ(other->opened, 2);
    });
}

TEST(Pool, MetersHaveHikarisNames) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        metrics::Registry registry;
        {
            const Telemetry telemetry{.meters = &registry};
            const PoolConfig pool{.maximum_pool_size = 3};
            const auto db = co_await open_fake(runtime, std::make_shared<FakeServer>(), pool, telemetry);
            Transaction tx = must(co_await db->begin());
            must(co_await db->query_value<int>("select 1"));
            const std::string text = registry.scrape();
            for (const char* line : {
                     "hikaricp_connections{pool=\"HikariPool-1\"} 2.0",
                     "hikaricp_connections_active{pool=\"HikariPool-1\"} 1.0",
                     "hikaricp_connections_idle{pool=\"HikariPool-1\"} 1.0",
                     "hikaricp_connections_pending{pool=\"HikariPool-1\"} 0.0",
                     "hikaricp_connections_max{pool=\"HikariPool-1\"} 3.0",
                     "hikaricp_connections_min{pool=\"HikariPool-1\"} 1.0",
                     "hikaricp_connections_timeout_total{pool=\"HikariPool-1\"} 0.0",
                     "hikaricp_connections_acquire_seconds_count{pool=\"HikariPool-1\"} 3",
                     "hikaricp_connections_usage_seconds_count{pool=\"HikariPool-1\"} 2",
                     "hikaricp_connections_creation_seconds_count{pool=\"HikariPool-1\"} 2",
                     "jdbc_connections_max{name=\"HikariPool-1\"} 3.0",
                 })
                EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
        }
        EXPECT_EQ(registry.scrape().find("hikaricp_connections{"), std::string::npos);
    });
}

TEST(Pool, EachStatementIsASpan) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        tracing::MemorySpanSink sink;
        tracing::Tracer tracer({.sampler = tracing::always_sampler()}, runtime.clock(), sink);
        const Telemetry telemetry{.tracer = &tracer};
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server, of_size(10), telemetry);
        (void)sink.take();
        must(co_await db->execute("-- who\nSELECT * from users where email = ?", "a@b.c"));
        Transaction tx = must(co_await db->begin());
        must(co_await tx.execute("insert into users(email) values(?)", "x@y.z"));
        must(co_await tx.commit());
        const std::function<Result<void>(Statements&)> both = [](Statements& at_once) -> Result<void> {
            FLT_CHECK(at_once.execute("update users set name = ?", "x"));
            FLT_CHECK(at_once.execute("replace into users(name) values(?)", "y"));
            return {};
        };
        must(co_await db->at_once<void>(both));
        server->lost = 1;
        const auto lost = co_await db->execute("delete from users");
        EXPECT_FALSE(lost);
        const auto spans = sink.take();
        std::vector<std::string> names;
        for (const auto& span : spans) names.emplace_back(span.name());
        EXPECT_EQ(
            names, (std::vector<std::string>{"select", "insert", "commit", "update", "replace", "delete"})
        );
        EXPECT_EQ(spans[0].kind, tracing::SpanKind::client);
        EXPECT_EQ(spans[0].find_tag("sql.query"), "-- who\nSELECT * from users where email = ?");
        EXPECT_EQ(spans[0].remote().service, "mysql-fake");
        EXPECT_EQ(spans[0].remote().port, 3306);
        EXPECT_FALSE(spans[0].find_tag("error"));
        EXPECT_EQ(spans[5].find_tag("error"), "gone");
    });
}

TEST(Pool, SleuthsNamesAreASwitch) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        tracing::MemorySpanSink sink;
        tracing::Tracer tracer({.sampler = tracing::always_sampler()}, runtime.clock(), sink);
        const Telemetry telemetry{.tracer = &tracer, .sleuth_names = true};
        const auto db = co_await open_fake(runtime, std::make_shared<FakeServer>(), of_size(10), telemetry);
        Transaction tx = must(co_await db->begin());
        must(co_await tx.execute("select 1"));
        must(co_await tx.commit());
        const auto spans = sink.take();
        EXPECT_EQ(spans.at(0).find_tag("jdbc.query"), "select 1");
        EXPECT_EQ(spans.at(0).find_tag("jdbc.row-count"), "1");
        EXPECT_EQ(spans.at(1).annotation_at(0).value, "jdbc.commit");
    });
}

TEST(Pool, AClosedDatabaseLeavesNothingOpen) {
    const auto server = std::make_shared<FakeServer>();
    run_on_loop([&](Runtime& runtime) -> Task<> {
        {
            const auto db = co_await open_fake(runtime, server, of_size(10));
            Transaction tx = must(co_await db->begin());
            must(co_await tx.execute("select 1"));
        }
        EXPECT_EQ(server->rollbacks, 1);
        EXPECT_EQ(server->opened, server->closed);
        co_return;
    });
}

}  // namespace

}  // namespace flotilla::sql
