#include "flotilla/discovery/picker.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "flotilla/discovery/cluster.hpp"
#include "sample.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

const TimePoint start{1h};

struct Fleet {
    Fleet(Algorithm algorithm, std::vector<ServiceInstance> all)
        : cluster("order-service", config(algorithm), 7) {
        cluster.update(list_of(std::move(all)), start);
    }

    static BalancerConfig config(Algorithm algorithm) {
        BalancerConfig config;
        config.algorithm = algorithm;
        return config;
    }

    std::string pick(std::string_view key = {}) {
        const Lease lease = cluster.pick({.now = start, .key = key, .random = &random});
        return lease.instance().id;
    }

    std::map<std::string, int> picks(int count) {
        std::map<std::string, int> by_id;
        for (int i = 0; i < count; ++i) ++by_id[pick()];
        return by_id;
    }

    Random random{42};
    Cluster cluster;
};

TEST(ClientFacts, F01_RoundRobinAlternatesStrictly) {
    Fleet fleet(Algorithm::round_robin, instances(2));
    std::string last = fleet.pick();
    for (int i = 0; i < 9; ++i) {
        const std::string next = fleet.pick();
        EXPECT_NE(next, last);
        last = next;
    }
}

TEST(Picker, RoundRobinStandsStillWhileThereIsOneInstance) {
    Fleet fleet(Algorithm::round_robin, instances(2));
    const std::string first = fleet.pick();
    fleet.cluster.update(list_of(instances(1), 2), start);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(fleet.pick(), "i0");
    fleet.cluster.update(list_of(instances(2), 3), start);
    EXPECT_NE(fleet.pick(), first) << "as if the calls in between had not been";
}

