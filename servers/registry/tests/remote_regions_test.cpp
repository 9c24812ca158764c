#include "flotilla/registry/remote_regions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "fixture.hpp"

namespace flotilla::registry {
namespace {

using testing::Fixture;
using testing::instance;
using testing::with_status;

constexpr RegionSet none = 0;
constexpr RegionSet east = 1;  // by name
constexpr RegionSet west = 2;
constexpr RegionSet both = 3;

EurekaServerConfig with_regions() {
    EurekaServerConfig config;
    config.remote_region_urls_with_name = {{"WEST", "http://w/eureka/"}, {"east", "http://e/eureka/"}};
    return config;
}

eureka::Applications copy_of(const std::vector<InstanceInfo>& instances) {
    eureka::Applications copy;
    for (const InstanceInfo& info : instances) copy.put(std::make_shared<const InstanceInfo>(info));
    return copy;
}

std::string ids(const eureka::Applications& applications) {
    std::string text;
    for (const auto& [name, application] : applications.by_name) {
        std::set<std::string_view> sorted;
        for (const auto& each : application.instances) sorted.insert(each->id());
        text += name + ":";
        for (const std::string_view id : sorted) text.append(id).append(",");
    }
    return text;
}

eureka::Applications content(const RegistryView& view) {
    eureka::Applications applications;
    for (const ApplicationView& each : view.applications)
        for (const auto& one : each.application->instances) applications.put(one);
    return applications;
}

TEST(RemoteRegions, AreNamedInAnyCaseAndOrderAndUnknownNamesAreNothing) {
    const RegionNames names(with_regions());
    EXPECT_EQ(names.all(), (std::vector<std::string>{"east", "west"}));
    EXPECT_EQ(names.usual(), both);
    EXPECT_EQ(names.named("West,EAST"), both);
    EXPECT_EQ(names.named(" west "), west);
    EXPECT_EQ(names.named("north"), none);
    auto config = with_regions();
    config.disable_transparent_fallback_to_other_region = true;
    EXPECT_EQ(RegionNames(config).usual(), none);
    EXPECT_EQ(RegionNames(config).named("east"), east);
}

TEST(RemoteRegions, AreTakenInAsFarAsARequestNamesThem) {
    Fixture f(with_regions());
    f.enroll("own");
    f.registry.set_region(0, copy_of({instance("A", "e1"), instance("B", "e2")}), f.at());
    f.registry.set_region(1, copy_of({instance("A", "w1")}), f.at());
    EXPECT_EQ(ids(content(f.registry.view(none))), "A:own,");
    EXPECT_EQ(ids(content(f.registry.view(both))), "A:e1,own,w1,B:e2,");
    EXPECT_EQ(ids(content(f.registry.view(west))), "A:own,w1,");
    EXPECT_EQ(f.registry.view(both).hash_code, "UP_4_");
    EXPECT_EQ(f.registry.view(none).hash_code, "UP_1_");
    EXPECT_EQ(f.registry.size(), 1u) << "they are not ours to renew or to evict";
    EXPECT_EQ(ids(f.registry.by_vip("user-service", false, both)), "A:e1,own,w1,B:e2,");
}

TEST(RemoteRegions, StandInForWhatIsNotHereInSingleReads) {
    Fixture f(with_regions());
    f.enroll("own");
    f.registry.set_region(0, copy_of({instance("A", "e1"), instance("B", "e2")}), f.at());
    EXPECT_EQ(f.registry.application_anywhere("A")->instances.size(), 1u) << "we have it ourselves";
    EXPECT_EQ(f.registry.application_anywhere("B")->instances.front()->id(), "e2");
    EXPECT_FALSE(f.registry.application_anywhere("C"));
    EXPECT_TRUE(f.registry.instance_anywhere("B", "e2", f.at()));
    EXPECT_TRUE(f.registry.instance_anywhere("e2", f.at()));
    EXPECT_FALSE(f.registry.has("B", "e2", f.at())) << "writes do not reach them";
    auto config = with_regions();
    config.disable_transparent_fallback_to_other_region = true;
    Fixture alone(config);
    alone.registry.set_region(0, copy_of({instance("B", "e2")}), alone.at());
    EXPECT_FALSE(alone.registry.application_anywhere("B"));
    EXPECT_FALSE(alone.registry.instance_anywhere("e2", alone.at()));
    EXPECT_EQ(ids(content(alone.registry.view(east))), "B:e2,");
}

TEST(RemoteRegions, GiveWayToTheOwnRegionWhereIdsAreTheSame) {
    Fixture f(with_regions());
    f.registry.set_region(
        0, copy_of({with_status(instance("A", "1"), InstanceStatus::down), instance("A", "2")}), f.at()
    );
    f.enroll("1");
    EXPECT_EQ(f.registry.view(both).hash_code, "UP_2_");
    EXPECT_EQ(f.registry.delta(both, f.at()).instance_count(), 2u);
    f.registry.cancel("A", "1", f.at());
    EXPECT_EQ(f.registry.view(both).hash_code, "DOWN_1_UP_1_");
}

TEST(RemoteRegions, ShowOnlyWhatTheirWhiteListAllows) {
    auto config = with_regions();
    config.remote_region_app_whitelist = {{"global", {"b"}}, {"west", {"C", "a"}}};
    Fixture f(config);
    const auto everything = copy_of({instance("A", "1"), instance("B", "2"), instance("C", "3")});
    f.registry.set_region(0, everything, f.at());
    f.registry.set_region(1, everything, f.at());
    EXPECT_EQ(ids(content(f.registry.view(east))), "B:2,");
    EXPECT_EQ(ids(content(f.registry.view(west))), "A:1,C:3,");
}

TEST(RemoteRegions, TellTheirChangesInDeltas) {
    Fixture f(with_regions());
    f.registry.set_region(0, copy_of({instance("A", "1"), instance("A", "2")}), f.at());
    const std::uint64_t before = f.registry.version();
    f.registry.set_region(0, copy_of({instance("A", "1"), instance("A", "2")}), f.at());
    EXPECT_EQ(f.registry.version(), before) << "nothing is new";
    f.registry.set_region(
        0, copy_of({with_status(instance("A", "1"), InstanceStatus::down), instance("B", "3")}), f.at()
    );
    const auto delta = f.registry.delta_since(before, both);
    ASSERT_TRUE(delta);
    EXPECT_EQ(ids(*delta), "A:1,2,B:3,");
    EXPECT_EQ(delta->find("A")->find("2")->action_type, eureka::ActionType::deleted);
    EXPECT_EQ(delta->find("A")->find("1")->action_type, eureka::ActionType::modified);
    EXPECT_EQ(delta->hash_code, "DOWN_1_UP_1_");
    EXPECT_EQ(f.registry.delta_since(before, west)->instance_count(), 0u);
    EXPECT_EQ(f.registry.delta_since(before, west)->hash_code, "");
}

/// Whatever happens in three regions, who follows the deltas of any choice of them has what a full read has.
TEST(RemoteRegions, DeltasLeadToTheFullDocumentWhateverIsChosen) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        Fixture f(with_regions(), seed);
        std::map<std::size_t, eureka::Applications> regions;
        std::map<RegionSet, std::pair<std::uint64_t, eureka::Applications>> followers;
        for (const RegionSet set : {none, east, west, both}) followers[set].first = f.registry.version();
        for (int step = 0; step < 60; ++step) {
            // Each region has ids of its own, as hosts have names of their own.
            const std::size_t where = random.below(3);
            const std::string id = std::string(1, "ewl"[where]) + std::to_string(random.below(4));
            auto info = instance(random.below(2) == 0 ? "A" : "B", id, 100 + step);
            info.last_updated_timestamp = 1000 + step;
            if (random.below(4) == 0) info.status = InstanceStatus::down;
            if (where == 2) {
                if (random.below(3) == 0) {
                    f.registry.cancel(info.app, id, f.at());
                } else {
                    f.enroll(info);
                }
            } else {
                if (random.below(3) == 0) {
                    regions[where].remove(info.app, id);
                } else {
                    regions[where].put(std::make_shared<const InstanceInfo>(info));
                }
                f.registry.set_region(where, regions[where], f.at());
            }
            for (auto& [set, follower] : followers) {
                if (random.below(3) == 0) continue;
                const auto delta = f.registry.delta_since(follower.first, set);
                ASSERT_TRUE(delta);
                follower.first = static_cast<std::uint64_t>(delta->version);
                follower.second.apply_delta(*delta);
                const auto view = f.registry.view(set);
                ASSERT_EQ(ids(follower.second), ids(content(view))) << "seed " << seed << " step " << step;
                ASSERT_EQ(follower.second.reconcile_hash_code(), delta->hash_code) << "seed " << seed;
                ASSERT_EQ(delta->hash_code, content(view).reconcile_hash_code()) << "seed " << seed;
                for (const auto& each : view.applications)
                    for (const auto& one : each.application->instances)
                        ASSERT_EQ(one->status, follower.second.find(one->app)->find(one->id())->status);
            }
        }
    }
}

}  // namespace
}  // namespace flotilla::registry
