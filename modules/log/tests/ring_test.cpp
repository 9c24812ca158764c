#include "ring.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace flotilla::log::detail {
namespace {

bool push(Ring& ring, std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    std::byte* record = ring.reserve(sizeof size + size);
    if (!record) return false;
    std::memcpy(record, &size, sizeof size);
    std::memcpy(record + sizeof size, text.data(), size);
    ring.commit(record);
    return true;
}

std::string pop(Ring& ring) {
    const auto bytes = ring.front();
    std::uint32_t size = 0;
    std::memcpy(&size, bytes.data(), sizeof size);
    std::string text(reinterpret_cast<const char*>(bytes.data()) + sizeof size, size);
    ring.pop();
    return text;
}

TEST(Ring, GivesRecordsBackInOrderAcrossManyLaps) {
    Ring ring(1);
    std::mt19937 random(7);
    std::deque<std::string> expected;
    for (int step = 0; step < 200'000; ++step) {
        if (random() % 2 == 0) {
            std::string text(random() % 900, static_cast<char>('a' + step % 26));
            if (push(ring, text)) expected.push_back(std::move(text));
        } else if (!expected.empty()) {
            ASSERT_EQ(pop(ring), expected.front());
            expected.pop_front();
        } else {
            ASSERT_TRUE(ring.front().empty());
        }
    }
}

TEST(Ring, RefusesWhatDoesNotFit) {
    Ring ring(64 * 1024);
    EXPECT_EQ(ring.reserve(64 * 1024), nullptr);
    std::size_t taken = 0;
    while (push(ring, std::string(1000, 'x'))) ++taken;
    EXPECT_GE(taken, 60u);
    EXPECT_FALSE(push(ring, std::string(1000, 'x')));
    pop(ring);
    pop(ring);
    EXPECT_TRUE(push(ring, std::string(1000, 'x')));
}

TEST(Ring, ARecordThatIsNotCommittedHoldsBackWhatFollows) {
    Ring ring(1);
    std::byte* first = ring.reserve(8);
    ASSERT_TRUE(push(ring, "second"));
    EXPECT_TRUE(ring.front().empty());
    ring.commit(first);
    EXPECT_FALSE(ring.front().empty());
}

TEST(Ring, TakesFromManyThreads) {
    Ring ring(1);
    constexpr int per_thread = 20'000;
    std::vector<std::thread> producers;
    for (int t = 0; t < 3; ++t) {
        producers.emplace_back([&ring, t] {
            for (int i = 0; i < per_thread; ++i) {
                const std::string text = std::to_string(t) + ":" + std::to_string(i);
                while (!push(ring, text)) std::this_thread::yield();
            }
        });
    }
    int next[3] = {};
    for (int taken = 0; taken < 3 * per_thread;) {
        if (ring.front().empty()) {
            std::this_thread::yield();
            continue;
        }
        const std::string text = pop(ring);
        const auto thread = static_cast<std::size_t>(text[0] - '0');
        ASSERT_EQ(text.substr(2), std::to_string(next[thread]++));
        ++taken;
    }
    for (auto& producer : producers) producer.join();
}

}  // namespace
}  // namespace flotilla::log::detail
