#include "flotilla/tracing/span_queue.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace flotilla::tracing {

namespace {

SpanPtr span_number(std::uint64_t n) {
    SpanPtr span = make_span();
    span->context.span_id = n;
    return span;
}

TEST(SpanQueue, GivesTheOldestFirst) {
    SpanQueue queue;
    for (std::uint64_t i = 1; i <= 3; ++i) queue.finished(span_number(i));
    EXPECT_EQ(queue.size(), 3U);
    EXPECT_GT(queue.bytes(), 0U);
    std::vector<SpanPtr> out;
    queue.drain(out);
    queue.finished(span_number(4));
    queue.drain(out);
    ASSERT_EQ(out.size(), 4U);
    for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(out[i]->context.span_id, i + 1);
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST(SpanQueue, DropsTheNewestWhenItIsFull) {
    SpanQueue queue({.max_spans = 2});
    for (std::uint64_t i = 1; i <= 5; ++i) queue.finished(span_number(i));
    EXPECT_EQ(queue.dropped(), 3U);
    EXPECT_EQ(queue.offered(), 5U);
    std::vector<SpanPtr> out;
    queue.drain(out);
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(out[1]->context.span_id, 2U);
}

TEST(SpanQueue, CountsBytesToo) {
    SpanQueue queue({.max_bytes = 4096});
    for (int i = 0; i < 100; ++i) queue.finished(span_number(1));
    EXPECT_LE(queue.bytes(), 4096U);
    EXPECT_EQ(queue.size() + queue.dropped(), 100U);
}

TEST(SpanQueue, SpansThatAreTakenFillItUntilTheirRoomIsReleased) {
    SpanQueue queue({.max_spans = 2});
    queue.finished(span_number(1));
    queue.finished(span_number(2));
    std::vector<SpanPtr> out;
    const SpanQueue::Room room = queue.take(out);
    EXPECT_EQ(room.spans, 2U);
    queue.finished(span_number(3));
    EXPECT_EQ(queue.dropped(), 1U);
    queue.release(room);
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.bytes(), 0U);
    queue.finished(span_number(4));
    EXPECT_EQ(queue.size(), 1U);
}

TEST(SpanQueue, ManyThreadsFinishWhileOneDrains) {
    SpanQueue queue({.max_spans = 500});
    constexpr std::uint64_t each = 5000;
    std::atomic<int> running{3};
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 0; i < each; ++i) queue.finished(span_number(t * each + i + 1));
            --running;
        });
    }
    std::vector<SpanPtr> out;
    while (running > 0) queue.drain(out);
    for (std::thread& thread : threads) thread.join();
    queue.drain(out);
    EXPECT_EQ(out.size() + queue.dropped(), 3 * each);
    std::array<std::uint64_t, 3> last{};
    for (const SpanPtr& span : out) {
        std::uint64_t& before = last.at((span->context.span_id - 1) / each);
        EXPECT_LT(before, span->context.span_id) << "each thread's spans stay in order";
        before = span->context.span_id;
    }
}

}  // namespace

}  // namespace flotilla::tracing
