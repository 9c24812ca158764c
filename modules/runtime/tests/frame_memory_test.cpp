#include "frame_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "run_on_loop.hpp"

namespace flotilla::runtime {

namespace {

/// Where the frames of nested tasks are, outermost first.
Task<> descend(std::vector<const void*>& places, int depth) {
    std::array<char, 100> local;
    places.push_back(local.data());
    if (depth > 1) co_await descend(places, depth - 1);
    co_await yield();
    local[0] = 0;  // across the suspension, so that it lives in the frame
}

TEST(FrameMemory, FramesOfTheSameTasksAreTheSameMemoryTheNextTime) {
    if (!FrameMemory::pools()) GTEST_SKIP() << "left to the sanitizer";
    run_on_loop([](Runtime&) -> Task<> {
        constexpr int depth = 10;
        std::vector<const void*> first;
        co_await descend(first, depth);
        const std::size_t kept = FrameMemory::kept();
        EXPECT_GT(kept, depth * sizeof(std::array<char, 100>));
        for (int i = 0; i < 100; ++i) {
            std::vector<const void*> again;
            co_await descend(again, depth);
            EXPECT_EQ(again, first);
            EXPECT_EQ(FrameMemory::kept(), kept);
        }
    });
}

TEST(FrameMemory, NoThreadWithoutALoopKeepsAny) {
    detail::deallocate_frame(detail::allocate_frame(500), 500);
    EXPECT_EQ(FrameMemory::kept(), 0U);
    run_on_loop([](Runtime&) -> Task<> { co_await yield(); });
    EXPECT_EQ(FrameMemory::kept(), 0U);  // what the loop kept has gone with it
}

TEST(FrameMemory, KeepsNoMoreThanItsLimit) {
    const FrameMemory frames;
    constexpr std::size_t size = 4000;
    std::vector<void*> taken;
    for (std::size_t bytes = 0; bytes < 2 * FrameMemory::limit; bytes += size)
        taken.push_back(detail::allocate_frame(size));
    for (void* memory : taken) detail::deallocate_frame(memory, size);
    EXPECT_LE(FrameMemory::kept(), FrameMemory::limit);
    if (FrameMemory::pools()) {
        EXPECT_GT(FrameMemory::kept(), FrameMemory::limit - 2 * size);
    }
}

TEST(FrameMemory, VeryLargeFramesAreTheHeaps) {
    const FrameMemory frames;
    detail::deallocate_frame(detail::allocate_frame(100'000), 100'000);
    EXPECT_EQ(FrameMemory::kept(), 0U);
}

TEST(FrameMemory, AFrameMayBeFreedOnAnotherThreadWithOrWithoutALoop) {
    const FrameMemory frames;
    std::vector<void*> taken;
    for (std::size_t size = 1; size < 6000; size += 77) taken.push_back(detail::allocate_frame(size));
    std::thread([&] {
        const FrameMemory others;
        std::size_t size = 1;
        for (void* memory : taken) {
            detail::deallocate_frame(memory, size);
            size += 77;
        }
        for (size = 1; size < 6000; size += 77) taken.push_back(detail::allocate_frame(size));
    }).join();
    std::size_t size = 1;
    for (std::size_t i = taken.size() / 2; i < taken.size(); ++i, size += 77)
        detail::deallocate_frame(taken[i], size);
}

TEST(FrameMemory, EverySizeIsUsableToItsLastByte) {
    const FrameMemory frames;
    for (int round = 0; round < 2; ++round)
        for (std::size_t size = 1; size < 5000; ++size) {
            void* const memory = detail::allocate_frame(size);
            std::fill_n(static_cast<char*>(memory), size, 'x');
            detail::deallocate_frame(memory, size);
        }
}

}  // namespace

}  // namespace flotilla::runtime
