#include "flotilla/sql/company.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fake_driver.hpp"
#include "sql_harness.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;
using runtime::TaskScope;

using Body = std::function<Result<int>(Statements&)>;

Task<std::unique_ptr<Database>> open_fake(Runtime& runtime, std::shared_ptr<FakeServer> server) {
    DataSourceConfig config;
    config.hikari.maximum_pool_size = 4;
    std::unique_ptr<Driver> driver = std::make_unique<FakeDriver>(std::move(server));
    co_return must(co_await Database::open(runtime, std::move(driver), std::move(config)));
}

Body writing(int number) {
    return [number](Statements& tx) -> Result<int> {
        FLT_CHECK(tx.execute("update rows set n = n + 1"));
        return number;
    };
}

/// What became of each of many transactions that came at the same moment.
struct Crowd {
    Crowd(Runtime& runtime, Database& database, CompanyConfig config = {})
        : clock(runtime.clock()), db(database), company(config), scope(runtime.loop(0)) {}

    void send(Body body) {
        const std::size_t place = outcomes.size();
        outcomes.emplace_back(flotilla::fail(flotilla::Errc::internal, "no end yet"));
        scope.spawn("one", travel(*this, place, std::move(body)));
    }

    template <class In>
    void send(std::shared_ptr<const Together<In, int>> kind, In in) {
        const std::size_t place = outcomes.size();
        outcomes.emplace_back(flotilla::fail(flotilla::Errc::internal, "no end yet"));
        scope.spawn("one", travel_together<In>(*this, place, std::move(kind), std::move(in)));
    }

    template <class In>
    static Task<> travel_together(
        Crowd& crowd, std::size_t place, std::shared_ptr<const Together<In, int>> kind, In in
    ) {
        auto outcome = co_await crowd.company.at_once(crowd.db, kind, std::move(in));
        crowd.outcomes[place] = std::move(outcome);
    }

    static Task<> travel(Crowd& crowd, std::size_t place, Body body) {
        auto outcome = co_await crowd.company.at_once<int>(crowd.db, std::move(body));
        crowd.outcomes[place] = std::move(outcome);
    }

    Task<> end() {
        const auto left = co_await scope.drain(Deadline::after(clock.now(), 10s));
        EXPECT_EQ(left, 0U);
    }

    [[nodiscard]] int good() const {
        int count = 0;
        for (const auto& outcome : outcomes) count += outcome ? 1 : 0;
        return count;
    }

    const Clock& clock;
    Database& db;
    Company company;
    std::vector<Result<int>> outcomes;
    TaskScope scope;
};

TEST(Company, WhoComesWhileOthersAreWrittenSharesACommit) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Crowd crowd(runtime, *db);
        for (int i = 0; i < 20; ++i) crowd.send(writing(i));
        co_await crowd.end();
        for (int i = 0; i < 20; ++i) EXPECT_EQ(crowd.outcomes[static_cast<std::size_t>(i)], i);
        EXPECT_EQ(server->executed, 20);
        EXPECT_EQ(server->commits, 2) << "the first, and all who came meanwhile";
    });
}

TEST(Company, AGroupIsNoLargerThanAllowedAndSeveralAreUnderWay) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Crowd crowd(runtime, *db, {.groups = 2, .largest = 5});
        for (int i = 0; i < 22; ++i) crowd.send(writing(i));
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 22);
        // Two alone and four groups of five; one or two more when both groups share the last ones.
        EXPECT_GE(server->commits, 6);
        EXPECT_LE(server->commits, 8);
    });
}

TEST(Company, WhoFailsFailsAlone) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const TemporaryFolder folder;
        const auto db = co_await open_or_throw(runtime, sqlite_config(folder));
        must(co_await db->execute("create table boats(name text primary key)"));
        Crowd crowd(runtime, *db);
        for (int i = 0; i < 12; ++i)
            crowd.send([i](Statements& tx) -> Result<int> {
                // Two of one name.
                FLT_CHECK(tx.execute("insert into boats(name) values (?)", std::to_string(i == 7 ? 6 : i)));
                if (i == 9) throw std::runtime_error("no boat");
                return i;
            });
        const auto left = co_await crowd.scope.drain(Deadline::after(crowd.clock.now(), 10s));
        EXPECT_EQ(left, 0U);
        EXPECT_EQ(crowd.good(), 10);
        EXPECT_EQ(crowd.outcomes[7].error().code(), SqlErrc::unique_violation);
        const auto count = co_await db->query_value<int>("select count(*) from boats");
        EXPECT_EQ(count, 10);
    });
}

