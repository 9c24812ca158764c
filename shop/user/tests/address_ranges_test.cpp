#include "flotilla/shop/user/address_ranges.hpp"

#include <gtest/gtest.h>

namespace flotilla::shop::user {
namespace {

bool contains(std::vector<std::string> ranges, std::string_view address) {
    return AddressRanges::of(ranges).value().contain(runtime::Endpoint::parse(address, 80).value());
}

TEST(AddressRanges, ContainAnAddressAlone) {
    EXPECT_TRUE(contains({"127.0.0.1"}, "127.0.0.1"));
    EXPECT_FALSE(contains({"127.0.0.1"}, "127.0.0.2"));
    EXPECT_TRUE(contains({"::1"}, "::1"));
    EXPECT_FALSE(contains({"::1"}, "127.0.0.1"));
}

TEST(AddressRanges, ContainWhatBeginsAlike) {
    EXPECT_TRUE(contains({"10.0.0.0/8"}, "10.200.3.4"));
    EXPECT_FALSE(contains({"10.0.0.0/8"}, "11.0.0.1"));
    EXPECT_TRUE(contains({"192.168.8.0/21"}, "192.168.15.255"));
    EXPECT_FALSE(contains({"192.168.8.0/21"}, "192.168.16.0"));
    EXPECT_TRUE(contains({"fd00::/8"}, "fdab::1"));
    EXPECT_FALSE(contains({"fd00::/8"}, "fe80::1"));
    EXPECT_TRUE(contains({"10.0.0.1", "0.0.0.0/0"}, "8.8.8.8"));
    EXPECT_FALSE(contains({"0.0.0.0/0"}, "2001:db8::1"));
}

TEST(AddressRanges, AnEmptyListContainsNothing) {
    EXPECT_FALSE(contains({}, "127.0.0.1"));
    EXPECT_TRUE(AddressRanges().empty());
}

TEST(AddressRanges, WhatIsNoneIsAnError) {
    for (const char* text : {"gateway", "127.0.0.1/33", "::/129", "127.0.0.1/", "127.0.0.1/x", "", "/8"}) {
        const std::vector<std::string> texts{text};
        EXPECT_FALSE(AddressRanges::of(texts)) << text;
    }
}

}  // namespace
}  // namespace flotilla::shop::user