TEST(Picker, RandomIsEven) {
    Fleet fleet(Algorithm::random, instances(4));
    for (const auto& [id, count] : fleet.picks(40'000)) EXPECT_NEAR(count, 10'000, 400) << id;
}

TEST(Picker, RandomMindsWeights) {
    Fleet fleet(Algorithm::random, {instance("a", 1, {{"weight", "3"}}), instance("b", 1)});
    EXPECT_NEAR(fleet.picks(40'000)["a"], 30'000, 400);
}

TEST(ClientFacts, F09_SmoothWeightedRoundRobinIsExactAndNotInBursts) {
    Fleet fleet(Algorithm::weighted, {instance("a", 1, {{"weight", "3"}}), instance("b", 1)});
    const auto counts = fleet.picks(400);
    EXPECT_EQ(counts.at("a"), 300);
    EXPECT_EQ(counts.at("b"), 100);
    // nginx's own example.
    const Candidate five{nullptr, 5};
    const Candidate one{nullptr, 1};
    const std::vector<Candidate> candidates{five, one, one};
    EXPECT_EQ(detail::smooth_schedule(candidates), (std::vector<std::uint32_t>{0, 0, 1, 0, 2, 0, 0}));
}

TEST(Picker, WeightsThatAreNoPositiveNumberAreOne) {
    for (const char* text : {"0", "-3", "x", "", "1.5"}) {
        EXPECT_EQ(instance("a", 1, {{"weight", text}}).weight(), 1U) << text;
    }
    EXPECT_EQ(instance("a", 1, {{"weight", "7"}}).weight(), 7U);
    EXPECT_EQ(instance("a", 1, {{"weight", "99999999"}}).weight(), 10'000U);
}

TEST(Picker, LeastLoadedOfTwoPrefersTheIdleOne) {
    Fleet fleet(Algorithm::least_loaded, instances(2));
    const Lease busy = fleet.cluster.pick({.now = start, .random = &fleet.random});
    for (int i = 0; i < 20; ++i) EXPECT_NE(fleet.pick(), busy.instance().id);
}

TEST(Picker, LeastLoadedOfTwoIsEvenWhenNobodyIsBusy) {
    Fleet fleet(Algorithm::least_loaded, instances(4));
    for (const auto& [id, count] : fleet.picks(40'000)) EXPECT_NEAR(count, 10'000, 400) << id;
}

/// Sixteen calls at once; each ends after the time of its instance.
double share_of_the_slow_one(Algorithm algorithm) {
    Fleet fleet(algorithm, instances(2));
    TimePoint now = start;
    std::multimap<TimePoint, Lease> running;
    int slow = 0;
    constexpr int calls = 4000;
    for (int i = 0; i < calls; ++i) {
        if (running.size() == 16) {
            auto first = running.begin();
            now = first->first;
            first->second.finish(Outcome::success, now);
            running.erase(first);
        }
        Lease lease = fleet.cluster.pick({.now = now, .random = &fleet.random});
        const bool is_slow = lease.instance().id == "i0";
        slow += is_slow ? 1 : 0;
        running.emplace(now + (is_slow ? 100ms : 10ms), std::move(lease));
    }
    return static_cast<double>(slow) / calls;
}

TEST(ClientFacts, F10_AnInstanceTenTimesSlowerGetsLessThanAFifth) {
    EXPECT_LT(share_of_the_slow_one(Algorithm::least_loaded), 0.2);
    EXPECT_LT(share_of_the_slow_one(Algorithm::peak_ewma), 0.2);
    EXPECT_NEAR(share_of_the_slow_one(Algorithm::round_robin), 0.5, 0.01);
}

TEST(Picker, EqualKeysGoToOneInstance) {
    for (const Algorithm algorithm : {Algorithm::ring_hash, Algorithm::maglev}) {
        Fleet fleet(algorithm, instances(10));
        for (int key = 0; key < 50; ++key) {
            const std::string text = fmt::format("user-{}", key);
            const std::string owner = fleet.pick(text);
            for (int i = 0; i < 3; ++i) EXPECT_EQ(fleet.pick(text), owner);
        }
    }
}

std::map<std::string, std::string> owners(Fleet& fleet) {
    std::map<std::string, std::string> out;
    for (int key = 0; key < 10'000; ++key) {
        const std::string text = fmt::format("user-{}", key);
        out[text] = fleet.pick(text);
    }
    return out;
}

TEST(Picker, AnInstanceThatLeavesMovesLittleMoreThanItsOwnKeys) {
    for (const Algorithm algorithm : {Algorithm::ring_hash, Algorithm::maglev}) {
        Fleet fleet(algorithm, instances(10));
        const auto before = owners(fleet);
        fleet.cluster.update(list_of(instances(9), 2), start);
        int moved = 0;
        int own = 0;
        for (const auto& [key, owner] : owners(fleet)) {
            moved += owner != before.at(key) ? 1 : 0;
            own += before.at(key) == "i9" ? 1 : 0;
        }
        EXPECT_GE(moved, own);
        EXPECT_LE(moved, algorithm == Algorithm::ring_hash ? own : own * 3);
        EXPECT_NEAR(own, 1000, 300);
    }
}

TEST(Picker, HashesSpreadByWeight) {
    for (const Algorithm algorithm : {Algorithm::ring_hash, Algorithm::maglev}) {
        Fleet fleet(algorithm, {instance("a", 1, {{"weight", "3"}}), instance("b", 1)});
        int a = 0;
        for (const auto& [key, owner] : owners(fleet)) a += owner == "a" ? 1 : 0;
        EXPECT_NEAR(a, 7500, 500);
    }
}

TEST(Picker, KeysThatAreMuchAlikeHaveHashesThatAreNot) {
    std::set<std::uint64_t> all;
    std::array<int, 64> upper{};
    std::array<int, 64> lower{};
    std::size_t keys = 0;
    const auto add = [&](std::string_view text, std::uint64_t seed) {
        const std::uint64_t hash = detail::hash_of(text, seed);
        all.insert(hash);
        ++upper[hash >> 58];
        ++lower[hash & 63];
        ++keys;
    };
    for (int i = 0; i < 10'000; ++i) {
        add(fmt::format("{}", i), 0);
        add(fmt::format("user-{}", i), 0);
        add(fmt::format("order-service:10.0.0.{}:8080", i), 0);
        add("h7:bench:8080", static_cast<std::uint64_t>(i) + 1);  // the points of one instance
        add(std::string(static_cast<std::size_t>(i % 1000) + 10, 'x'), static_cast<std::uint64_t>(i));
    }
    EXPECT_EQ(all.size(), keys);
    const double mean = static_cast<double>(keys) / 64;
    for (std::size_t i = 0; i < 64; ++i) {
        EXPECT_NEAR(upper[i], mean, 6 * std::sqrt(mean)) << i;
        EXPECT_NEAR(lower[i], mean, 6 * std::sqrt(mean)) << i;
    }
}

TEST(Picker, ACallWithoutAKeyGoesAnywhere) {
    for (const Algorithm algorithm : {Algorithm::ring_hash, Algorithm::maglev}) {
        Fleet fleet(algorithm, instances(3));
        EXPECT_EQ(fleet.picks(300).size(), 3U);
    }
}

}  // namespace

}  // namespace flotilla::discovery