TEST(Company, AConnectionThatIsLostBeforeTheCommitCostsNobodyAnything) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Crowd crowd(runtime, *db);
        crowd.send(writing(0));
        crowd.send([server, first = std::make_shared<bool>(true)](Statements& tx) -> Result<int> {
            if (std::exchange(*first, false)) server->lost = 1;
            FLT_CHECK(tx.execute("update rows set n = n + 1"));
            return 1;
        });
        for (int i = 2; i < 10; ++i) crowd.send(writing(i));
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 10);
    });
}

TEST(Company, ACommitThatGotLostIsToldToAllAndNotRepeated) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Crowd crowd(runtime, *db);
        crowd.send(writing(0));
        crowd.send([server](Statements& tx) -> Result<int> {
            server->lost_commits = 1;
            FLT_CHECK(tx.execute("update rows set n = n + 1"));
            return 1;
        });
        for (int i = 2; i < 10; ++i) crowd.send(writing(i));
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 1);
        EXPECT_EQ(crowd.outcomes[5].error().code(), SqlErrc::connection_lost);
        EXPECT_EQ(server->executed, 10);
    });
}

/// Writes names of boats, however many at a time; how often in which way.
struct Boats {
    std::atomic<int> ones{0};
    std::atomic<int> alls{0};
    std::shared_ptr<const Together<std::string, int>> kind =
        std::make_shared<const Together<std::string, int>>(
            [this](Statements& tx, const std::string& name) -> Result<int> {
                ++ones;
                FLT_CHECK(tx.execute("insert into boats(name) values(?)", name));
                return static_cast<int>(name.size());
            },
            [this](Statements& tx, std::span<const std::string* const> names) -> Result<std::vector<int>> {
                ++alls;
                std::vector<Statement> inserts;
                std::vector<int> sizes;
                for (const std::string* name : names) {
                    inserts.push_back(make_statement("insert into boats(name) values(?)", *name));
                    sizes.push_back(static_cast<int>(name->size()));
                }
                FLT_CHECK(tx.execute_all(inserts));
                return sizes;
            }
        );
};

TEST(Company, ThoseOfAKindAreWrittenTogether) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Boats sail;
        Boats steam;
        Crowd crowd(runtime, *db);
        for (std::size_t i = 0; i < 8; ++i) {
            crowd.send(sail.kind, std::string(i, 's'));
            crowd.send(steam.kind, std::string(i, 't'));
            crowd.send(writing(static_cast<int>(i)));
        }
        co_await crowd.end();
        for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(crowd.outcomes[i], static_cast<int>(i / 3));
        EXPECT_EQ(sail.ones, 1) << "who came first, alone";
        EXPECT_EQ(sail.alls, 1);
        EXPECT_EQ(steam.ones, 0);
        EXPECT_EQ(steam.alls, 1);
        EXPECT_EQ(server->executed, 24);
        EXPECT_EQ(server->commits, 2);
        EXPECT_EQ(server->rollbacks, 0);
    });
}

TEST(Company, ThoseWhoOnlyLookShareTheNextLookAndTakeNoTransaction) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        const auto look = std::make_shared<const Together<int, int>>(
            [](Statements& tx, int number) -> Result<int> {
                FLT_CHECK(tx.execute("select one from rows"));
                return number;
            },
            [](Statements& tx, std::span<const int* const> numbers) -> Result<std::vector<int>> {
                FLT_CHECK(tx.execute("select one from rows"));
                std::vector<int> all;
                for (const int* number : numbers) all.push_back(*number);
                return all;
            }
        );
        Crowd crowd(runtime, *db, {.access = Access::read_only});
        for (int i = 0; i < 20; ++i) crowd.send(look, i);
        co_await crowd.end();
        for (int i = 0; i < 20; ++i) EXPECT_EQ(crowd.outcomes[static_cast<std::size_t>(i)], i);
        EXPECT_EQ(server->executed, 2) << "of the first, and of all who came meanwhile";
        EXPECT_EQ(server->commits, 0);
        EXPECT_EQ(server->rollbacks, 0);
    });
}

