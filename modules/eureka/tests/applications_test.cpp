#include "flotilla/eureka/applications.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace flotilla::eureka {
namespace {

using namespace testing;

TEST(DiscoveryFacts, F18_TheHashCodeCountsInstancesByStatusName) {
    Applications all;
    EXPECT_EQ(all.reconcile_hash_code(), "");
    for (const char* id : {"1", "2", "3"}) all.put(instance_of("A", id));
    all.put(instance_of("B", "4", InstanceStatus::down));
    all.put(instance_of("B", "5", InstanceStatus::out_of_service));
    all.put(instance_of("C", "6", InstanceStatus::out_of_service));
    EXPECT_EQ(all.reconcile_hash_code(), "DOWN_1_OUT_OF_SERVICE_2_UP_3_");
    EXPECT_EQ(all.instance_count(), 6u);
}

TEST(Applications, ReplaceAnInstanceWithTheSameIdAndDropEmptyApplications) {
    Applications all;
    all.put(instance_of("A", "1"));
    all.put(instance_of("A", "1", InstanceStatus::down));
    EXPECT_EQ(all.instance_count(), 1u);
    EXPECT_EQ(all.find("A")->find("1")->status, InstanceStatus::down);
    EXPECT_FALSE(all.remove("A", "2"));
    EXPECT_FALSE(all.remove("B", "1"));
    EXPECT_TRUE(all.remove("A", "1"));
    EXPECT_EQ(all.find("A"), nullptr);
}

InstancePtr with_action(const InstancePtr& instance, ActionType action) {
    InstanceInfo changed = *instance;
    changed.action_type = action;
    return shared(std::move(changed));
}

TEST(Applications, FollowARegistryByItsDeltas) {
    Applications theirs;
    theirs.put(instance_of("A", "1"));
    theirs.put(instance_of("A", "2"));
    theirs.put(instance_of("B", "3"));
    theirs.hash_code = theirs.reconcile_hash_code();
    const std::string full_document = encode(theirs, Format::json);

    theirs.remove("B", "3");
    theirs.put(instance_of("A", "2", InstanceStatus::out_of_service));
    theirs.put(instance_of("C", "4"));
    Applications delta;
    delta.version = 12;
    delta.put(with_action(instance_of("B", "3"), ActionType::deleted));
    delta.put(with_action(instance_of("A", "2", InstanceStatus::out_of_service), ActionType::modified));
    delta.put(with_action(instance_of("C", "4"), ActionType::added));
    delta.hash_code = theirs.reconcile_hash_code();
    const std::string delta_document = encode(delta, Format::json);

    Applications mine = *decode_applications(full_document, Format::json);
    mine.apply_delta(*decode_applications(delta_document, Format::json));
    EXPECT_EQ(mine.reconcile_hash_code(), mine.hash_code);
    EXPECT_EQ(mine.find("B"), nullptr);
    EXPECT_EQ(mine.version, 12);
}

TEST(DiscoveryFacts, F19_AVipIsOneOfAListAndExact) {
    InstanceInfo instance = user_service();
    instance.vip_address = "a,b";
    EXPECT_TRUE(instance.has_vip("a"));
    EXPECT_TRUE(instance.has_vip("b"));
    EXPECT_FALSE(instance.has_vip("A"));
    EXPECT_FALSE(instance.has_vip("a,b"));
    EXPECT_FALSE(instance.has_secure_vip("a"));
    instance.vip_address = "a, b";
    EXPECT_FALSE(instance.has_vip("b"));
    instance.vip_address.reset();
    EXPECT_FALSE(instance.has_vip(""));
}

TEST(InstanceInfo, KnowsItsZone) {
    InstanceInfo instance = user_service();
    EXPECT_EQ(instance.zone(), "");
    instance.data_center_info =
        DataCenterInfo{.name = DataCenter::amazon, .metadata = {{"availability-zone", "us-east-1a"}}};
    EXPECT_EQ(instance.zone(), "us-east-1a");
    instance.metadata["zone"] = "z1";
    EXPECT_EQ(instance.zone(), "z1");
}

}  // namespace
}  // namespace flotilla::eureka
