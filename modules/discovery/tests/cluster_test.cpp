#include "flotilla/discovery/cluster.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "sample.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

const TimePoint start{1h};

BalancerConfig round_robin() {
    BalancerConfig config;
    config.algorithm = Algorithm::round_robin;
    return config;
}

std::string pick(Cluster& cluster, PickRequest request = {.now = start}) {
    const Lease lease = cluster.pick(request);
    return lease ? lease.instance().id : "nobody";
}

std::vector<std::string> ids(const std::vector<MemberRef>& members) {
    std::vector<std::string> out;
    for (const MemberRef& member : members) out.push_back(member->instance().id);
    return out;
}

TEST(Cluster, HasNobodyToPickBeforeItsFirstList) {
    Cluster cluster("order-service");
    EXPECT_FALSE(cluster.pick({.now = start}));
    InstanceList unknown;
    cluster.update(unknown, start);
    EXPECT_FALSE(cluster.pick({.now = start}));
    cluster.update(list_of({}), start);
    EXPECT_FALSE(cluster.pick({.now = start}));
}

TEST(Cluster, PicksFromANewListAtOnce) {
    Cluster cluster("order-service", round_robin());
    cluster.update(list_of({instance("a")}), start);
    EXPECT_EQ(pick(cluster), "a");
    cluster.update(list_of({instance("b")}, 2), start);
    EXPECT_EQ(pick(cluster), "b");
    cluster.update(list_of({instance("a")}, 1), start);
    EXPECT_EQ(pick(cluster), "b") << "an older list is ignored";
}

TEST(Cluster, ALeaseCountsAsACallUnderWayUntilItGoes) {
    Cluster cluster("order-service");
    cluster.update(list_of({instance("a")}), start);
    const auto members = cluster.members();
    Lease first = cluster.pick({.now = start});
    {
        const Lease second = cluster.pick({.now = start});
        EXPECT_EQ(members[0]->active(), 2U);
    }
    EXPECT_EQ(members[0]->active(), 1U);
    first.finish(Outcome::success, start + 5ms);
    EXPECT_FALSE(first);
    EXPECT_EQ(members[0]->active(), 0U);
    EXPECT_EQ(members[0]->latency(start + 5ms), 5ms);
}

TEST(Cluster, AnInstanceThatLeftLivesAsLongAsItsCalls) {
    Cluster cluster("order-service");
    cluster.update(list_of({instance("a")}), start);
    Lease lease = cluster.pick({.now = start});
    cluster.update(list_of({}, 2), start);
    EXPECT_FALSE(cluster.pick({.now = start}));
    EXPECT_EQ(lease.instance().id, "a");
    lease.finish(Outcome::connect_failed, start);
}

TEST(Cluster, WhoStaysKeepsItsFiguresAndWhoStartedAnewDoesNot) {
    Cluster cluster("order-service");
    auto instances_now = instances(2);
    cluster.update(list_of(instances_now), start);
    Lease lease = cluster.pick({.now = start, .sticky = "i0"});
    lease.finish(Outcome::connect_failed, start);
    EXPECT_EQ(ids(cluster.candidates()), (std::vector<std::string>{"i1"}));
    instances_now[0].metadata["colour"] = "green";
    cluster.update(list_of(instances_now, 2), start);
    EXPECT_EQ(ids(cluster.candidates()), (std::vector<std::string>{"i1"}));
    EXPECT_EQ(cluster.members()[0]->instance().value("colour"), "green");
    instances_now[0].incarnation = 17;
    cluster.update(list_of(instances_now, 3), start);
    EXPECT_EQ(cluster.candidates().size(), 2U);
}

TEST(ClientFacts, F07_PrefersItsOwnZoneWhileSomebodyIsThere) {
    BalancerConfig config = round_robin();
    config.zone = "z1";
    config.zone_preference = true;
    Cluster cluster("order-service", config);
    cluster.update(list_of({instance("a", 1, {{"zone", "Z1"}}), instance("b", 1, {{"zone", "z2"}})}), start);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pick(cluster), "a");
    cluster.update(list_of({instance("b", 1, {{"zone", "z2"}})}, 2), start);
    EXPECT_EQ(pick(cluster), "b");
}

