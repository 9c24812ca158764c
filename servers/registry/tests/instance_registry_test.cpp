#include "flotilla/registry/instance_registry.hpp"

#include <gtest/gtest.h>

#include "fixture.hpp"

namespace flotilla::registry {
namespace {

using namespace testing;

TEST(DiscoveryFacts, F10_AHeartbeatIsComparedWithTheCopyHere) {
    Fixture f;
    f.enroll("1", 100);
    EXPECT_EQ(f.renew("1", 100), Renewal::renewed);
    EXPECT_EQ(f.renew("1", 200), Renewal::outdated);
    EXPECT_EQ(f.renew("1", 50), Renewal::renewed);
    const auto answer = f.registry.renew("A", "1", 50, {}, Origin::peer, f.at());
    EXPECT_EQ(answer.outcome, Renewal::conflict);
    EXPECT_EQ(answer.local->instance_id, "1");
    EXPECT_EQ(f.renew("2"), Renewal::unknown);
}

TEST(DiscoveryFacts, F11_ALeaseEndsOnceAfterRegistrationAndTwiceAfterARenewal) {
    Fixture f(without_self_preservation());
    f.enroll("1");
    f.clock.advance(90s);
    EXPECT_TRUE(f.registry.instance("A", "1", f.at()));
    f.clock.advance(1ns);
    EXPECT_FALSE(f.registry.instance("A", "1", f.at()));
    EXPECT_EQ(f.renew("1"), Renewal::renewed);  // revived
    f.clock.advance(180s);
    EXPECT_TRUE(f.registry.instance("A", "1", f.at()));
    f.clock.advance(1ns);
    EXPECT_FALSE(f.registry.instance("A", "1", f.at()));
    EXPECT_FALSE(f.registry.instance("1", f.at()));
}

TEST(InstanceRegistry, StrictLeasesEndOnceAfterARenewalToo) {
    auto config = without_self_preservation();
    config.strict_lease = true;
    Fixture f(config);
    f.enroll("1");
    f.clock.advance(60s);
    f.renew("1");
    f.clock.advance(90s);
    EXPECT_TRUE(f.registry.has("A", "1", f.at()));
    f.clock.advance(1ns);
    EXPECT_FALSE(f.registry.has("A", "1", f.at()));
}

TEST(InstanceRegistry, AWallClockThatIsSetBackExpiresNobody) {
    Fixture f(without_self_preservation());
    f.enroll("1");
    f.clock.set_wall(WallTime{1s});
    f.clock.advance(60s);
    EXPECT_TRUE(f.registry.has("A", "1", f.at()));
    EXPECT_EQ(f.renew("1"), Renewal::renewed);
}

TEST(DiscoveryFacts, F12_AnOverrideIsShownAndOutlivesARegistration) {
    Fixture f;
    f.enroll("1");
    EXPECT_TRUE(f.registry.override_status("A", "1", InstanceStatus::out_of_service, {}, f.at()));
    EXPECT_EQ(f.status("1"), InstanceStatus::out_of_service);
    EXPECT_EQ(f.registry.holder("A", "1")->overridden_status, InstanceStatus::out_of_service);
    EXPECT_EQ(f.registry.delta(f.at()).find("A")->find("1")->action_type, eureka::ActionType::modified);
    f.enroll("1", 200);
    EXPECT_EQ(f.status("1"), InstanceStatus::out_of_service);
}

TEST(DiscoveryFacts, F13_ADeletedOverrideLeavesUnknownUntilTheClientRegistersAgain) {
    Fixture f;
    f.enroll("1");
    f.registry.override_status("A", "1", InstanceStatus::out_of_service, {}, f.at());
    EXPECT_TRUE(f.registry.delete_override("A", "1", InstanceStatus::unknown, {}, f.at()));
    EXPECT_EQ(f.status("1"), InstanceStatus::unknown);
    EXPECT_EQ(f.renew("1"), Renewal::unknown);
    f.enroll("1", 100);
    EXPECT_EQ(f.status("1"), InstanceStatus::up);
    EXPECT_EQ(f.renew("1"), Renewal::renewed);
}

TEST(DiscoveryFacts, F14_ADeletedOverrideMayNameTheStatus) {
    Fixture f;
    f.enroll("1");
    f.registry.override_status("A", "1", InstanceStatus::down, {}, f.at());
    f.registry.delete_override("A", "1", InstanceStatus::up, {}, f.at());
    EXPECT_EQ(f.status("1"), InstanceStatus::up);
    const auto before = f.registry.version();
    f.registry.delete_override("A", "1", InstanceStatus::down, {}, f.at());
    EXPECT_EQ(f.registry.version(), before) << "there was no override left";
}

TEST(InstanceRegistry, AskingForTheStatusThatIsChangesNothing) {
    Fixture f;
    f.enroll("1");
    const auto before = f.registry.version();
    EXPECT_TRUE(f.registry.override_status("A", "1", InstanceStatus::up, {}, f.at()));
    EXPECT_EQ(f.registry.version(), before);
    EXPECT_TRUE(f.registry.overrides().empty());
}

TEST(DiscoveryFacts, F16_MetadataIsMergedAndToldAsAdded) {
    Fixture f;
    f.enroll("1");
    EXPECT_TRUE(f.registry.put_metadata("A", "1", {{"a", "1"}, {"b", "2"}}, f.at()));
    EXPECT_TRUE(f.registry.put_metadata("A", "1", {{"b", "3"}}, f.at()));
    EXPECT_EQ(f.registry.holder("A", "1")->metadata, (eureka::Metadata{{"a", "1"}, {"b", "3"}}));
    EXPECT_EQ(f.registry.delta(f.at()).find("A")->find("1")->action_type, eureka::ActionType::added);
    EXPECT_FALSE(f.registry.put_metadata("A", "2", {{"a", "1"}}, f.at()));
}

TEST(InstanceRegistry, MetadataDoesNotGrowWithoutEnd) {
    Fixture f;
    f.enroll("1");
    const std::string much(400'000, 'x');
    EXPECT_TRUE(f.registry.put_metadata("A", "1", {{"a", much}, {"b", much}}, f.at()));
    const auto more = f.registry.put_metadata("A", "1", {{"c", much}}, f.at());
    EXPECT_EQ(more.error().code(), make_error_code(Errc::limit_exceeded));
    EXPECT_EQ(f.registry.holder("A", "1")->metadata.size(), 2U);
    EXPECT_TRUE(f.registry.put_metadata("A", "1", {{"a", "less"}, {"c", much}}, f.at()));
}

TEST(DiscoveryFacts, F17_ACancelIsToldForThreeMinutes) {
    Fixture f;
    f.enroll("1");
    EXPECT_TRUE(f.registry.cancel("A", "1", f.at()));
    EXPECT_FALSE(f.registry.cancel("A", "1", f.at()));
    f.clock.advance(180s);
    const auto delta = f.registry.delta(f.at());
    ASSERT_NE(delta.find("A"), nullptr);
    EXPECT_EQ(delta.find("A")->find("1")->action_type, eureka::ActionType::deleted);
    EXPECT_GT(delta.find("A")->find("1")->lease_info->eviction_timestamp, 0);
    EXPECT_EQ(delta.hash_code, "");
    f.clock.advance(30s);
    EXPECT_EQ(f.registry.delta(f.at()).find("A"), nullptr);
}

TEST(DiscoveryFacts, F18_TheHashCodeIsThatOfTheWholeRegistryInDeltasToo) {
    Fixture f;
    for (const char* id : {"1", "2", "3"}) f.enroll(id);
    f.enroll(with_status(instance("B", "4"), InstanceStatus::down));
    f.clock.advance(200s);
    for (const char* id : {"5", "6"})
        f.enroll(with_status(instance("C", id), InstanceStatus::out_of_service));
    EXPECT_EQ(f.registry.view().hash_code, "DOWN_1_OUT_OF_SERVICE_2_UP_3_");
    const auto delta = f.registry.delta(f.at());
    EXPECT_EQ(delta.instance_count(), 2u);
    EXPECT_EQ(delta.hash_code, "DOWN_1_OUT_OF_SERVICE_2_UP_3_");
}

TEST(DiscoveryFacts, F19_VipsAreMatchedOneByOne) {
    Fixture f;
    InstanceInfo info = instance("A", "1");
    info.vip_address = "a,b";
    f.enroll(info);
    EXPECT_EQ(f.registry.by_vip("a", false).instance_count(), 1u);
    EXPECT_EQ(f.registry.by_vip("b", false).instance_count(), 1u);
    EXPECT_EQ(f.registry.by_vip("A", false).instance_count(), 0u);
    EXPECT_EQ(f.registry.by_vip("a", true).instance_count(), 0u);
    EXPECT_EQ(f.registry.by_vip("a", false).version, -1);
}

TEST(DiscoveryFacts, F22_TheThresholdFollowsTheNumberOfClients) {
    Fixture f;
    EXPECT_EQ(f.registry.figures(f.at()).threshold, 1);
    f.enroll("1");
    EXPECT_EQ(f.registry.figures(f.at()).threshold, 3);
    f.enroll("2");
    EXPECT_EQ(f.registry.figures(f.at()).threshold, 5);
    for (int i = 3; i <= 9; ++i) f.enroll(std::to_string(i));
    EXPECT_EQ(f.registry.figures(f.at()).threshold, 17);
    f.enroll("10");
    EXPECT_EQ(f.registry.figures(f.at()).threshold, 18);
    f.registry.cancel("A", "10", f.at());
    EXPECT_EQ(f.registry.figures(f.at()).threshold, 17);
}

TEST(DiscoveryFacts, F23_NothingIsEvictedWhileSelfPreservationHolds) {
    Fixture f;
    for (int i = 0; i < 10; ++i) f.enroll(std::to_string(i));
    for (int minute = 0; minute < 60; ++minute) {
        f.clock.advance(60s);
        EXPECT_EQ(f.registry.evict(f.at()), 0u);
    }
    EXPECT_EQ(f.registry.size(), 10u);
}

TEST(DiscoveryFacts, F23_WithoutSelfPreservationEachRunTakesAFew) {
    Fixture f(without_self_preservation());
    for (int i = 0; i < 10; ++i) f.enroll(std::to_string(i));
    f.clock.advance(60s);
    EXPECT_EQ(f.registry.evict(f.at()), 0u);
    f.clock.advance(60s);
    EXPECT_EQ(f.registry.evict(f.at()), 2u);
    f.clock.advance(60s);
    EXPECT_EQ(f.registry.evict(f.at()), 2u);
    EXPECT_EQ(f.registry.size(), 6u);
    EXPECT_EQ(f.registry.hash_code(), "UP_6_");
}

TEST(InstanceRegistry, EvictionResumesWhenEnoughHeartbeatsCome) {
    Fixture f;
    for (int i = 0; i < 10; ++i) f.enroll(std::to_string(i));
    // One of ten stops; nine renew every 30 s: 18 a minute is not above 18, 20 would be.
    for (int round = 0; round < 10; ++round) {
        for (int i = 1; i < 10; ++i) f.renew(std::to_string(i));
        f.clock.advance(30s);
    }
    EXPECT_FALSE(f.registry.figures(f.at()).lease_expiration_enabled);
    for (int round = 0; round < 4; ++round) {
        for (int i = 1; i < 10; ++i) f.renew(std::to_string(i));
        f.renew("1");
        f.renew("2");
        f.clock.advance(30s);
    }
    EXPECT_TRUE(f.registry.figures(f.at()).lease_expiration_enabled);
    EXPECT_EQ(f.registry.evict(f.at()), 1u);
    EXPECT_FALSE(f.registry.holder("A", "0"));
}

TEST(InstanceRegistry, AProcessThatSleptDoesNotPunishItsClients) {
    Fixture f(without_self_preservation());
    f.enroll("1");
    f.registry.evict(f.at());
    f.clock.advance(145s);  // 85 s longer than between two runs
    EXPECT_EQ(f.registry.evict(f.at()), 0u);
    f.clock.advance(60s);
    EXPECT_EQ(f.registry.evict(f.at()), 1u);
}

TEST(DiscoveryFacts, F29_AnOlderRegistrationChangesNothing) {
    Fixture f;
    InstanceInfo newer = instance("A", "1", 200);
    newer.metadata = {{"v", "new"}};
    f.enroll(newer);
    InstanceInfo older = instance("A", "1", 100);
    older.metadata = {{"v", "old"}};
    f.enroll(older);
    EXPECT_EQ(f.registry.holder("A", "1")->metadata.at("v"), "new");
    EXPECT_EQ(f.registry.holder("A", "1")->last_dirty_timestamp, 200);
    InstanceInfo equal = instance("A", "1", 200);
    equal.metadata = {{"v", "same time"}};
    f.enroll(equal);
    EXPECT_EQ(f.registry.holder("A", "1")->metadata.at("v"), "same time");
}

TEST(DiscoveryFacts, F36_UpAndOutOfServiceStickUnlessAPeerOrAnotherStatusComesBetween) {
    const auto out = with_status(instance("A", "1", 200), InstanceStatus::out_of_service);
    Fixture f;
    f.enroll("1");
    f.enroll(out);
    EXPECT_EQ(f.status("1"), InstanceStatus::up);
    f.enroll(out, Origin::peer);
    EXPECT_EQ(f.status("1"), InstanceStatus::out_of_service);

    Fixture g;
    g.enroll("1");
    g.enroll(with_status(instance("A", "1", 150), InstanceStatus::down));
    EXPECT_EQ(g.status("1"), InstanceStatus::down);
    g.enroll(out);
    EXPECT_EQ(g.status("1"), InstanceStatus::out_of_service);
}

TEST(DiscoveryFacts, F37_AnOverrideToUnknownHoldsUntilItIsDeleted) {
    Fixture f;
    f.enroll("1");
    f.registry.override_status("A", "1", InstanceStatus::unknown, {}, f.at());
    f.enroll("1", 200);
    EXPECT_EQ(f.status("1"), InstanceStatus::unknown);
    EXPECT_EQ(f.renew("1", 200), Renewal::unknown);
    f.registry.delete_override("A", "1", InstanceStatus::unknown, {}, f.at());
    f.enroll("1", 300);
    EXPECT_EQ(f.status("1"), InstanceStatus::up);
}

TEST(InstanceRegistry, CancelForgetsTheOverrideUnderAnyApplicationName) {
    Fixture f;
    f.enroll("1");
    f.registry.override_status("A", "1", InstanceStatus::down, {}, f.at());
    EXPECT_FALSE(f.registry.cancel("OTHER", "1", f.at()));
    EXPECT_TRUE(f.registry.overrides().empty());
    EXPECT_EQ(f.registry.cancelled_history().front().text, "OTHER(1)");
}

TEST(InstanceRegistry, AnOverrideThatComesWithTheRegistrationIsKept) {
    Fixture f;
    InstanceInfo info = instance("A", "1");
    info.overridden_status = InstanceStatus::down;
    f.enroll(info);
    EXPECT_EQ(f.status("1"), InstanceStatus::down);
    EXPECT_EQ(f.registry.overrides().at("1"), InstanceStatus::down);
}

TEST(InstanceRegistry, ReadsWaitAfterAStartThatFoundNobody) {
    Fixture f;
    EXPECT_TRUE(f.registry.allows_reads(f.at()));
    f.registry.open_for_traffic(0, 0, f.at());
    EXPECT_FALSE(f.registry.allows_reads(f.at()));
    EXPECT_EQ(f.registry.figures(f.at()).threshold, 0);
    f.enroll("1");
    EXPECT_EQ(f.registry.figures(f.at()).expected_clients, 0);
    f.clock.advance(5min);
    EXPECT_TRUE(f.registry.allows_reads(f.at()));
    f.registry.open_for_traffic(4, 1, f.at());
    EXPECT_EQ(f.registry.figures(f.at()).threshold, 6);
}

TEST(InstanceRegistry, CountsClientsAnewUnlessTooManyAreMissing) {
    Fixture f;
    for (int i = 0; i < 10; ++i) f.enroll(std::to_string(i));
    f.registry.open_for_traffic(5, 1, f.at());
    f.registry.update_threshold();
    EXPECT_EQ(f.registry.figures(f.at()).expected_clients, 10);
    f.registry.open_for_traffic(50, 1, f.at());
    f.registry.update_threshold();
    EXPECT_EQ(f.registry.figures(f.at()).expected_clients, 50);
}

TEST(InstanceRegistry, RefusesWhatIsTooMuch) {
    EurekaServerConfig config;
    config.max_instances = 1;
    Fixture f(config);
    EXPECT_TRUE(f.registry.enroll(instance("A", "1"), Origin::client, f.at()));
    EXPECT_FALSE(f.registry.enroll(instance("A", "2"), Origin::client, f.at()));
    EXPECT_TRUE(f.registry.enroll(instance("A", "1"), Origin::client, f.at()));
}

TEST(InstanceRegistry, TellsExactlyWhatHasChangedSinceAVersion) {
    Fixture f;
    f.enroll("1");
    const auto first = f.registry.version();
    f.enroll("2");
    f.registry.cancel("A", "1", f.at());
    const auto delta = f.registry.delta_since(first);
    ASSERT_TRUE(delta);
    EXPECT_EQ(delta->find("A")->find("1")->action_type, eureka::ActionType::deleted);
    EXPECT_EQ(delta->find("A")->find("2")->action_type, eureka::ActionType::added);
    EXPECT_EQ(f.registry.delta_since(f.registry.version())->instance_count(), 0u);
    EXPECT_FALSE(f.registry.delta_since(f.registry.version() + 1));
    f.clock.advance(181s);
    static_cast<void>(f.registry.delta(f.at()));
    EXPECT_FALSE(f.registry.delta_since(first)) << "forgotten";
    EXPECT_TRUE(f.registry.delta_since(f.registry.version()));
}

TEST(InstanceRegistry, SaysWhichInstanceIsItself) {
    Fixture f;
    f.registry.set_own_id("me");
    f.enroll("me");
    f.enroll("other");
    EXPECT_TRUE(f.registry.holder("A", "me")->is_coordinating_discovery_server);
    EXPECT_FALSE(f.registry.holder("A", "other")->is_coordinating_discovery_server);
}

TEST(InstanceRegistry, ItsDeltasKeepACopyUpToDateWhateverHappens) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        Random random(seed);
        Fixture f(without_self_preservation(), seed);
        eureka::Applications copy;
        std::uint64_t seen = f.registry.version();
        for (int step = 0; step < 120; ++step) {
            const std::string app(1, static_cast<char>('A' + random.below(3)));
            const std::string id = std::to_string(random.below(5));
            switch (random.below(8)) {
                case 0:
                case 1:
                    f.enroll(with_status(
                        instance(app, id, static_cast<std::int64_t>(random.below(300))),
                        static_cast<InstanceStatus>(random.below(5))
                    ));
                    break;
                case 2:
                    f.registry.cancel(app, id, f.at());
                    break;
                case 3:
                    f.registry.override_status(
                        app, id, static_cast<InstanceStatus>(random.below(5)), {}, f.at()
                    );
                    break;
                case 4:
                    f.registry.delete_override(app, id, InstanceStatus::up, {}, f.at());
                    break;
                case 5:
                    f.registry.renew(app, id, {}, {}, Origin::client, f.at());
                    break;
                case 6:
                    f.registry.evict(f.at());
                    break;
                default:
                    f.clock.advance(std::chrono::seconds(random.below(40)));
            }
            if (random.below(4) != 0) continue;
            const auto delta = f.registry.delta_since(seen);
            ASSERT_TRUE(delta);
            copy.apply_delta(*delta);
            seen = f.registry.version();
            ASSERT_EQ(copy.reconcile_hash_code(), delta->hash_code) << "seed " << seed << " step " << step;
            ASSERT_EQ(copy.instance_count(), f.registry.size()) << "seed " << seed << " step " << step;
        }
    }
}

}  // namespace
}  // namespace flotilla::registry
