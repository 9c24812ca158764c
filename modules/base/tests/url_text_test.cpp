#include "flotilla/base/url_text.hpp"

#include <gtest/gtest.h>

namespace flotilla {
namespace {

TEST(UrlText, AnAddressOfIpv6StandsInBrackets) {
    EXPECT_EQ(host_in_url("::1"), "[::1]");
    EXPECT_EQ(host_in_url("[::1]"), "[::1]");
    EXPECT_EQ(host_in_url("10.0.0.7"), "10.0.0.7");
    EXPECT_EQ(host_in_url("order.example"), "order.example");
    EXPECT_EQ(host_in_url(""), "");
    std::string url = "http://";
    append_host(url, "fe80::1");
    EXPECT_EQ(url, "http://[fe80::1]");
}

TEST(UrlText, APortFollowsItsHost) {
    EXPECT_EQ(host_and_port("2001:db8::7", 8080), "[2001:db8::7]:8080");
    EXPECT_EQ(host_and_port("[::1]", 80), "[::1]:80");
    EXPECT_EQ(host_and_port("localhost", 65535), "localhost:65535");
    EXPECT_EQ(host_and_port("a", 0), "a:0");
}

TEST(UrlText, APathLiesBelowWholeSegmentsOnly) {
    EXPECT_TRUE(is_at_or_below("/actuator", "/actuator"));
    EXPECT_TRUE(is_at_or_below("/actuator/health", "/actuator"));
    EXPECT_TRUE(is_at_or_below("/actuator/", "/actuator"));
    EXPECT_FALSE(is_at_or_below("/actuators", "/actuator"));
    EXPECT_FALSE(is_at_or_below("/actuato", "/actuator"));
    EXPECT_FALSE(is_at_or_below("", "/actuator"));
    EXPECT_TRUE(is_at_or_below("/anything", ""));
}

}  // namespace
}  // namespace flotilla