TEST(Cluster, AnEjectedZoneGivesWayToTheOther) {
    BalancerConfig config = round_robin();
    config.zone = "z1";
    config.zone_preference = true;
    Cluster cluster("order-service", config);
    cluster.update(list_of({instance("a", 1, {{"zone", "z1"}}), instance("b", 1, {{"zone", "z2"}})}), start);
    Lease lease = cluster.pick({.now = start});
    lease.finish(Outcome::connect_failed, start);
    EXPECT_EQ(pick(cluster), "b");
}

TEST(ClientFacts, F08_AStickyCallGoesHomeAndDisturbsNobodysTurn) {
    Cluster cluster("order-service", round_robin());
    cluster.update(list_of(instances(2)), start);
    std::map<std::string, int> others;
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(pick(cluster, {.now = start, .sticky = "i1"}), "i1");
        ++others[pick(cluster)];
    }
    EXPECT_EQ(others["i0"], 50);
    EXPECT_NE(pick(cluster, {.now = start, .sticky = "gone"}), "nobody");
}

TEST(Cluster, AHintNarrowsTheChoiceWhereSomebodyHasIt) {
    Cluster cluster("order-service");
    cluster.update(list_of({instance("a"), instance("b", 1, {{"hint", "green"}}), instance("c")}), start);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(pick(cluster, {.now = start, .hint = "green"}), "b");
    }
    EXPECT_NE(pick(cluster, {.now = start, .hint = "red"}), "nobody");
}

TEST(Cluster, ARetryGoesToSomebodyElseWhileThereIsAnybodyElse) {
    for (const Algorithm algorithm : {Algorithm::least_loaded, Algorithm::maglev, Algorithm::round_robin}) {
        BalancerConfig config;
        config.algorithm = algorithm;
        Cluster cluster("order-service", config);
        cluster.update(list_of(instances(3)), start);
        const std::vector<std::string> tried{"i0", "i2"};
        for (int i = 0; i < 20; ++i) {
            EXPECT_EQ(pick(cluster, {.now = start, .key = "k", .sticky = "i0", .avoid = tried}), "i1");
        }
        const std::vector<std::string> all{"i0", "i1", "i2"};
        EXPECT_NE(pick(cluster, {.now = start, .avoid = all}), "nobody");
    }
}

TEST(Cluster, StaysWithTheSameInstanceWhereThatIsWanted) {
    BalancerConfig config = round_robin();
    config.same_instance = true;
    Cluster cluster("order-service", config);
    cluster.update(list_of(instances(3)), start);
    const std::string first = pick(cluster);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pick(cluster), first);
    const std::vector<std::string> tried{first};
    EXPECT_NE(pick(cluster, {.now = start, .avoid = tried}), first);
    auto others = instances(3);
    std::erase_if(others, [&](const ServiceInstance& instance) { return instance.id == first; });
    cluster.update(list_of(others, 2), start);
    const std::string second = pick(cluster);
    EXPECT_NE(second, first);
    EXPECT_EQ(pick(cluster), second);
}

TEST(Cluster, CallersWithSubsetsUseAllInstancesTogether) {
    std::map<std::string, int> users;
    for (int caller = 0; caller < 200; ++caller) {
        BalancerConfig config;
        config.subset_size = 5;
        config.subset_id = fmt::format("caller-{}", caller);
        Cluster cluster("order-service", config);
        cluster.update(list_of(instances(20)), start);
        const auto mine = ids(cluster.candidates());
        EXPECT_EQ(mine.size(), 5U);
        for (const std::string& id : mine) ++users[id];
        cluster.update(list_of(instances(20), 2), start);
        EXPECT_EQ(ids(cluster.candidates()), mine) << "always the same";
    }
    EXPECT_EQ(users.size(), 20U);
    for (const auto& [id, count] : users) EXPECT_NEAR(count, 50, 30) << id;
}

