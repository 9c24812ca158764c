#include "flotilla/zipkin/message.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "flotilla/http/gzip.hpp"
#include "flotilla/reflect/json.hpp"
#include "sample_spans.hpp"

namespace flotilla::zipkin {

namespace {

using testing::span_number;

std::shared_ptr<const Encoder> encoder() {
    return std::make_shared<const Encoder>(Encoding::json_v2, LocalEndpoint{.service = "test"});
}

Message next_message(Batch& batch, const std::shared_ptr<const Encoder>& with, const MessageLimits& limits) {
    Draft draft(with, limits);
    draft.fill(batch);
    return draft.finish();
}

Batch batch_of(std::size_t count, std::size_t tag_length = 8) {
    Batch batch;
    for (std::size_t i = 1; i <= count; ++i) batch.spans.push_back(span_number(i, tag_length));
    return batch;
}

std::size_t spans_in(const Message& message) {
    const auto text = message.gzipped ? http::gunzip(message.body) : message.body;
    const auto list = reflect::parse_json(text.value());
    return list && list->is_array() ? list->size() : 0;
}

TEST(Message, HoldsAllThatFit) {
    Batch batch = batch_of(3);
    const Message message = next_message(batch, encoder(), {});
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(message.spans, 3U);
    EXPECT_EQ(spans_in(message), 3U);
    EXPECT_EQ(message.room.spans, 3U);
    EXPECT_FALSE(message.gzipped);
    EXPECT_EQ(message.span_bytes, message.body.size() - 2) << "all but the brackets, commas are the spans'";
}

TEST(Message, IsCutAtItsLimitAndNothingIsLost) {
    Batch batch = batch_of(20, 300);
    const MessageLimits limits{.max_size = {2'000}, .compress = false};
    std::size_t spans = 0;
    std::size_t messages = 0;
    while (!batch.empty()) {
        const Message message = next_message(batch, encoder(), limits);
        EXPECT_LE(message.body.size(), 2'000U);
        EXPECT_EQ(spans_in(message), message.spans);
        EXPECT_EQ(message.room.spans, message.spans);
        spans += message.spans;
        ++messages;
    }
    EXPECT_EQ(spans, 20U);
    EXPECT_EQ(messages, 5U);
}

TEST(Message, ASpanThatIsTooLongIsLeftOutAndCounted) {
    Batch batch = batch_of(1, 3'000);
    batch.spans.push_back(span_number(2));
    batch.spans.push_back(span_number(3, 3'000));
    const MessageLimits limits{.max_size = {1'000}};
    const Message first = next_message(batch, encoder(), limits);
    EXPECT_EQ(first.spans, 1U);
    EXPECT_EQ(first.oversized, 1U);
    EXPECT_EQ(first.room.spans, 2U);
    EXPECT_EQ(spans_in(first), 1U);
    const Message rest = next_message(batch, encoder(), limits);
    EXPECT_EQ(rest.spans, 0U);
    EXPECT_EQ(rest.oversized, 1U);
    EXPECT_TRUE(batch.empty());
}

TEST(Draft, GrowsUntilItIsFullAndThenBeginsTheNext) {
    const MessageLimits limits{.max_size = {2'000}, .compress = false};
    Draft draft(encoder(), limits);
    EXPECT_TRUE(draft.empty());
    std::size_t spans = 0;
    std::size_t messages = 0;
    for (int handful = 0; handful < 10; ++handful) {
        Batch batch = batch_of(2, 300);
        while (draft.fill(batch)) {
            const Message message = draft.finish();
            EXPECT_LE(message.body.size(), 2'000U);
            EXPECT_EQ(spans_in(message), message.spans);
            EXPECT_TRUE(draft.empty());
            spans += message.spans;
            ++messages;
        }
        EXPECT_TRUE(batch.empty());
        EXPECT_FALSE(draft.empty());
    }
    EXPECT_EQ(messages, 4U);
    spans += draft.finish().spans;
    EXPECT_EQ(spans, 20U);
    EXPECT_TRUE(draft.empty());
}

TEST(Message, IsCompressedFromItsThresholdOn) {
    Batch small = batch_of(2);
    EXPECT_FALSE(next_message(small, encoder(), {}).gzipped);
    Batch large = batch_of(50);
    const Message message = next_message(large, encoder(), {});
    EXPECT_TRUE(message.gzipped);
    EXPECT_LT(message.body.size(), message.span_bytes / 4);
    EXPECT_EQ(spans_in(message), 50U);
    Batch plain = batch_of(50);
    EXPECT_FALSE(next_message(plain, encoder(), {.compress = false}).gzipped);
}

}  // namespace

}  // namespace flotilla::zipkin