TEST(Company, WhatIsOutOfTheOrdinaryForAllIsWrittenOneByOne) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const TemporaryFolder folder;
        const auto db = co_await open_or_throw(runtime, sqlite_config(folder));
        must(co_await db->execute("create table boats(name text primary key)"));
        Boats boats;
        // Says in a friendly way what the other says with an error, so that nobody has to go alone.
        const auto careful = std::make_shared<const Together<std::string, int>>(
            [](Statements& tx, const std::string& name) -> Result<int> {
                const auto done = tx.execute("insert into boats(name) values(?)", name);
                return done ? static_cast<int>(name.size()) : -1;
            },
            [&boats](Statements& tx, std::span<const std::string* const> names) -> Result<std::vector<int>> {
                ++boats.alls;
                for (const std::string* name : names)
                    FLT_CHECK(tx.execute("insert into boats(name) values(?)", *name));
                return std::vector<int>(names.size(), 0);
            }
        );
        Crowd crowd(runtime, *db);
        for (std::size_t i = 0; i < 12; ++i) crowd.send(careful, std::string(i == 7 ? 6 : i, 'b'));
        co_await crowd.end();
        for (std::size_t i = 0; i < 12; ++i)
            EXPECT_EQ(crowd.outcomes[i], i == 7 ? -1 : static_cast<int>(i)) << i;
        EXPECT_EQ(boats.alls, 1);
        const auto count = co_await db->query_value<int>("select count(*) from boats");
        EXPECT_EQ(count, 11);
    });
}

TEST(Company, OfThoseTogetherWhoFailsFailsAlone) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const TemporaryFolder folder;
        const auto db = co_await open_or_throw(runtime, sqlite_config(folder));
        must(co_await db->execute("create table boats(name text primary key)"));
        Boats boats;
        Crowd crowd(runtime, *db);
        for (std::size_t i = 0; i < 12; ++i) crowd.send(boats.kind, std::string(i == 7 ? 6 : i, 'b'));
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 11);
        EXPECT_EQ(crowd.outcomes[7].error().code(), SqlErrc::unique_violation);
        const auto count = co_await db->query_value<int>("select count(*) from boats");
        EXPECT_EQ(count, 11);
    });
}

TEST(Company, AConnectionThatIsLostUnderThoseTogetherCostsNobodyAnything) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Boats boats;
        Crowd crowd(runtime, *db);
        crowd.send(boats.kind, std::string("first"));
        crowd.send([server, first = std::make_shared<bool>(true)](Statements& tx) -> Result<int> {
            if (std::exchange(*first, false)) server->lost = 1;
            FLT_CHECK(tx.execute("update rows set n = n + 1"));
            return 1;
        });
        for (std::size_t i = 0; i < 8; ++i) crowd.send(boats.kind, std::string(i, 'b'));
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 10);
        EXPECT_EQ(server->rollbacks, 0) << "nothing is said to a connection that is gone";
    });
}

TEST(Company, WhoLeavesWhileLeadingOrWaitingHoldsUpNobody) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        std::promise<void> gate;
        Crowd patient(runtime, *db);
        std::vector<Result<int>> never;
        TaskScope leader(runtime.loop(0));
        TaskScope waiter(runtime.loop(0));
        static constexpr auto go = [](Company& company, Database& with, Body body) -> Task<> {
            (void)co_await company.at_once<int>(with, std::move(body));
        };
        const Body held = [open = gate.get_future().share()](Statements&) -> Result<int> {
            open.wait();
            return 0;
        };
        leader.spawn("leads", go(patient.company, *db, held));
        waiter.spawn("waits", go(patient.company, *db, writing(1)));
        for (int i = 0; i < 5; ++i) patient.send(writing(i));
        co_await waiter.stop();
        EXPECT_EQ(patient.good(), 0);
        co_await leader.stop();
        co_await patient.end();
        EXPECT_EQ(patient.good(), 5);
        EXPECT_EQ(server->executed, 5) << "not of the one who left";
        gate.set_value();
    });
}

