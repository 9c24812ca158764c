#include "flotilla/discovery/eureka_reader.hpp"

#include <gtest/gtest.h>

#include "eureka_sample.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;
using eureka::ActionType;
using eureka::InstanceStatus;

class Reader : public ::testing::Test {
protected:
    static EurekaReader::Settings exact() {
        EurekaReader::Settings settings;
        settings.jitter = 0;
        return settings;
    }

    std::vector<std::string> hosts(const std::string& service) const {
        std::vector<std::string> out;
        const Groups groups = reader.copy().groups();
        if (const auto found = groups.find(service); found != groups.end()) {
            for (const ServiceInstance& instance : found->second) out.push_back(instance.host);
        }
        return out;
    }

    void read_full(const std::vector<eureka::InstanceInfo>& infos) {
        ASSERT_EQ(reader.begin(now), Fetch::full);
        reader.full_arrived(applications(infos), now);
    }

    using Hosts = std::vector<std::string>;
    TimePoint now{1h};
    EurekaReader reader{exact(), Random(1), now};
};

using DiscoveryFacts = Reader;

TEST_F(DiscoveryFacts, S18_1_ReadsTheWholeRegistryAtOnce) {
    EXPECT_EQ(reader.begin(now), Fetch::full);
    EXPECT_EQ(reader.begin(now), std::nullopt) << "one fetch at a time";
}

TEST_F(DiscoveryFacts, S18_4_ReadsADeltaEvery30SecondsAndEverythingWhileItHasNothing) {
    read_full({});
    now += 29s;
    EXPECT_EQ(reader.begin(now), std::nullopt);
    now += 1s;
    EXPECT_EQ(reader.begin(now), Fetch::full) << "full again while the local copy is empty";
    reader.full_arrived(applications({info("user-service", "h1")}), now);
    now += 30s;
    EXPECT_EQ(reader.begin(now), Fetch::delta);
    reader.delta_arrived(delta_of({info("user-service", "h2")}, ActionType::added, "UP_2_"), now);
    EXPECT_EQ(hosts("user-service"), (Hosts{"h1", "h2"}));
    EXPECT_EQ(reader.due(), now + 30s);
}

TEST_F(DiscoveryFacts, S18_4_ReadsEverythingAtOnceWhenADeltaIsRefused) {
    read_full({info("user-service", "h1")});
    now += 30s;
    EXPECT_EQ(reader.begin(now), Fetch::delta);
    reader.delta_refused(now);
    EXPECT_EQ(reader.begin(now), Fetch::full);
}

TEST_F(DiscoveryFacts, S18_4_ReadsEverythingAtOnceWhenTheHashDiffers) {
    read_full({info("user-service", "h1")});
    now += 30s;
    EXPECT_EQ(reader.begin(now), Fetch::delta);
    reader.delta_arrived(delta_of({}, ActionType::added, "UP_2_"), now);
    EXPECT_EQ(reader.begin(now), Fetch::full);
}

TEST_F(DiscoveryFacts, S18_AppliesDeltasDropsEmptyAppsAndFiltersUpAfterTheMerge) {
    read_full({info("user-service", "h1"), info("order-service", "h2")});
    now += 30s;
    EXPECT_EQ(reader.begin(now), Fetch::delta);
    auto delta =
        delta_of({info("user-service", "h1", InstanceStatus::out_of_service)}, ActionType::modified, "");
    auto gone = info("order-service", "h2");
    gone.action_type = ActionType::deleted;
    delta.put(std::make_shared<const eureka::InstanceInfo>(gone));
    delta.hash_code = "OUT_OF_SERVICE_1_";
    reader.delta_arrived(delta, now);
    EXPECT_TRUE(hosts("user-service").empty()) << "out of service";
    EXPECT_EQ(reader.copy().applications().instance_count(), 1U);
    EXPECT_EQ(reader.due(), now + 30s) << "the hash counts all of them, so it is right";
    EXPECT_EQ(reader.copy().applications().find("ORDER-SERVICE"), nullptr);
}

TEST_F(DiscoveryFacts, S18_TimedOutReadsDoubleTheirDelayUpToTenTimes) {
    read_full({info("user-service", "h1")});
    Duration expected = 30s;
    for (int i = 0; i < 5; ++i) {
        now = reader.due();
        ASSERT_TRUE(reader.begin(now));
        reader.failed(FetchFailure::timed_out, now);
        expected = std::min<Duration>(expected * 2, 300s);
        EXPECT_EQ(reader.due() - now, expected);
    }
    now = reader.due();
    ASSERT_TRUE(reader.begin(now));
    reader.failed(FetchFailure::refused, now);
    EXPECT_EQ(hosts("user-service"), Hosts{"h1"}) << "the old copy stays";
    now = reader.due();
    EXPECT_EQ(reader.begin(now), Fetch::full) << "after so long";
    reader.full_arrived(applications({info("user-service", "h1")}), now);
    EXPECT_EQ(reader.due(), now + 30s);
}

