#include "flotilla/base/thread_slot.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <set>
#include <thread>
#include <vector>

namespace flotilla {

namespace {

/// The slots of so many threads that live at the same time.
std::multiset<std::size_t> slots_of(std::size_t threads) {
    std::vector<std::size_t> slots(threads);
    std::barrier<> all(static_cast<std::ptrdiff_t>(threads));
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < threads; ++i) {
        running.emplace_back([&, i] {
            slots[i] = thread_slot();
            if (thread_slot() != slots[i]) slots[i] = thread_slot_count + 1;
            all.arrive_and_wait();
        });
    }
    for (std::thread& thread : running) thread.join();
    return {slots.begin(), slots.end()};
}

TEST(ThreadSlot, IsSmallAndNobodyElsesAndUsedAgain) {
    std::set<std::size_t> first;
    for (int round = 0; round < 10; ++round) {
        const auto slots = slots_of(8);
        const std::set<std::size_t> distinct(slots.begin(), slots.end());
        EXPECT_EQ(distinct.size(), 8U);
        if (round == 0) first = distinct;
        EXPECT_EQ(distinct, first) << "threads that have ended leave theirs";
    }
}

TEST(ThreadSlot, OfThreadsBeyondTheCountIsTheCount) {
    const auto slots = slots_of(thread_slot_count + 10);
    EXPECT_GE(slots.count(thread_slot_count), 10U);
    EXPECT_LE(*slots.rbegin(), thread_slot_count);
    EXPECT_LT(*slots_of(1).begin(), thread_slot_count) << "they are free again";
}

}  // namespace

}  // namespace flotilla