/// Makes a body that says when it has begun, and waits to go on, perhaps longer than anybody for it.
class Held {
public:
    [[nodiscard]] Body body(int number) const {
        return [open = open_, begun = begun_, number](Statements& tx) -> Result<int> {
            *begun = true;
            open.wait();
            FLT_CHECK(tx.execute("update rows set n = n + 1"));
            return number;
        };
    }

    [[nodiscard]] bool begun() const { return *begun_; }

    void let_go() { gate_.set_value(); }

private:
    std::promise<void> gate_;
    std::shared_future<void> open_ = gate_.get_future().share();
    std::shared_ptr<std::atomic<bool>> begun_ = std::make_shared<std::atomic<bool>>(false);
};

Task<> travel_with(Company& company, Database& db, Body body) {
    (void)co_await company.at_once<int>(db, std::move(body));
}

TEST(Company, WhoLeavesWhileLeadingOthersLeavesThemOnTheirWay) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Held first;
        Held second;
        Crowd crowd(runtime, *db);
        TaskScope leader(runtime.loop(0));
        crowd.send(first.body(0));
        while (!first.begun()) co_await runtime::yield();
        leader.spawn("leads", travel_with(crowd.company, *db, second.body(0)));
        for (int i = 0; i < 5; ++i) crowd.send(writing(i));
        first.let_go();
        while (!second.begun()) co_await runtime::yield();
        co_await leader.stop();
        // What its end might have asked of the threads has been done by then.
        for (int i = 0; i < 4; ++i) must(co_await db->execute("select one from rows"));
        second.let_go();
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 6);
        EXPECT_EQ(server->executed, 7 + 4);
        EXPECT_EQ(server->commits, 2) << "nobody had to go alone";
        EXPECT_EQ(server->cancels, 0);
    });
}

TEST(Company, WhatEverybodyHasLeftHoldsUpNobody) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Held first;
        Held second;
        Crowd crowd(runtime, *db, {.largest = 3});
        TaskScope leaving(runtime.loop(0));
        crowd.send(first.body(0));
        while (!first.begun()) co_await runtime::yield();
        leaving.spawn("leads", travel_with(crowd.company, *db, second.body(0)));
        for (int i = 0; i < 2; ++i) leaving.spawn("follows", travel_with(crowd.company, *db, writing(i)));
        for (int i = 0; i < 2; ++i) crowd.send(writing(i));
        first.let_go();
        while (!second.begun()) co_await runtime::yield();
        co_await leaving.stop();
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 3);
        while (server->cancels == 0) co_await runtime::yield();
        second.let_go();
    });
}

TEST(Company, WhoLooksWithOthersWaitsNoLongerThanItMayAndTheyGoOn) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto server = std::make_shared<FakeServer>();
        const auto db = co_await open_fake(runtime, server);
        Held first;
        Held second;
        Crowd crowd(runtime, *db, {.access = Access::read_only});
        crowd.send(first.body(0));
        while (!first.begun()) co_await runtime::yield();
        {
            const WithDeadline soon(100ms);
            crowd.send(second.body(0));
        }
        for (int i = 0; i < 5; ++i) crowd.send(writing(i));
        first.let_go();
        while (!second.begun()) co_await runtime::yield();
        while (crowd.outcomes[1].error().code() != SqlErrc::timed_out) co_await runtime::yield();
        second.let_go();
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 6);
        EXPECT_EQ(server->executed, 7) << "each of them once";
        EXPECT_EQ(server->cancels, 0);
    });
}

TEST(Company, WhoWaitsTooLongIsToldInTime) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const auto db = co_await open_fake(runtime, std::make_shared<FakeServer>());
        std::promise<void> gate;
        Crowd crowd(runtime, *db);
        crowd.send([open = gate.get_future().share()](Statements&) -> Result<int> {
            open.wait();
            return 0;
        });
        {
            const WithDeadline soon(10ms);
            Body body = writing(1);
            const auto late = co_await crowd.company.at_once<int>(*db, std::move(body));
            EXPECT_EQ(late.error().code(), SqlErrc::timed_out);
        }
        gate.set_value();
        co_await crowd.end();
        EXPECT_EQ(crowd.good(), 1);
    });
}

}  // namespace

}  // namespace flotilla::sql
