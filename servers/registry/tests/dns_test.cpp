#include <gtest/gtest.h>

#include "fixture.hpp"
#include "flotilla/registry/dns_answers.hpp"

namespace flotilla::registry {
namespace {

using namespace testing;

DnsQuery query(std::string name, DnsType type = DnsType::a) {
    DnsQuery query{.id = 7, .name = std::move(name), .question = {}, .type = type};
    query.question = *dns_name(query.name) + std::string({0, static_cast<char>(type), 0, 1});
    return query;
}

class DnsAnswers : public ::testing::Test {
protected:
    void SetUp() override {
        InstanceInfo up = instance("USER_SERVICE", "1");
        up.metadata = {{"tags", "blue, canary"}, {"zone", "a"}};
        f.enroll(up);
        InstanceInfo out = with_status(instance("USER_SERVICE", "2"), InstanceStatus::out_of_service);
        out.ip_addr = "10.0.0.6";
        f.enroll(out);
    }

    DnsReply ask(std::string name, DnsType type = DnsType::a, Transport transport = Transport::udp) {
        Random random(1);
        return answer_dns(query(std::move(name), type), config, f.registry, random, transport, f.at());
    }

    Fixture f;
    ConsulConfig config;
};

TEST_F(DnsAnswers, F31_OneUpInstanceIsOneServiceRecordWithItsAddress) {
    const DnsReply reply = ask("user-service.service.consul", DnsType::srv);
    ASSERT_EQ(reply.answers.size(), 1u);
    EXPECT_EQ(reply.answers[0].data, dns_srv(1, 1, 8080, "0a000005.addr.dc1.consul"));
    ASSERT_EQ(reply.additional.size(), 1u);
    EXPECT_EQ(reply.additional[0].name, "0a000005.addr.dc1.consul");
    EXPECT_EQ(reply.additional[0].data, std::string("\x0a\x00\x00\x05", 4));
    EXPECT_TRUE(reply.authority.empty());
}

TEST_F(DnsAnswers, F32_AnUnknownNameIsANameErrorWithTheAuthority) {
    for (const char* name :
         {"nosuch.service.consul",
          "nosuch.consul",
          "a.b.user-service.service.consul",
          "user-service.service.dc2.consul",
          "user-service.service.dc2.dc.consul",
          "service.consul",
          "x.addr.consul",
          "none.node.consul"}) {
        const DnsReply reply = ask(name);
        EXPECT_EQ(reply.code, DnsCode::name_error) << name;
        ASSERT_EQ(reply.authority.size(), 1u) << name;
        EXPECT_EQ(reply.authority[0].type, DnsType::soa) << name;
        EXPECT_EQ(reply.authority[0].name, "consul") << name;
    }
}

TEST_F(DnsAnswers, KnowsEveryFormOfAServiceName) {
    for (const char* name :
         {"user-service.service.consul",
          "user-service.service.dc1.consul",
          "user-service.service.dc1.dc.consul",
          "_user-service._tcp.service.consul",
          "_user-service._udp.consul",
          "_user-service._blue.service.dc1.dc.consul",
          "blue.user-service.service.consul",
          "canary.user-service.service.consul",
          "zone=a.user-service.service.consul"})
        EXPECT_EQ(ask(name).answers.size(), 1u) << name;
    EXPECT_EQ(ask("green.user-service.service.consul").code, DnsCode::name_error);
    EXPECT_EQ(ask("_user-service._green.service.consul").code, DnsCode::name_error);
}

TEST_F(DnsAnswers, KnowsNodesAndAddresses) {
    EXPECT_EQ(ask("h1.node.consul").answers.at(0).data, std::string("\x0a\x00\x00\x05", 4));
    EXPECT_EQ(ask("0a000005.addr.dc1.consul").answers.at(0).data, std::string("\x0a\x00\x00\x05", 4));
    EXPECT_EQ(
        ask("00000000000000000000000000000001.addr.consul", DnsType::aaaa).answers.at(0).data,
        *dns_address("::1", DnsType::aaaa)
    );
}

TEST_F(DnsAnswers, AKnownNameWithoutSuchRecordsIsNoError) {
    const DnsReply reply = ask("user-service.service.consul", DnsType::aaaa);
    EXPECT_EQ(reply.code, DnsCode::no_error);
    EXPECT_TRUE(reply.answers.empty());
    EXPECT_EQ(reply.authority.size(), 1u);
}

TEST_F(DnsAnswers, RefusesOtherDomainsAndKnowsTheSecondOne) {
    EXPECT_EQ(ask("www.example.com").code, DnsCode::refused);
    EXPECT_EQ(ask("xconsul").code, DnsCode::refused);
    config.alt_domain = "Fleet.Local";
    EXPECT_EQ(ask("user-service.service.fleet.local").answers.size(), 1u);
    EXPECT_EQ(
        ask("user-service.service.fleet.local", DnsType::srv).additional.at(0).name,
        "0a000005.addr.dc1.fleet.local"
    );
}

TEST_F(DnsAnswers, LeavesOutWhatIsNotWell) {
    f.enroll(with_status(instance("STARTING-SERVICE", "3"), InstanceStatus::starting));
    EXPECT_EQ(ask("starting-service.service.consul").code, DnsCode::name_error);
    config.only_passing = false;
    EXPECT_EQ(ask("starting-service.service.consul").answers.size(), 1u);
    EXPECT_EQ(ask("user-service.service.consul").answers.size(), 1u) << "out of service is critical";
    f.clock.advance(91s);
    EXPECT_EQ(ask("user-service.service.consul").code, DnsCode::name_error) << "the lease has run out";
}

TEST_F(DnsAnswers, AreLimitedOverUdpOnly) {
    for (int i = 10; i < 20; ++i) {
        InstanceInfo more = instance("MANY", std::to_string(i));
        more.ip_addr = "10.0.1." + std::to_string(i);
        f.enroll(more);
    }
    const DnsReply short_one = ask("many.service.consul");
    EXPECT_EQ(short_one.answers.size(), 3u);
    EXPECT_TRUE(short_one.truncated);
    const DnsReply whole = ask("many.service.consul", DnsType::a, Transport::tcp);
    EXPECT_EQ(whole.answers.size(), 10u);
    EXPECT_FALSE(whole.truncated);
}

TEST_F(DnsAnswers, NameTheHostOfAnInstanceWithoutAddress) {
    InstanceInfo named = instance("NAMED", "1");
    named.ip_addr = "not an address";
    named.host_name = "App-1.example.com";
    f.enroll(named);
    const DnsReply reply = ask("named.service.consul");
    ASSERT_EQ(reply.answers.size(), 1u);
    EXPECT_EQ(reply.answers[0].type, DnsType::cname);
    EXPECT_EQ(reply.answers[0].data, *dns_name("app-1.example.com"));
    EXPECT_EQ(
        ask("named.service.consul", DnsType::srv).answers.at(0).data, dns_srv(1, 1, 8080, "app-1.example.com")
    );
}

std::string message(std::string_view name, std::uint16_t questions = 1, std::uint16_t flags = 0x0100) {
    std::string out("\0\7", 2);
    for (const std::uint16_t value :
         {flags, questions, std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{0}}) {
        out.push_back(static_cast<char>(value >> 8));
        out.push_back(static_cast<char>(value & 0xFF));
    }
    out.append(name);
    out.append("\0\1\0\1", 4);
    return out;
}

DnsCode refusal_of(const std::string& text) {
    const DnsInput input = read_dns(text);
    EXPECT_FALSE(input.query);
    EXPECT_EQ(input.refusal.size(), 12u);
    return static_cast<DnsCode>(input.refusal.at(3) & 15);
}

TEST(DnsMessage, ReadsAQueryInAnyCase) {
    const DnsInput input = read_dns(message(*dns_name("User-Service.SERVICE.consul")));
    ASSERT_TRUE(input.query);
    EXPECT_EQ(input.query->name, "user-service.service.consul");
    EXPECT_EQ(input.query->id, 7);
    EXPECT_TRUE(input.query->recursion_desired);
}

TEST(DnsMessage, RefusesLengthsThatLieAndNamesThatLoop) {
    using namespace std::string_literals;
    EXPECT_EQ(refusal_of(message("\x3f"s + "abc")), DnsCode::format_error)
        << "a label longer than the message";
    EXPECT_EQ(refusal_of(message("\xc0\x0c"s)), DnsCode::format_error) << "a pointer to itself";
    EXPECT_EQ(refusal_of(message("\x40"s + std::string(64, 'a') + "\0"s)), DnsCode::format_error);
    std::string endless;
    for (int i = 0; i < 100; ++i) endless += "\3abc";
    EXPECT_EQ(refusal_of(message(endless + "\0"s)), DnsCode::format_error) << "a name longer than 255";
    EXPECT_EQ(refusal_of(message(*dns_name("a.consul"), 65'535)), DnsCode::format_error);
    EXPECT_EQ(refusal_of(message(*dns_name("a.consul"), 0)), DnsCode::format_error);
    EXPECT_EQ(refusal_of(message(*dns_name("a.consul"), 1, 0x2800)), DnsCode::not_implemented);
    EXPECT_EQ(refusal_of(message("\3a.b\0"s)), DnsCode::format_error) << "a dot inside of a label";
}

TEST(DnsMessage, SaysNothingToAnswersAndFragments) {
    const std::string whole = message(*dns_name("a.consul"));
    for (std::size_t size = 0; size < 12; ++size) {
        const DnsInput input = read_dns(whole.substr(0, size));
        EXPECT_FALSE(input.query);
        EXPECT_TRUE(input.refusal.empty());
    }
    EXPECT_TRUE(read_dns(message(*dns_name("a.consul"), 1, 0x8100)).refusal.empty());
}

TEST(DnsMessage, ShortensAReplyToItsLimit) {
    DnsReply reply;
    for (int i = 0; i < 50; ++i) reply.answers.push_back({"many.service.consul", DnsType::a, "\1\2\3\4"});
    const std::string text = write_dns(query("many.service.consul"), reply, 0, 512);
    EXPECT_LE(text.size(), 512u);
    EXPECT_TRUE(text[2] & 2) << "truncated";
    EXPECT_FALSE(write_dns(query("many.service.consul"), reply, 0, 65'535)[2] & 2);
}

TEST(DnsMessage, WritesAuthoritativeAnswersByteByByte) {
    using namespace std::string_literals;
    const DnsReply reply{.answers = {{"a.consul", DnsType::a, "\x0a\0\0\5"s}}};
    EXPECT_EQ(
        write_dns(query("a.consul"), reply, 5, 512),
        "\0\7\x84\0\0\1\0\1\0\0\0\0"s + "\1a\6consul\0\0\1\0\1"s + "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x0a\0\0\5"s
    );
}

}  // namespace
}  // namespace flotilla::registry