TEST(Cluster, ANewInstanceGetsItsShareLittleByLittle) {
    for (const Algorithm algorithm : {Algorithm::least_loaded, Algorithm::random, Algorithm::round_robin}) {
        BalancerConfig config;
        config.algorithm = algorithm;
        config.slow_start.window = 10s;
        Cluster cluster("order-service", config);
        cluster.update(list_of(instances(1)), start);
        cluster.update(list_of(instances(2), 2), start);
        Random random(3);
        const auto share_at = [&](Duration age) {
            int fresh = 0;
            for (int i = 0; i < 10'000; ++i) {
                fresh += pick(cluster, {.now = start + age, .random = &random}) == "i1" ? 1 : 0;
            }
            return fresh / 10'000.0;
        };
        EXPECT_NEAR(share_at(0s), 0.1 / 1.1, 0.01) << "never less than a tenth";
        EXPECT_NEAR(share_at(5s), 0.5 / 1.5, 0.01);
        EXPECT_NEAR(share_at(10s), 0.5, 0.01);
    }
}

TEST(Cluster, ActiveChecksTakeInstancesOutAndBringThemBack) {
    std::vector<std::string> told;
    Cluster cluster("order-service", {}, 0, [&](const ClusterEvent& event) {
        told.push_back(fmt::format("{} {}", event.instance.id, static_cast<int>(event.kind)));
    });
    cluster.update(list_of(instances(3)), start);
    cluster.checked("i1", false, start);
    cluster.checked("i1", false, start);
    cluster.checked("unknown", false, start);
    EXPECT_EQ(ids(cluster.candidates()), (std::vector<std::string>{"i0", "i2"}));
    cluster.checked("i1", true, start);
    EXPECT_EQ(cluster.candidates().size(), 3U);
    EXPECT_EQ(told, (std::vector<std::string>{"i1 2", "i1 3"}));
}

TEST(Cluster, UsesEverybodyWhenMostAreUnwell) {
    Cluster cluster("order-service");
    cluster.update(list_of(instances(4)), start);
    cluster.checked("i0", false, start);
    cluster.checked("i1", false, start);
    EXPECT_EQ(cluster.candidates().size(), 2U);
    cluster.checked("i2", false, start);
    EXPECT_EQ(cluster.candidates().size(), 4U) << "panic: below a half";
}

TEST(ClientFacts, F01_EightThreadsShareRoundRobinFairly) {
    Cluster cluster("order-service", round_robin());
    cluster.update(list_of(instances(3)), start);
    std::map<std::string, int> total;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            std::map<std::string, int> mine;
            for (int i = 0; i < (t < 4 ? 37 : 38); ++i) ++mine[pick(cluster)];
            const std::lock_guard lock(mutex);
            for (const auto& [id, count] : mine) total[id] += count;
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& [id, count] : total) EXPECT_NEAR(count, 100, 1) << id;
}

TEST(Cluster, ThreadsPickWhileInstancesComeAndGoAndAreEjected) {
    BalancerConfig config;
    config.outlier.base_ejection_time = 1ms;
    config.outlier.interval = 2ms;
    Cluster cluster("order-service", config, 1);
    cluster.update(list_of(instances(5)), start);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 70; ++t) {  // more than there are slots
        threads.emplace_back([&, t] {
            Random random(static_cast<std::uint64_t>(t));
            TimePoint now = start;
            for (int i = 0; i < 300; ++i) {
                now += 100us;
                Lease lease = cluster.pick({.now = now, .random = &random});
                if (lease)
                    lease.finish(random.below(4) == 0 ? Outcome::connect_failed : Outcome::success, now);
            }
        });
    }
    std::thread changer([&] {
        for (std::uint64_t version = 2; !stop; ++version) {
            cluster.update(list_of(instances(1 + version % 6), version), start);
            std::this_thread::yield();
        }
    });
    for (std::thread& thread : threads) thread.join();
    stop = true;
    changer.join();
    for (const MemberRef& member : cluster.members()) EXPECT_EQ(member->active(), 0U);
}

}  // namespace

}  // namespace flotilla::discovery
