#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "dns_client.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "on_loop.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;
using Octets = std::vector<unsigned char>;

/// Builds messages octet by octet.
class Message {
public:
    Message(int flags, int questions, int answers, int additional) {
        put(4711).put(flags).put(questions).put(answers).put(0).put(additional);
    }

    Message& put(int value) {
        octets.push_back(static_cast<unsigned char>(value >> 8));
        octets.push_back(static_cast<unsigned char>(value & 0xff));
        return *this;
    }

    Message& name(std::string_view text) {
        std::size_t from = 0;
        while (from < text.size()) {
            const std::size_t dot = std::min(text.find('.', from), text.size());
            octets.push_back(static_cast<unsigned char>(dot - from));
            octets.insert(
                octets.end(),
                text.begin() + static_cast<std::ptrdiff_t>(from),
                text.begin() + static_cast<std::ptrdiff_t>(dot)
            );
            from = dot + 1;
        }
        octets.push_back(0);
        return *this;
    }

    Message& head(std::string_view owner, int type, int ttl) {
        return name(owner).put(type).put(1).put(0).put(ttl);
    }

    Message& srv(
        std::string_view owner, int ttl, int priority, int weight, int port, std::string_view target
    ) {
        head(owner, 33, ttl).put(static_cast<int>(6 + target.size() + 2));
        return put(priority).put(weight).put(port).name(target);
    }

    Message& a(std::string_view owner, int ttl, std::array<unsigned char, 4> address) {
        head(owner, 1, ttl).put(4);
        octets.insert(octets.end(), address.begin(), address.end());
        return *this;
    }

    Octets octets;
};

constexpr int response = 0x8180;

Octets two_services() {
    Message message(response, 1, 2, 1);
    message.name("user-service.service.consul").put(33).put(1);
    message.srv("user-service.service.consul", 30, 1, 1, 8080, "c000020a.addr.dc1.consul");
    message.srv("user-service.service.consul", 5, 2, 1, 8081, "h2.example");
    message.a("c000020a.addr.dc1.consul", 9, {192, 0, 2, 10});
    return message.octets;
}

TEST(Dns, ReadsServicesWithTheirAddresses) {
    const auto answer = parse_dns_answer(two_services());
    ASSERT_TRUE(answer) << answer.error().message();
    ASSERT_EQ(answer->services.size(), 2U);
    EXPECT_EQ(answer->services[0], (SrvRecord{1, 1, 8080, "c000020a.addr.dc1.consul"}));
    EXPECT_EQ(answer->addresses.at(0), (AddressRecord{"c000020a.addr.dc1.consul", "192.0.2.10"}));
    EXPECT_EQ(answer->time_to_live, 5s) << "the shortest of the answer";
}

TEST(Dns, TheBestPriorityCounts) {
    DnsConfig config;
    const auto answer = parse_dns_answer(two_services());
    const auto found = dns_instances("user-service", *answer, config);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].uri(), "http://192.0.2.10:8080");
    EXPECT_EQ(found[0].id, "192.0.2.10:8080");
    DnsAnswer equal;
    equal.services = {{1, 5, 80, "h1"}, {1, 0, 81, "h2"}, {1, 0, 82, ""}};
    const auto both = dns_instances("user-service", equal, config);
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].weight(), 5U);
    EXPECT_EQ(both[1].host, "h2") << "its address is looked up when it is called";
}

TEST(Dns, AddressesHaveThePortOfTheConfiguration) {
    DnsConfig config;
    config.record = DnsRecord::address;
    config.port = 9000;
    DnsAnswer answer;
    answer.addresses = {{"x", "10.0.0.1"}, {"x", "fe80::1"}};
    const auto found = dns_instances("user-service", answer, config);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[1].uri(), "http://[fe80::1]:9000");
    EXPECT_EQ(
        dns_name({.record = {}, .name = "_http._tcp.{service}.svc", .server = {}}, "User-Service"),
        "_http._tcp.user-service.svc"
    );
}

TEST(Dns, NoSuchNameIsAnAnswerWithoutRecords) {
    const auto none = parse_dns_answer(Message(response | 3, 0, 0, 0).octets);
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->services.empty());
    EXPECT_FALSE(parse_dns_answer(Message(response | 2, 0, 0, 0).octets)) << "the server failed";
}

TEST(Dns, MessagesThatLieAreMalformed) {
    const Octets good = two_services();
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_FALSE(parse_dns_answer(std::span(good).first(length))) << length;
    }
    Message circle(response, 0, 1, 0);
    circle.put(0xc00c).put(33).put(1).put(0).put(30).put(0);
    EXPECT_FALSE(parse_dns_answer(circle.octets)) << "a name that points to itself";
    Message many(response, 65535, 65535, 65535);
    EXPECT_FALSE(parse_dns_answer(many.octets));
    Message short_address(response, 0, 1, 0);
    short_address.head("x", 1, 1).put(3).put(0).put(1);
    EXPECT_FALSE(parse_dns_answer(short_address.octets));
    // Whatever is changed, nothing worse happens.
    Random random(5);
    for (int i = 0; i < 20'000; ++i) {
        Octets bad = good;
        for (int n = 0; n < 3; ++n) bad[random.below(bad.size())] = static_cast<unsigned char>(random());
        (void)parse_dns_answer(bad);
    }
}

Task<> polls(runtime::Runtime& runtime) {
    const auto asked = std::make_shared<std::atomic<int>>(0);
    DnsConfig config;
    config.name = "{service}.example";
    const DnsLookup lookup = [asked](const std::string& name, DnsRecord) -> Result<DnsAnswer> {
        ++*asked;
        if (name != "user-service.example") return fail(Errc::unavailable, "what?");
        DnsAnswer answer;
        answer.services = {{1, 1, 8080, "h1"}};
        return answer;
    };
    const Means means{.runtime = runtime, .log = {}, .meters = nullptr};
    const auto client = make_dns_client(means, config, lookup);
    EXPECT_FALSE(client->announces());
    runtime::TaskScope scope(runtime::EventLoop::current());
    scope.spawn("dns", client->run());
    const Deadline deadline = Deadline::after(runtime.clock().now(), 2s);
    const auto found = co_await client->find("User-Service", deadline);
    EXPECT_TRUE(found);
    if (found) {
        EXPECT_EQ((*found)->instances.at(0).uri(), "http://h1:8080");
    }
    EXPECT_EQ(client->services(), std::vector<std::string>{"user-service"});
    EXPECT_TRUE(client->informed());
    co_await scope.stop();
    EXPECT_EQ(*asked, 1);
}

TEST(DnsClientTest, AsksForANameOnceItIsWanted) {
    on_loop(polls);
}

TEST(DnsClientTest, ServersAreAddressesWithPorts) {
    for (const char* wrong : {"nowhere", "1.2.3.4:x", "[::1]:53"}) {
        DnsConfig config;
        config.server = wrong;
        const auto answer = system_dns(config)("x.example", DnsRecord::srv);
        ASSERT_FALSE(answer) << wrong;
        EXPECT_EQ(answer.error().code(), Errc::invalid_argument);
    }
}

}  // namespace

}  // namespace flotilla::discovery
