#include <gtest/gtest.h>

#include "sample.hpp"
#include "xml_names.hpp"

namespace flotilla::eureka {
namespace {

using namespace testing;

std::string name_of(std::string_view key) {
    std::string name;
    detail::append_xml_name(name, key);
    return name;
}

TEST(EurekaXml, WritesAnInstanceOnLinesOfItsOwn) {
    InstanceInfo instance = user_service();
    instance.home_page_url.reset();
    instance.status_page_url.reset();
    instance.health_check_url.reset();
    EXPECT_EQ(
        encode(instance, Format::xml),
        R"(<instance>
  <instanceId>h1:user-service:8080</instanceId>
  <hostName>h1</hostName>
  <app>USER-SERVICE</app>
  <ipAddr>10.0.0.5</ipAddr>
  <status>UP</status>
  <overriddenstatus>UNKNOWN</overriddenstatus>
  <port enabled="true">8080</port>
  <securePort enabled="false">443</securePort>
  <countryId>1</countryId>
  <dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo">
    <name>MyOwn</name>
  </dataCenterInfo>
  <leaseInfo>
    <renewalIntervalInSecs>30</renewalIntervalInSecs>
    <durationInSecs>90</durationInSecs>
    <registrationTimestamp>1700000000000</registrationTimestamp>
    <lastRenewalTimestamp>1700000030000</lastRenewalTimestamp>
    <evictionTimestamp>0</evictionTimestamp>
    <serviceUpTimestamp>1700000000500</serviceUpTimestamp>
  </leaseInfo>
  <metadata>
    <management.port>8080</management.port>
  </metadata>
  <vipAddress>user-service</vipAddress>
  <secureVipAddress>user-service</secureVipAddress>
  <isCoordinatingDiscoveryServer>false</isCoordinatingDiscoveryServer>
  <lastUpdatedTimestamp>1700000000501</lastUpdatedTimestamp>
  <lastDirtyTimestamp>1700000000100</lastDirtyTimestamp>
  <actionType>ADDED</actionType>
</instance>)"
    );
}

TEST(EurekaXml, WritesTheCompactFormOnOneLine) {
    Applications all;
    InstanceInfo instance = user_service();
    instance.data_center_info.reset();
    all.put(shared(instance));
    all.hash_code = "UP_1_";
    EXPECT_EQ(
        encode(all, Format::xml, Detail::compact),
        "<applications><application><name>USER-SERVICE</name><instance><instanceId>h1:user-service:8080</"
        "instanceId>"
        "<app>USER-SERVICE</app><ipAddr>10.0.0.5</ipAddr><vipAddress>user-service</vipAddress>"
        "<secureVipAddress>user-service</secureVipAddress><hostName>h1</hostName><status>UP</status>"
        "<lastUpdatedTimestamp>1700000000501</lastUpdatedTimestamp><actionType>ADDED</actionType>"
        "<port enabled=\"true\">8080</port><securePort "
        "enabled=\"false\">443</securePort></instance></application>"
        "<versions__delta>1</versions__delta><apps__hashcode>UP_1_</apps__hashcode></applications>"
    );
}

TEST(EurekaXml, WritesAnEmptyRegistry) {
    EXPECT_EQ(
        encode(Applications{}, Format::xml),
        "<applications>\n  <versions__delta>1</versions__delta>\n  "
        "<apps__hashcode></apps__hashcode>\n</applications>"
    );
}

TEST(EurekaXml, ReadsWhatItWrites) {
    Applications all;
    all.put(shared(user_service()));
    all.put(instance_of("ORDER", "o", InstanceStatus::out_of_service));
    all.hash_code = all.reconcile_hash_code();
    const auto back = decode_applications(encode(all, Format::xml), Format::xml);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(encode(*back, Format::xml), encode(all, Format::xml));
    EXPECT_EQ(back->hash_code, "OUT_OF_SERVICE_1_UP_1_");
    EXPECT_EQ(*back->find("USER-SERVICE")->instances.front(), user_service());
    EXPECT_EQ(
        encode(*decode_application(encode(*all.find("ORDER"), Format::xml), Format::xml), Format::json),
        encode(*all.find("ORDER"), Format::json)
    );
}

TEST(DiscoveryFacts, F27_MetadataKeysAreEscapedAsXStreamDoes) {
    EXPECT_EQ(name_of("my_key"), "my__key");
    EXPECT_EQ(name_of("a b"), "a_.0020b");
    EXPECT_EQ(name_of("1x"), "_.0031x");
    EXPECT_EQ(name_of("a$b"), "a_-b");
    EXPECT_EQ(name_of("a<b"), "a_.003cb");
    EXPECT_EQ(name_of("\xF0\x9F\x9A\xA2"), "_.d83d_.dea2");
    for (const char* key : {"my_key", "a b", "1x", "a$b", "__", "_.0020", "é", "\xF0\x9F\x9A\xA2", "-", "."})
        EXPECT_EQ(detail::read_xml_name(name_of(key)), key);
    EXPECT_EQ(detail::read_xml_name("a_b_"), "a_b_");

    InstanceInfo instance = user_service();
    instance.metadata = {{"my_key", "v"}, {"a b", ""}, {"", "dropped"}};
    const std::string text = encode(instance, Format::xml);
    EXPECT_NE(text.find("<my__key>v</my__key>"), std::string::npos);
    EXPECT_NE(text.find("<a_.0020b></a_.0020b>"), std::string::npos);
    EXPECT_EQ(decode_instance(text, Format::xml)->metadata, (Metadata{{"my_key", "v"}, {"a b", ""}}));
    EXPECT_NE(encode(instance, Format::json).find(R"("my_key":"v")"), std::string::npos);
}

TEST(DiscoveryFacts, F28_EmptyMetadataNamesItsClassInXml) {
    InstanceInfo instance = user_service();
    instance.metadata.clear();
    const std::string text = encode(instance, Format::xml);
    EXPECT_NE(text.find(R"(<metadata class="java.util.Collections$EmptyMap"/>)"), std::string::npos);
    EXPECT_TRUE(decode_instance(text, Format::xml)->metadata.empty());
}

TEST(DiscoveryFacts, F34_AStatusInSmallLettersIsReadInXml) {
    EXPECT_EQ(read_xml("<status>up</status>")->status, InstanceStatus::up);
    EXPECT_EQ(read_xml("<status>nonsense</status>")->status, InstanceStatus::unknown);
    EXPECT_EQ(read_xml("<overriddenStatus>down</overriddenStatus>")->overridden_status, InstanceStatus::down);
}

TEST(EurekaXml, EscapesText) {
    InstanceInfo instance = user_service();
    instance.metadata = {{"k", "<a>&\"'\x01\x1f\xFF"}};
    EXPECT_NE(
        encode(instance, Format::xml).find("<k>&lt;a&gt;&amp;&quot;&apos;&#x1;&#x1f;\xEF\xBF\xBD</k>"),
        std::string::npos
    );
}

TEST(EurekaXml, ReadsEnabledExactly) {
    EXPECT_TRUE(read_xml("<port enabled=\"no\">1</port>")->port.enabled);
    EXPECT_FALSE(read_xml("<port enabled=\"false\">1</port>")->port.enabled);
    EXPECT_FALSE(read_xml("<securePort>1</securePort>")->secure_port.enabled);
    EXPECT_TRUE(read_xml("<securePort enabled=\"true\">1</securePort>")->secure_port.enabled);
}

TEST(EurekaXml, IgnoresWhatItDoesNotKnowNestedOrNot) {
    EXPECT_TRUE(read_xml("<other>1</other><deep><er a=\"b\"><still/></er></deep>"));
    EXPECT_EQ(read_xml("<lastDirtyTimestamp>soon</lastDirtyTimestamp>")->last_dirty_timestamp, 0);
}

TEST(EurekaXml, TheNameOfTheDataCenterDecidesAndNotItsClass) {
    const auto instance = read_xml(
        "<dataCenterInfo "
        "class=\"anything\"><name>Amazon</name><metadata><instance-id>i-1</instance-id></metadata>"
        "</dataCenterInfo>"
    );
    EXPECT_EQ(instance->data_center_info->name, DataCenter::amazon);
    EXPECT_EQ(instance->id(), "i-1");
    EXPECT_FALSE(read_xml("<dataCenterInfo><name>Mine</name></dataCenterInfo>"));
}

TEST(EurekaXml, ReadsDeclarationsReferencesAndSections) {
    EXPECT_EQ(
        decode_instance(
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><!-- c --><instance><app>a</app>"
            "<hostName>&#x41;&amp;<![CDATA[<x>]]>\xC3\xA9</hostName></instance>",
            Format::xml
        )
            ->host_name,
        "A&<x>\xC3\xA9"
    );
    EXPECT_EQ(latin1_to_utf8("\xE9"), "\xC3\xA9");
}

class EurekaXmlRefuses : public ::testing::TestWithParam<const char*> {};

TEST_P(EurekaXmlRefuses, AMalformedRegistration) {
    EXPECT_FALSE(decode_instance(GetParam(), Format::xml)) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Documents,
    EurekaXmlRefuses,
    ::testing::Values(
        "",
        "<",
        "text",
        "<instance>",
        "<instance></app>",
        "<application/>",
        "<instance/>",
        "<instance><app>a</app></instance>more",
        "<instance><app>a</app></instance><instance/>",
        "<instance><app>a</app><port>http</port></instance>",
        "<instance><app>a</app><countryId>x</countryId></instance>",
        "<instance><app>&unknown;</app></instance>",
        "<instance><app>\xFF</app></instance>",
        "<instance><app a=\"1\" a=\"2\">a</app></instance>",
        "<!DOCTYPE instance><instance><app>a</app></instance>",
        "<!DOCTYPE instance SYSTEM \"file:///etc/passwd\"><instance><app>a</app></instance>",
        "<!DOCTYPE i [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><instance><app>&a;</app></instance>",
        "<!DOCTYPE i [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><instance><app>&b;</app></instance>"
    )
);

TEST(EurekaXml, HasLimits) {
    std::string deep;
    for (int i = 0; i < 1000; ++i) deep += "<d>";
    for (int i = 0; i < 1000; ++i) deep += "</d>";
    EXPECT_EQ(read_xml(deep).error().code(), make_error_code(Errc::limit_exceeded));
    EXPECT_EQ(
        read_xml("<x>" + std::string(2U << 20, 'a') + "</x>").error().code(),
        make_error_code(Errc::limit_exceeded)
    );
    std::string many;
    for (int i = 0; i < 30'000; ++i) many += "<x/>";
    EXPECT_EQ(read_xml(many).error().code(), make_error_code(Errc::limit_exceeded));
    std::string attributes;
    for (int i = 0; i < 20'000; ++i) attributes += " a" + std::to_string(i) + "=\"\"";
    for (const std::string_view end : {"/>", "></instance>"}) {
        const std::string text = "<instance" + attributes + std::string(end);
        EXPECT_EQ(read_xml(text).error().code(), make_error_code(Errc::limit_exceeded));
    }
}

}  // namespace
}  // namespace flotilla::eureka
