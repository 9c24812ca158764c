#include "flotilla/metrics/meter_cache.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "flotilla/metrics/registry.hpp"

namespace flotilla::metrics {
namespace {

TEST(MeterCache, MakesEachHandleOnce) {
    Registry registry;
    MeterCache<Counter> cache;
    int made = 0;
    for (int round = 0; round < 3; ++round) {
        for (std::uint64_t route = 0; route < 300; ++route) {
            cache
                .get(
                    cache_key(route, 200, 1),
                    [&] {
                        ++made;
                        return registry.counter("c", {{"uri", std::to_string(route)}});
                    }
                )
                .increment();
        }
    }
    EXPECT_EQ(made, 300);
    EXPECT_EQ(registry.counter("c", {{"uri", "17"}}).count(), 3);
}

TEST(MeterCache, BeyondItsMaximumAsksEachTime) {
    MeterCache<int> cache(2);
    EXPECT_EQ(cache.get(1, [] { return 10; }), 10);
    EXPECT_EQ(cache.get(2, [] { return 20; }), 20);
    EXPECT_EQ(cache.get(3, [] { return 30; }), 30);
    EXPECT_EQ(cache.get(3, [] { return 31; }), 31);
    EXPECT_EQ(cache.get(1, [] { return 11; }), 10);
}

TEST(MeterCache, KeysOfDifferentPartsDiffer) {
    EXPECT_NE(cache_key(1, 0, 0), cache_key(0, 1, 0));
    EXPECT_NE(cache_key(0, 1, 0), cache_key(0, 0, 1));
    EXPECT_NE(cache_key(0), 0u);
}

TEST(MeterCache, IsReadWhileItGrows) {
    MeterCache<std::uint64_t> cache;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (std::uint64_t round = 0; round < 3; ++round) {
                for (std::uint64_t key = 1; key < 2000; ++key) {
                    EXPECT_EQ(cache.get(key, [&] { return key * 7; }), key * 7);
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace flotilla::metrics
