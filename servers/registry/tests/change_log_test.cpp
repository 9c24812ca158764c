#include "flotilla/registry/change_log.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "flotilla/base/clock.hpp"

namespace flotilla::registry {

namespace {

using namespace std::chrono_literals;

eureka::InstancePtr instance(const std::string& id, std::size_t metadata = 0) {
    eureka::InstanceInfo info;
    info.instance_id = id;
    info.app = "A";
    info.metadata.insert_or_assign("much", std::string(metadata, 'x'));
    return std::make_shared<const eureka::InstanceInfo>(std::move(info));
}

TEST(ChangeLog, WhatIsOldGoesWhetherSomebodyAsksOrNot) {
    const TimePoint start{};
    ChangeLog log(3min);
    const auto first = instance("first");
    log.add(1, start, first);
    log.add(2, start + 3min, instance("second"));
    EXPECT_EQ(first.use_count(), 2);
    log.add(3, start + 3min + 1s, instance("third"));
    EXPECT_EQ(first.use_count(), 1);
    EXPECT_FALSE(log.since(0));
    EXPECT_TRUE(log.since(1));
}

TEST(ChangeLog, EverythingOfAnInstanceCounts) {
    ChangeLog log(3min, {.entries = 1000, .bytes = 1'000'000});
    const auto with_long_url = [] {
        auto info = *instance("long");
        info.home_page_url = std::string(900'000, 'x');
        return std::make_shared<const eureka::InstanceInfo>(std::move(info));
    };
    const eureka::InstancePtr first = with_long_url();
    log.add(1, {}, first);
    log.add(2, {}, with_long_url());
    EXPECT_EQ(first.use_count(), 1);
}

TEST(ChangeLog, ManyChangesOfALargeInstanceDoNotStay) {
    ChangeLog log(3min, {.entries = 1000, .bytes = 10'000'000});
    const auto first = instance("large", 900'000);
    log.add(1, {}, first);
    for (std::uint64_t version = 2; version <= 10; ++version)
        log.add(version, {}, instance("large", 900'000));
    EXPECT_EQ(first.use_count(), 2);
    for (std::uint64_t version = 11; version <= 100; ++version)
        log.add(version, {}, instance("large", 900'000));
    EXPECT_EQ(first.use_count(), 1);
    EXPECT_FALSE(log.since(80)) << "who has missed some asks for everything";
    EXPECT_TRUE(log.since(95));
}

}  // namespace
}  // namespace flotilla::registry
