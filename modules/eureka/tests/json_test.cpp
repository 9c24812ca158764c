#include <gtest/gtest.h>

#include "sample.hpp"

namespace flotilla::eureka {
namespace {

using namespace testing;

TEST(EurekaJson, WritesAnInstanceInTheOrderOfTheOriginal) {
    EXPECT_EQ(
        encode(user_service(), Format::json),
        R"({"instance":{"instanceId":"h1:user-service:8080","hostName":"h1","app":"USER-SERVICE",)"
        R"("ipAddr":"10.0.0.5","status":"UP","overriddenStatus":"UNKNOWN","port":{"$":8080,"@enabled":"true"},)"
        R"("securePort":{"$":443,"@enabled":"false"},"countryId":1,)"
        R"("dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},)"
        R"("leaseInfo":{"renewalIntervalInSecs":30,"durationInSecs":90,"registrationTimestamp":1700000000000,)"
        R"("lastRenewalTimestamp":1700000030000,"evictionTimestamp":0,"serviceUpTimestamp":1700000000500},)"
        R"("metadata":{"management.port":"8080"},"homePageUrl":"http://h1:8080/",)"
        R"("statusPageUrl":"http://h1:8080/actuator/info","healthCheckUrl":"http://h1:8080/actuator/health",)"
        R"("vipAddress":"user-service","secureVipAddress":"user-service","isCoordinatingDiscoveryServer":"false",)"
        R"("lastUpdatedTimestamp":"1700000000501","lastDirtyTimestamp":"1700000000100","actionType":"ADDED"}})"
    );
}

TEST(EurekaJson, WritesTheCompactFormWithItsOwnOrder) {
    EXPECT_EQ(
        encode(user_service(), Format::json, Detail::compact),
        R"({"instance":{"instanceId":"h1:user-service:8080","app":"USER-SERVICE","ipAddr":"10.0.0.5",)"
        R"("vipAddress":"user-service","secureVipAddress":"user-service",)"
        R"("dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},)"
        R"("hostName":"h1","status":"UP","lastUpdatedTimestamp":1700000000501,"actionType":"ADDED",)"
        R"("port":{"$":8080,"@enabled":"true"},"securePort":{"$":443,"@enabled":"false"}}})"
    );
}

TEST(EurekaJson, WritesARegistryWithItsHeaderBeforeOrBehind) {
    Applications all;
    EXPECT_EQ(
        encode(all, Format::json),
        R"({"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}})"
    );
    EXPECT_EQ(
        encode(all, Format::json, Detail::compact),
        R"({"applications":{"application":[],"versions__delta":"1","apps__hashcode":""}})"
    );
    all.put(instance_of("A", "1"));
    all.put(instance_of("B", "2"));
    all.version = 7;
    all.hash_code = all.reconcile_hash_code();
    const auto back = decode_applications(encode(all, Format::json), Format::json);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->version, 7);
    EXPECT_EQ(back->hash_code, "UP_2_");
    EXPECT_EQ(*back->find("B")->find("2"), *all.find("B")->find("2"));
}

TEST(DiscoveryFacts, F28_EmptyMetadataNamesItsClassInJson) {
    InstanceInfo instance = user_service();
    instance.metadata.clear();
    EXPECT_NE(
        encode(instance, Format::json).find(R"("metadata":{"@class":"java.util.Collections$EmptyMap"})"),
        std::string::npos
    );
    EXPECT_TRUE(read_json(R"("metadata":{"@class":"java.util.Collections$EmptyMap"})")->metadata.empty());
    EXPECT_TRUE(read_json(R"("metadata":null)")->metadata.empty());
}

TEST(EurekaJson, WritesAmazonsMetadataWholeOrInPart) {
    InstanceInfo instance = user_service();
    instance.data_center_info =
        DataCenterInfo{.name = DataCenter::amazon, .metadata = {{"instance-id", "i-1"}, {"ami-id", "ami-7"}}};
    EXPECT_NE(
        encode(instance, Format::json)
            .find(
                R"({"@class":"com.netflix.appinfo.AmazonInfo","name":"Amazon","metadata":{"ami-id":"ami-7","instance-id":"i-1"}})"
            ),
        std::string::npos
    );
    EXPECT_NE(
        encode(instance, Format::json, Detail::compact).find(R"("metadata":{"instance-id":"i-1"}})"),
        std::string::npos
    );
}

