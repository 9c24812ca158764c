#include "flotilla/http/chunked.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"

namespace flotilla::http {
namespace {

struct Decoded {
    ChunkedDecoder::State state;
    std::string body;
    std::string rest;
};

Decoded decode(ChunkedDecoder& decoder, std::string_view input) {
    Decoded result;
    while (true) {
        const auto step = decoder.next(input);
        input.remove_prefix(step.consumed);
        result.body.append(step.body);
        result.state = step.state;
        if (step.state != ChunkedDecoder::State::data) break;
    }
    result.rest = input;
    return result;
}

TEST(ChunkedDecoder, GivesSpansOfTheInput) {
    const std::string input = "5\r\nhello\r\n0\r\n\r\nGET";
    ChunkedDecoder decoder;
    const auto step = decoder.next(input);
    EXPECT_EQ(step.body.data(), input.data() + 3);
    EXPECT_EQ(step.body, "hello");
    EXPECT_EQ(decoder.announced(), 5u);
    const auto end = decoder.next(std::string_view(input).substr(step.consumed));
    EXPECT_EQ(end.state, ChunkedDecoder::State::done);
    EXPECT_EQ(input.substr(step.consumed + end.consumed), "GET");
}

TEST(ChunkedDecoder, KeepsTrailers) {
    ChunkedDecoder decoder;
    for (const char c : std::string("0\r\nX-Sum: 1\r\nX_Drop: 2\r\nx-sum:3\r\n\r\n")) decoder.next({&c, 1});
    ASSERT_EQ(decoder.trailers().size(), 2u);
    EXPECT_EQ(decoder.trailers()[0], (Field{"X-Sum", "1"}));
    EXPECT_EQ(decoder.trailers()[1], (Field{"x-sum", "3"}));
}

TEST(ChunkedDecoder, AnnouncesAChunkBeforeItsDataComes) {
    ChunkedDecoder decoder;
    EXPECT_EQ(decode(decoder, "ffffffffffffffff\r\n").state, ChunkedDecoder::State::need_more);
    EXPECT_EQ(decoder.announced(), UINT64_MAX);
}

TEST(ChunkedDecoder, CanBeUsedAgainAfterReset) {
    ChunkedDecoder decoder;
    EXPECT_EQ(decode(decoder, "zz").state, ChunkedDecoder::State::rejected);
    EXPECT_EQ(decode(decoder, "5\r\n").state, ChunkedDecoder::State::rejected);
    decoder.reset();
    EXPECT_EQ(decode(decoder, "1\r\na\r\n0\r\nX: 1\r\n\r\n").state, ChunkedDecoder::State::done);
    decoder.reset();
    EXPECT_EQ(decode(decoder, "1\r\na\r\n0\r\n\r\n").state, ChunkedDecoder::State::done);
    EXPECT_TRUE(decoder.trailers().empty());
}

TEST(ChunkedDecoder, ReadsWhatTheEncoderWrites) {
    Random random(7);
    for (int round = 0; round < 500; ++round) {
        std::string body;
        std::string encoded;
        for (auto chunks = random.below(6); chunks > 0; --chunks) {
            std::string data(random.below(300), '\0');
            for (char& c : data) c = static_cast<char>(random());
            append_chunk(encoded, data);
            body += data;
        }
        encoded += last_chunk;
        ChunkedDecoder decoder;
        const auto at = random.below(encoded.size());
        auto first = decode(decoder, std::string_view(encoded).substr(0, at));
        EXPECT_EQ(first.state, ChunkedDecoder::State::need_more);
        auto second = decode(decoder, encoded.substr(at) + "rest");
        EXPECT_EQ(second.state, ChunkedDecoder::State::done);
        EXPECT_EQ(first.body + second.body, body);
        EXPECT_EQ(second.rest, "rest");
    }
}

TEST(ChunkHeader, IsHexWithoutLeadingZeros) {
    EXPECT_EQ(ChunkHeader(0).text(), "0\r\n");
    EXPECT_EQ(ChunkHeader(4096).text(), "1000\r\n");
    EXPECT_EQ(ChunkHeader(UINT64_MAX).text(), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace flotilla::http
