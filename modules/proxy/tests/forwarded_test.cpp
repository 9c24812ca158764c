#include "flotilla/proxy/forwarded.hpp"

#include <gtest/gtest.h>

namespace flotilla::proxy {
namespace {

runtime::Endpoint at(std::string_view address, std::uint16_t port = 5) {
    return runtime::Endpoint::parse(address, port).value();
}

class Forwarded : public ::testing::Test {
protected:
    std::string write(bool trusted, std::string_view host = "h:8000") {
        http::HeaderBlock out;
        write_forwarded(
            config, {.peer = peer, .trusted = trusted, .secure = secure, .host = host}, inbound, out
        );
        return std::string(out.text());
    }

    ForwardedConfig config;
    runtime::Endpoint peer = at("1.2.3.4");
    bool secure = false;
    http::Fields inbound;
};

TEST_F(Forwarded, F23_TellsTheNextHopWhoAsks) {
    EXPECT_EQ(
        write(false),
        "Forwarded: proto=http;host=\"h:8000\";for=\"1.2.3.4:5\"\r\n"
        "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8000\r\nX-Forwarded-Host: "
        "h:8000\r\n"
    );
}

TEST_F(Forwarded, LeavesOutTheUsualPort) {
    secure = true;
    EXPECT_EQ(
        write(false, "shop.example"),
        "Forwarded: proto=https;host=shop.example;for=\"1.2.3.4:5\"\r\n"
        "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"
        "X-Forwarded-Host: shop.example\r\n"
    );
    config.forwarded = false;
    EXPECT_TRUE(write(false, "a:443").ends_with("X-Forwarded-Port: 443\r\nX-Forwarded-Host: a\r\n"));
    EXPECT_TRUE(write(false, "[::1]").ends_with("X-Forwarded-Port: 443\r\nX-Forwarded-Host: [::1]\r\n"));
    EXPECT_TRUE(write(false, "[::1]:90").ends_with("X-Forwarded-Port: 90\r\nX-Forwarded-Host: [::1]:90\r\n"));
}

TEST_F(Forwarded, F23_ForgetsWhatAnUntrustedPeerSays) {
    inbound.add("X-Forwarded-For", "9.9.9.9");
    inbound.add("Forwarded", "for=9.9.9.9");
    inbound.add("X-Forwarded-Secret", "1");
    config.forwarded = false;
    EXPECT_EQ(
        write(false),
        "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8000\r\nX-Forwarded-Host: "
        "h:8000\r\n"
    );
    config.x_forwarded = false;
    EXPECT_EQ(write(false), "");
}

TEST_F(Forwarded, F23_AppendsToWhatATrustedPeerSays) {
    inbound.add("x-forwarded-for", "9.9.9.9, 8.8.8.8");
    inbound.add("X-Forwarded-For", "7.7.7.7");
    inbound.add("X-Forwarded-Proto", "https");
    inbound.add("Forwarded", "for=9.9.9.9");
    inbound.add("X-Forwarded-Secret", "1");
    EXPECT_EQ(
        write(true),
        "Forwarded: for=9.9.9.9\r\nX-Forwarded-Secret: 1\r\n"
        "Forwarded: proto=http;host=\"h:8000\";for=\"1.2.3.4:5\"\r\n"
        "X-Forwarded-For: 9.9.9.9, 8.8.8.8,7.7.7.7,1.2.3.4\r\nX-Forwarded-Proto: https,http\r\n"
        "X-Forwarded-Port: 8000\r\nX-Forwarded-Host: h:8000\r\n"
    );
}

TEST_F(Forwarded, ReplacesOrLeavesAloneAsConfigured) {
    inbound.add("X-Forwarded-For", "9.9.9.9");
    inbound.add("X-Forwarded-Proto", "https");
    config.forwarded = false;
    config.for_.append = false;
    config.proto.enabled = false;
    config.port.enabled = false;
    config.host.enabled = false;
    EXPECT_EQ(write(true), "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n");
}

TEST_F(Forwarded, PutsIpv6InBracketsWhereAPortFollows) {
    peer = at("::1");
    const std::string text = write(false);
    EXPECT_TRUE(
        text.starts_with("Forwarded: proto=http;host=\"h:8000\";for=\"[::1]:5\"\r\nX-Forwarded-For: ::1\r\n")
    ) << text;
}

TEST_F(Forwarded, JoinsTheParts) {
    http::HeaderBlock out;
    inbound.add("X-Forwarded-Prefix", "/outer");
    const ClientFacts trusted{.peer = peer, .trusted = true};
    write_forwarded_prefix(config, trusted, inbound, "/a,/b", out);
    EXPECT_EQ(out.text(), "X-Forwarded-Prefix: /outer,/a,/b\r\n");
    write_forwarded_prefix(config, {.peer = peer}, inbound, "/a", out);
    EXPECT_EQ(out.text(), "X-Forwarded-Prefix: /a\r\n");
    out.clear();
    write_forwarded_prefix(config, {.peer = peer}, inbound, "", out);
    EXPECT_EQ(out.text(), "");
}

TEST(TrustedProxies, TrustsNobodyByDefault) {
    EXPECT_FALSE(TrustedProxies().trusts(at("127.0.0.1")));
    EXPECT_FALSE(TrustedProxies::parse("").value().trusts(at("127.0.0.1")));
}

TEST(TrustedProxies, KnowsRanges) {
    const auto trusted = TrustedProxies::parse("10.0.0.0/8, 192.168.1.128/25,::1,fd00::/9").value();
    EXPECT_TRUE(trusted.trusts(at("10.255.0.1")));
    EXPECT_FALSE(trusted.trusts(at("11.0.0.1")));
    EXPECT_TRUE(trusted.trusts(at("192.168.1.200")));
    EXPECT_FALSE(trusted.trusts(at("192.168.1.1")));
    EXPECT_TRUE(trusted.trusts(at("::1")));
    EXPECT_FALSE(trusted.trusts(at("::2")));
    EXPECT_TRUE(trusted.trusts(at("fd7f::1")));
    EXPECT_FALSE(trusted.trusts(at("fd80::1")));
    EXPECT_TRUE(TrustedProxies::parse("0.0.0.0/0").value().trusts(at("8.8.8.8")));
}

TEST(TrustedProxies, KnowsARegularExpression) {
    const auto trusted = TrustedProxies::parse("10\\.0\\.0\\..*|127\\.0\\.0\\.1").value();
    EXPECT_TRUE(trusted.trusts(at("10.0.0.77")));
    EXPECT_TRUE(trusted.trusts(at("127.0.0.1")));
    EXPECT_FALSE(trusted.trusts(at("127.0.0.11")));
    EXPECT_FALSE(TrustedProxies::parse("(").has_value());
}

TEST(AddressRange, RefusesWhatIsNone) {
    for (const auto* text :
         {"", "1.2.3", "1.2.3.4/33", "::1/129", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/8x", "a"})
        EXPECT_FALSE(AddressRange::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace flotilla::proxy