TEST(EurekaJson, LeavesTheUsualSidOutAndWritesAnother) {
    InstanceInfo instance = user_service();
    for (const char* usual : {"", "na", "unknown"}) {
        instance.sid = usual;
        EXPECT_EQ(encode(instance, Format::json).find("sid"), std::string::npos) << usual;
    }
    instance.sid = "s1";
    EXPECT_NE(
        encode(instance, Format::json).find(R"("ipAddr":"10.0.0.5","sid":"s1","status")"), std::string::npos
    );
}

TEST(DiscoveryFacts, F08_PortsInTextAreNumbersAgain) {
    const auto instance = read_json(R"("port":{"$":"8080","@enabled":true})");
    ASSERT_TRUE(instance);
    EXPECT_EQ(instance->port, (Port{8080, true}));
    EXPECT_NE(
        encode(*instance, Format::json).find(R"("port":{"$":8080,"@enabled":"true"})"), std::string::npos
    );
}

TEST(DiscoveryFacts, F35_PortsThatAreMissingHaveDefaultsAndAnAppMustBeThere) {
    EXPECT_EQ(read_json("")->port, (Port{7001, true}));
    EXPECT_EQ(read_json("")->secure_port, (Port{7002, false}));
    EXPECT_EQ(read_json(R"("port":{"$":1})")->port, (Port{1, true}));
    EXPECT_EQ(read_json(R"("securePort":{"$":1})")->secure_port, (Port{1, false}));
    EXPECT_FALSE(decode_instance(R"({"instance":{"hostName":"h"}})", Format::json));
    EXPECT_TRUE(decode_instance(R"({"instance":{"app":""}})", Format::json));
}

TEST(DiscoveryFacts, F34_AStatusInSmallLettersIsUnknownInJson) {
    EXPECT_EQ(read_json(R"("status":"up")")->status, InstanceStatus::unknown);
    EXPECT_EQ(read_json(R"("status":null)")->status, InstanceStatus::up);
    EXPECT_EQ(read_json("")->status, InstanceStatus::up);
    EXPECT_EQ(read_json(R"("overriddenstatus":"DOWN")")->overridden_status, InstanceStatus::down);
}

TEST(EurekaJson, TakesEnabledInEverySpelling) {
    for (const char* yes : {"true", R"("true")", "1", "-3"})
        EXPECT_TRUE(read_json(R"("port":{"$":1,"@enabled":)" + std::string(yes) + "}")->port.enabled) << yes;
    for (const char* no : {"false", R"("false")", R"("yes")", "0"})
        EXPECT_FALSE(read_json(R"("port":{"$":1,"@enabled":)" + std::string(no) + "}")->port.enabled) << no;
}

TEST(EurekaJson, TakesABarePortAndADataCenterWithoutClass) {
    EXPECT_EQ(read_json(R"("port":8080)")->port, (Port{8080, true}));
    EXPECT_EQ(read_json(R"("port":"8080")")->port, (Port{8080, true}));
    EXPECT_EQ(read_json(R"("dataCenterInfo":{"name":"MyOwn"})")->data_center_info->name, DataCenter::my_own);
    EXPECT_EQ(
        read_json(R"("dataCenterInfo":{"@class":"com.netflix.appinfo.AmazonInfo","name":"MyOwn"})")
            ->data_center_info->name,
        DataCenter::amazon
    );
    EXPECT_FALSE(read_json("")->data_center_info);
    EXPECT_EQ(read_json(R"("dataCenterInfo":{})")->data_center_info->name, DataCenter::unnamed);
}

TEST(EurekaJson, TakesNumbersAsTheOriginalDoes) {
    EXPECT_EQ(read_json(R"("countryId":"7")")->country_id, 7);
    EXPECT_EQ(read_json(R"("countryId":2.9)")->country_id, 2);
    EXPECT_EQ(read_json(R"("countryId":"x")")->country_id, 0);
    EXPECT_EQ(read_json(R"("countryId":1e300)")->country_id, 2147483647);
    EXPECT_EQ(read_json(R"("lastDirtyTimestamp":"17")")->last_dirty_timestamp, 17);
    EXPECT_EQ(read_json(R"("hostName":12)")->host_name, "12");
}

TEST(EurekaJson, ReadsScalarsInMetadataAsText) {
    const auto instance =
        read_json(R"("metadata":{"@class":"x","a":1,"b":true,"c":null,"d":"t","e":{"f":1}})");
    ASSERT_TRUE(instance);
    EXPECT_EQ(instance->metadata, (Metadata{{"a", "1"}, {"b", "true"}, {"c", "null"}, {"d", "t"}}));
}