TEST_F(DiscoveryFacts, F18_TheHashCountsInstancesByStatus) {
    const auto all = applications(
        {info("a", "h1"),
         info("a", "h2"),
         info("b", "h3"),
         info("b", "h4", InstanceStatus::down),
         info("c", "h5", InstanceStatus::out_of_service),
         info("c", "h6", InstanceStatus::out_of_service)}
    );
    EXPECT_EQ(all.hash_code, "DOWN_1_OUT_OF_SERVICE_2_UP_3_");
    EurekaCopy copy;
    copy.replace(all, now);
    EXPECT_TRUE(copy.apply(delta_of({}, ActionType::added, "DOWN_1_OUT_OF_SERVICE_2_UP_3_"), now));
}

TEST_F(Reader, ReadsEverythingWhenChangesMayHaveBeenDroppedFromDeltas) {
    read_full({info("user-service", "h1")});
    now += 151s;
    EXPECT_EQ(reader.begin(now), Fetch::full);
    reader.full_arrived(applications({info("user-service", "h1")}), now);
    now += 30s;
    ASSERT_EQ(reader.begin(now), Fetch::delta);
    auto delta = delta_of({}, ActionType::added, "UP_1_");
    delta.version = 7;
    reader.delta_arrived(delta, now);
    now += 30s;
    ASSERT_EQ(reader.begin(now), Fetch::delta);
    delta.version = 2;
    reader.delta_arrived(delta, now);
    EXPECT_EQ(reader.begin(now), Fetch::full) << "the version went back: the registry was restarted";
}

TEST_F(Reader, AsksAgainSoonWhileItHasNothing) {
    std::vector<Duration> delays;
    for (int i = 0; i < 7; ++i) {
        ASSERT_EQ(reader.begin(now), Fetch::full);
        reader.failed(FetchFailure::refused, now);
        delays.push_back(reader.due() - now);
        now = reader.due();
    }
    EXPECT_EQ(delays, (std::vector<Duration>{1s, 2s, 4s, 8s, 16s, 30s, 30s}));
}

TEST_F(Reader, NeverReadsDeltasWhereTheyAreDisabled) {
    auto settings = exact();
    settings.disable_delta = true;
    EurekaReader whole(settings, Random(1), now);
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(whole.begin(now), Fetch::full);
        whole.full_arrived(applications({info("a", "h1")}), now);
        now += 30s;
    }
}

TEST_F(Reader, JitterBringsTimersForwardByATenthAtMost) {
    EurekaReader fuzzy({}, Random(7), now);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(fuzzy.begin(now));
        fuzzy.full_arrived(applications({}), now);
        EXPECT_GE(fuzzy.due() - now, 27s);
        EXPECT_LE(fuzzy.due() - now, 30s);
        now = fuzzy.due();
    }
}

TEST_F(Reader, ARegistryThatWasRestartedTakesNoTrafficAway) {
    read_full({info("user-service", "h1"), info("user-service", "h2"), info("order-service", "h3")});
    now += 30s;
    EXPECT_EQ(reader.begin(now), Fetch::delta);
    reader.delta_arrived(delta_of({}, ActionType::added, ""), now);
    read_full({});
    EXPECT_EQ(hosts("user-service"), (Hosts{"h1", "h2"})) << "for the time of a lease";
    now += 20s;
    reader.hurry(now);
    read_full({info("user-service", "h2")});
    EXPECT_EQ(hosts("user-service"), (Hosts{"h2", "h1"}));
    now += 100s;
    reader.hurry(now);
    ASSERT_EQ(reader.begin(now), Fetch::delta);
    reader.failed(FetchFailure::refused, now);
    EXPECT_EQ(hosts("order-service"), Hosts{"h3"}) << "and as long as the registry cannot be read";
    reader.hurry(now);
    ASSERT_EQ(reader.begin(now), Fetch::delta);
    reader.delta_arrived(delta_of({}, ActionType::added, "UP_1_"), now);
    EXPECT_EQ(hosts("order-service"), Hosts{"h3"}) << "it may have been restarted once more meanwhile";
    now += 90s;
    ASSERT_EQ(reader.begin(now), Fetch::delta);
    reader.delta_arrived(delta_of({}, ActionType::added, "UP_1_"), now);
    EXPECT_EQ(hosts("user-service"), Hosts{"h2"});
    EXPECT_TRUE(hosts("order-service").empty());
}

