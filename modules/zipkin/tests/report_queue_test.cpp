#include "flotilla/zipkin/report_queue.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "sample_spans.hpp"

namespace flotilla::zipkin {

namespace {

using testing::span_number;
using tracing::SpanPtr;

TEST(ReportQueue, RingsForTheFirstSpanAndNotForThoseAfterIt) {
    int rung = 0;
    ReportQueue queue({}, {.enough_bytes = 1'000'000}, [&] { ++rung; });
    for (std::uint64_t i = 1; i <= 5; ++i) queue.finished(span_number(i));
    EXPECT_EQ(rung, 1);
    std::vector<SpanPtr> out;
    queue.take(out);
    EXPECT_EQ(out.size(), 5U);
    EXPECT_EQ(queue.size(), 5U) << "under way";
    queue.finished(span_number(6));
    EXPECT_EQ(rung, 2);
}

TEST(ReportQueue, RingsForAHandful) {
    int rung = 0;
    ReportQueue queue({}, {.enough_bytes = 1'000'000, .handful = 3}, [&] { ++rung; });
    std::vector<SpanPtr> out;
    for (int round = 1; round <= 2; ++round) {
        queue.finished(span_number(1));
        queue.finished(span_number(2));
        EXPECT_FALSE(queue.handful());
        queue.finished(span_number(3));
        EXPECT_TRUE(queue.handful());
        queue.finished(span_number(4));
        EXPECT_EQ(rung, 2 * round);
        queue.take(out);
        EXPECT_FALSE(queue.handful());
    }
}

TEST(ReportQueue, RingsOnceMoreWhenThereIsEnough) {
    int rung = 0;
    ReportQueue queue({}, {.enough_bytes = 3 * span_number(1)->footprint()}, [&] { ++rung; });
    queue.finished(span_number(1));
    queue.finished(span_number(2));
    EXPECT_EQ(rung, 1);
    EXPECT_FALSE(queue.enough());
    queue.finished(span_number(3));
    queue.finished(span_number(4));
    EXPECT_EQ(rung, 2);
    EXPECT_TRUE(queue.enough());
    std::vector<SpanPtr> out;
    queue.take(out);
    EXPECT_FALSE(queue.enough());
}

TEST(ReportQueue, IsSilentOnceClosedAndCountsWhatComesThen) {
    int rung = 0;
    ReportQueue queue({}, {.enough_bytes = 1'000'000}, [&] { ++rung; });
    queue.finished(span_number(1));
    queue.close();
    queue.finished(span_number(2));
    EXPECT_EQ(rung, 1);
    EXPECT_EQ(queue.size(), 1U);
    EXPECT_EQ(queue.offered(), 2U);
    EXPECT_EQ(queue.dropped(), 1U);
}

TEST(ReportQueue, NoSpanIsOverlookedHoweverTheBellAndTheTakingMeet) {
    std::atomic<bool> bell{false};
    ReportQueue queue({.max_spans = 1'000'000, .max_bytes = 1U << 30}, {.enough_bytes = 1U << 30}, [&] {
        bell = true;
    });
    constexpr std::size_t each = 20'000;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            for (std::size_t i = 0; i < each; ++i) queue.finished(tracing::make_span());
        });
    }
    // Whoever only ever takes when the bell has rung gets all of them.
    std::size_t taken = 0;
    std::vector<SpanPtr> out;
    while (taken < 3 * each) {
        if (!bell.exchange(false)) {
            std::this_thread::yield();
            continue;
        }
        queue.take(out);
        taken += out.size();
        out.clear();
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(taken, 3 * each);
}

}  // namespace

}  // namespace flotilla::zipkin