TEST(EurekaJson, FallsBackToTheUsualLeaseForWhatIsNotPositive) {
    const auto lease =
        read_json(R"("leaseInfo":{"renewalIntervalInSecs":-1,"durationInSecs":0})")->lease_info;
    EXPECT_EQ(lease->renewal_interval_in_secs, 30);
    EXPECT_EQ(lease->duration_in_secs, 90);
    EXPECT_EQ(read_json(R"("leaseInfo":{"durationInSecs":"20"})")->lease_info->duration_in_secs, 20);
}

TEST(EurekaJson, FindsTheIdWhereverItIs) {
    EXPECT_EQ(read_json(R"("hostName":"h")")->id(), "h");
    EXPECT_EQ(read_json(R"("hostName":"h","instanceId":"")")->id(), "h");
    EXPECT_EQ(read_json(R"("hostName":"h","metadata":{"instanceId":"7"})")->id(), "h:7");
    EXPECT_EQ(read_json(R"("hostName":"h","metadata":{"instanceId":"h:7"})")->id(), "h:7");
    EXPECT_EQ(
        read_json(
            R"("hostName":"h","dataCenterInfo":{"@class":"com.netflix.appinfo.AmazonInfo","name":"Amazon","metadata":{"instance-id":"i-1"}})"
        )
            ->id(),
        "i-1"
    );
}

TEST(EurekaJson, SkipsMembersThatItDoesNotKnow) {
    EXPECT_TRUE(read_json(R"("what":1,"ever":{"a":[1,{"b":2}]},"list":[])"));
}

TEST(EurekaJson, IgnoresTextBehindTheDocument) {
    EXPECT_TRUE(decode_instance(R"({"instance":{"app":"A"}} and more)", Format::json));
}

TEST(EurekaJson, TakesASingleObjectForAList) {
    const auto all = decode_applications(
        R"({"applications":{"application":{"name":"A","instance":{"app":"A","instanceId":"1"}}}})",
        Format::json
    );
    ASSERT_TRUE(all) << all.error().message();
    EXPECT_NE(all->find("A")->find("1"), nullptr);
    EXPECT_EQ(decode_application(R"({"application":{"name":"a"}})", Format::json)->name, "A");
}

class EurekaJsonRefuses : public ::testing::TestWithParam<const char*> {};

TEST_P(EurekaJsonRefuses, AMalformedRegistration) {
    EXPECT_FALSE(decode_instance(GetParam(), Format::json)) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Documents,
    EurekaJsonRefuses,
    ::testing::Values(
        "",
        "{",
        "null",
        "[]",
        "{}",
        "3",
        R"({"instances":{"app":"A"}})",
        R"({"instance":{"app":"A"},"other":1})",
        R"({"instance":[]})",
        R"({"instance":null})",
        R"({"instance":{"app":["A"]}})",
        R"({"instance":{"app":null}})",
        R"({"instance":{"app":"A","port":true}})",
        R"({"instance":{"app":"A","port":"http"}})",
        R"({"instance":{"app":"A","port":[]}})",
        R"({"instance":{"app":"A","port":{"$":1,"x":2}}})",
        R"({"instance":{"app":"A","port":{"$":[]}}})",
        R"({"instance":{"app":"A","leaseInfo":[]}})",
        R"({"instance":{"app":"A","leaseInfo":3}})",
        R"({"instance":{"app":"A","metadata":[]}})",
        R"({"instance":{"app":"A","metadata":"x"}})",
        R"({"instance":{"app":"A","dataCenterInfo":"MyOwn"}})",
        R"({"instance":{"app":"A","dataCenterInfo":{"name":"Mine"}}})",
        R"({"instance":{"app":"A","dataCenterInfo":{"@class":"x","name":"MyOwn"}}})",
        R"({"instance":{"app":"A","dataCenterInfo":{"name":"MyOwn","x":1}}})",
        R"({"instance":{"app":"A","dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"Amazon"}}})",
        R"({"instance":{"app":"A","hostName":{"a":1}}})"
    )
);

TEST(EurekaJson, SaysWhatIsWrong) {
    EXPECT_EQ(read_json(R"("port":[])").error().message(), "instance.port: expected object");
    EXPECT_EQ(
        decode_instance("{}", Format::json).error().message(), "document: expected one member \"instance\""
    );
}

TEST(EurekaJson, HasLimits) {
    std::string deep = R"("x":)";
    for (int i = 0; i < 100; ++i) deep += '[';
    for (int i = 0; i < 100; ++i) deep += ']';
    EXPECT_FALSE(read_json(deep));
    EXPECT_FALSE(read_json(R"("x":")" + std::string(2U << 20, 'a') + "\""));
    std::string many = R"("metadata":{)";
    for (int i = 0; i < 30'000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
    many.back() = '}';
    EXPECT_FALSE(read_json(many));
}

}  // namespace
}  // namespace flotilla::eureka
