#include "flotilla/metrics/cells.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace flotilla::metrics::detail {
namespace {

std::uint64_t sum(const CellGroup& group, std::uint32_t cell) {
    std::uint64_t value = 0;
    group.add_up(cell, 1, &value);
    return value;
}

TEST(CellGroup, HandsOutItsCellsOnce) {
    CellGroup group(10, Clock::system());
    EXPECT_EQ(group.take(4), 0u);
    EXPECT_EQ(group.take(6), 4u);
    EXPECT_EQ(group.take(1), group.capacity());
}

TEST(CellGroup, MoreThreadsThanSlotsCountExactly) {
    CellGroup group(8, Clock::system());
    constexpr std::uint32_t threads = slot_count + 40;
    std::mutex mutex;
    std::condition_variable all_there;
    std::uint32_t there = 0;
    std::vector<std::thread> running;
    for (std::uint32_t t = 0; t < threads; ++t) {
        running.emplace_back([&] {
            const auto count = [](Cell* cells) { add(cells[3], 1); };
            group.with_cells(count);
            {
                std::unique_lock lock(mutex);
                if (++there == threads) all_there.notify_all();
                all_there.wait(lock, [&] { return there == threads; });
            }
            for (int i = 0; i < 100; ++i) group.with_cells(count);
        });
    }
    for (auto& thread : running) thread.join();
    EXPECT_EQ(sum(group, 3), threads * 101u);
}

TEST(CellGroup, CountsWhileAThreadEnds) {
    static CellGroup group(8, Clock::system());

    struct Late {
        ~Late() {
            group.with_cells([](Cell* cells) { add(cells[0], 1); });
        }
    };

    std::thread([] {
        thread_local Late late;
        static_cast<void>(&late);
        group.with_cells([](Cell* cells) { add(cells[0], 1); });
    }).join();
    EXPECT_EQ(sum(group, 0), 2u);
}

}  // namespace
}  // namespace flotilla::metrics::detail
