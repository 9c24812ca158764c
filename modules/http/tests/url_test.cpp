#include "flotilla/http/url.hpp"

#include <gtest/gtest.h>

namespace flotilla::http {
namespace {

TEST(Url, GivesTheParts) {
    const Url url = *Url::parse("HTTPS://user:pw@Shop.example:8443/a/b%20c?x=1&y#part");
    EXPECT_EQ(url.scheme, "https");
    EXPECT_TRUE(url.secure());
    EXPECT_FALSE(url.balanced);
    EXPECT_EQ(url.user_info, "user:pw");
    EXPECT_EQ(url.host, "Shop.example");
    EXPECT_EQ(url.port, 8443);
    EXPECT_EQ(url.path, "/a/b%20c");
    EXPECT_EQ(url.query, "x=1&y");
    EXPECT_EQ(url.authority(), "Shop.example:8443");
    EXPECT_EQ(url.target(), "/a/b%20c?x=1&y");
}

TEST(Url, HasDefaults) {
    const Url url = *Url::parse("http://a");
    EXPECT_EQ(url.path, "/");
    EXPECT_EQ(url.port, 0);
    EXPECT_EQ(url.port_or_default(), 80);
    EXPECT_EQ(Url::parse("wss://a")->port_or_default(), 443);
    EXPECT_EQ(Url::parse("http://a:80/")->authority(), "a");
    EXPECT_EQ(Url::parse("https://a:80/")->authority(), "a:80");
    EXPECT_EQ(Url::parse("http://a?x")->target(), "/?x");
    EXPECT_EQ(Url::parse("http://a/?")->target(), "/?");
}

TEST(Url, KnowsAddressesInBrackets) {
    const Url url = *Url::parse("http://[2001:db8::1]:8080/x");
    EXPECT_EQ(url.host, "2001:db8::1");
    EXPECT_EQ(url.authority(), "[2001:db8::1]:8080");
    for (const char* good :
         {"[::]", "[::1]", "[1::]", "[::ffff:10.0.0.1]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:1.2.3.4]"}) {
        EXPECT_TRUE(Url::parse("http://" + std::string(good))) << good;
    }
    for (const char* bad :
         {"[]",
          "[1]",
          "[1:2]",
          "[::1",
          "[:::]",
          "[1::2::3]",
          "[12345::]",
          "[1:2:3:4:5:6:7:8:9]",
          "[::1.2.3]",
          "[::1.2.3.256]",
          "[::1.2.3.4.5]",
          "[1:2:3:4:5:6:7:]",
          "[1:2:3:4:5:6:7:1.2.3.4]",
          "[::1%25eth0]",
          "[::g]"}) {
        EXPECT_FALSE(Url::parse("http://" + std::string(bad))) << bad;
    }
}

TEST(Url, NamesServicesToBeFound) {
    const Url plain = *Url::parse("lb://ORDER_SERVICE/orders");
    EXPECT_TRUE(plain.balanced);
    EXPECT_EQ(plain.scheme, "");
    EXPECT_EQ(plain.host, "ORDER_SERVICE");
    EXPECT_EQ(plain.to_string(), "lb://ORDER_SERVICE/orders");
    const Url inner = *Url::parse("lb:ws://CHAT");
    EXPECT_TRUE(inner.balanced);
    EXPECT_EQ(inner.scheme, "ws");
    EXPECT_EQ(inner.to_string(), "lb:ws://CHAT/");
}

TEST(Url, RefusesWhatCannotBeSent) {
    for (const char* bad :
         {"",
          "a",
          "/a",
          "a.example",
          "ftp://a",
          "lb:ftp://a",
          "http:/a",
          "http://",
          "http:///x",
          "http://a b",
          "http://a/b c",
          "http://a/\xc3\xa4",
          "http://a:0",
          "http://a:65536",
          "http://a:x",
          "http://a:",
          "http://a@b@c",
          "http://a,b",
          "http://a\\b",
          "http://a/\r\nX: y",
          "://a"}) {
        EXPECT_FALSE(Url::parse(bad)) << bad;
    }
    EXPECT_EQ(Url::parse("ftp://a").error().code(), make_error_code(Errc::malformed));
}

TEST(Url, IsWrittenAsItWasRead) {
    for (const char* text :
         {"http://a/",
          "https://u@a.b:444/c/d?e#",
          "http://[::1]:81/",
          "ws://a/?",
          "lb://X:8080/",
          "http://a/%2F/..?%"}) {
        const Url url = *Url::parse(text);
        EXPECT_EQ(*Url::parse(url.to_string()), url) << text;
    }
}

TEST(Url, IsBuiltFromParts) {
    Url url = *Url::parse("lb://USER-SERVICE/users");
    url.add_segment("a/b c").add_query("q", "x&y").add_query("z", "");
    EXPECT_EQ(url.to_string(), "lb://USER-SERVICE/users/a%2Fb%20c?q=x%26y&z=");
}

// RFC 3986, 5.4, as far as it concerns HTTP.
TEST(Url, ResolvesReferences) {
    const Url base = *Url::parse("http://a/b/c/d;p?q");
    const auto resolved = [&](std::string_view reference) { return base.resolve(reference)->to_string(); };
    EXPECT_EQ(resolved("g"), "http://a/b/c/g");
    EXPECT_EQ(resolved("./g"), "http://a/b/c/g");
    EXPECT_EQ(resolved("g/"), "http://a/b/c/g/");
    EXPECT_EQ(resolved("/g"), "http://a/g");
    EXPECT_EQ(resolved("//g"), "http://g/");
    EXPECT_EQ(resolved("?y"), "http://a/b/c/d;p?y");
    EXPECT_EQ(resolved("g?y"), "http://a/b/c/g?y");
    EXPECT_EQ(resolved(";x"), "http://a/b/c/;x");
    EXPECT_EQ(resolved(""), "http://a/b/c/d;p?q");
    EXPECT_EQ(resolved("#s"), "http://a/b/c/d;p?q");
    EXPECT_EQ(resolved("."), "http://a/b/c/");
    EXPECT_EQ(resolved(".."), "http://a/b/");
    EXPECT_EQ(resolved("../.."), "http://a/");
    EXPECT_EQ(resolved("../../../g"), "http://a/g");
    EXPECT_EQ(resolved("/./g"), "http://a/g");
    EXPECT_EQ(resolved("https://b:1/x"), "https://b:1/x");
    EXPECT_FALSE(base.resolve("javascript:alert"));
    EXPECT_FALSE(base.resolve("/a b"));
}

}  // namespace
}  // namespace flotilla::http