TEST_F(Reader, WhatADeltaDeletesIsGoneAtOnce) {
    read_full({info("user-service", "h1"), info("user-service", "h2")});
    reader.hurry(now);
    ASSERT_EQ(reader.begin(now), Fetch::delta);
    reader.delta_arrived(delta_of({info("user-service", "h1")}, ActionType::deleted, "UP_1_"), now);
    EXPECT_EQ(hosts("user-service"), Hosts{"h2"});
    EXPECT_EQ(reader.copy().carried(), 0U);
}

TEST_F(Reader, FewMissingInALargeFleetAreGone) {
    std::vector<eureka::InstanceInfo> all;
    for (int i = 0; i < 20; ++i) all.push_back(info("user-service", fmt::format("h{}", i)));
    read_full(all);
    all.resize(18);
    reader.hurry(now);
    ASSERT_EQ(reader.begin(now), Fetch::delta);
    reader.delta_refused(now);
    read_full(all);
    EXPECT_EQ(hosts("user-service").size(), 18U);
}

TEST_F(Reader, APushedDeltaCountsAtOnceAndLetsTheIntervalRest) {
    read_full({info("user-service", "h1")});
    reader.pushed_delta(delta_of({info("user-service", "h2")}, ActionType::added, "UP_2_"), now);
    EXPECT_EQ(hosts("user-service"), (Hosts{"h1", "h2"}));
    EXPECT_EQ(reader.due(), now + 300s);
    reader.pushed_delta(delta_of({}, ActionType::added, "UP_3_"), now);
    EXPECT_EQ(reader.begin(now), Fetch::full) << "something was missed";
    reader.pushed_delta(delta_of({info("user-service", "h4")}, ActionType::added, "UP_4_"), now);
    reader.full_arrived(applications({info("user-service", "h1")}), now);
    EXPECT_EQ(reader.due(), now) << "the answer may be older than the push";
}

TEST_F(Reader, APushedRegistryIsAsGoodAsOneThatWasRead) {
    reader.pushed_delta(delta_of({info("user-service", "h9")}, ActionType::added, "UP_1_"), now);
    EXPECT_FALSE(reader.ready()) << "a delta to nothing";
    reader.pushed_full(applications({info("user-service", "h1")}), now);
    EXPECT_TRUE(reader.ready());
    EXPECT_EQ(hosts("user-service"), Hosts{"h1"});
    EXPECT_EQ(reader.due(), now + 300s);
    reader.hurry(now);
    EXPECT_EQ(reader.begin(now), Fetch::delta) << "the push has ended";
}

TEST_F(Reader, AnInstanceIsFoundByItsApplicationAndItsVirtualHosts) {
    auto many = info("user-service", "h1");
    many.vip_address = "users, Accounts";
    many.secure_vip_address = "users-tls";
    read_full({many});
    for (const char* name : {"user-service", "users", "accounts", "users-tls"}) {
        EXPECT_EQ(hosts(name), Hosts{"h1"}) << name;
    }
}

TEST_F(Reader, OnlyNamesThatMayHaveChangedAreToldAnew) {
    auto moved = info("user-service", "h1");
    moved.vip_address = "users";
    read_full({moved, info("order-service", "h2")});
    EXPECT_TRUE(reader.take_changes().everything);
    EXPECT_TRUE(reader.take_changes().names.empty());
    moved.vip_address = "people";
    reader.pushed_delta(delta_of({moved}, ActionType::modified, "UP_2_"), now);
    const auto changes = reader.take_changes();
    EXPECT_FALSE(changes.everything);
    EXPECT_EQ(changes.names, (std::set<std::string>{"people", "user-service", "users"}));
    EXPECT_TRUE(reader.copy().instances_of("users").empty());
    EXPECT_EQ(reader.copy().instances_of("people").size(), 1U);
    EXPECT_EQ(reader.copy().instances_of("order-service").size(), 1U);
    EXPECT_TRUE(reader.copy().instances_of("unheard-of").empty());
}

TEST(EurekaInstances, AreCalledAtTheirSecurePortWhereThatIsEnabled) {
    auto secure = info("user-service", "h1");
    secure.secure_port = {8443, true};
    secure.metadata["zone"] = "a";
    secure.lease_info->registration_timestamp = 17;
    const ServiceInstance out = to_service_instance(secure);
    EXPECT_EQ(out.uri(), "https://h1:8443");
    EXPECT_EQ(out.zone(), "a");
    EXPECT_EQ(out.incarnation, 17U);
    EXPECT_EQ(to_service_instance(info("user-service", "h1")).uri(), "http://h1:8080");
}

}  // namespace

}  // namespace flotilla::discovery
