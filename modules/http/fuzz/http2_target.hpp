#pragma once
/// Any bytes as the frames of an HTTP/2 client: what is made of them does not depend on how they are split,
/// each request is one whole head, and a body is as long as announced.

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/http/chunked.hpp"
#include "flotilla/http/request_parser.hpp"
#include "server/http2_codec.hpp"

namespace flotilla::http::testing {

class Http2Replay final : private Http2Events {
public:
    void feed(std::string_view bytes) {
        const bool failed = codec_.failed();
        if (codec_.receive(bytes, TimePoint{}) && failed) std::abort();
    }

    /// Answers what has come, and returns all that is sent then.
    std::string answer() {
        for (const auto& [id, stream] : streams_) {
            if (!stream.closed) codec_.respond(id, 200, "content-type: text/plain\r\n", id % 4 == 1);
        }
        std::string out;
        codec_.produce(out, 1024 * 1024);
        if (codec_.failed()) out += codec_.goodbye();
        return out;
    }

    [[nodiscard]] const std::vector<std::string>& heads() const { return heads_; }

private:
    struct Stream {
        std::optional<std::uint64_t> length;
        std::uint64_t body = 0;
        bool ended = false;
        bool closed = false;
        bool answered = false;
    };

    void on_request(std::int32_t id, std::string head, bool ended) override {
        if (streams_.contains(id)) std::abort();
        Stream& stream = streams_[id];
        stream.ended = ended;
        RequestParser parser;
        parser.reset();
        const Progress progress = parser.parse(head);
        if (progress == Progress::need_more) std::abort();
        if (progress == Progress::done) {
            // Nothing can hide behind the head: that would be a second request.
            if (parser.consumed() != head.size()) std::abort();
            if (ended && parser.head().has_body()) std::abort();
            if (!ended && !parser.head().chunked && !parser.head().content_length) std::abort();
            stream.length = parser.head().content_length;
        }
        heads_.push_back(std::move(head));
    }

    void on_body(std::int32_t id, std::string_view bytes) override {
        codec_.consume(id, bytes.size());
        if (!streams_.contains(id)) return;  // of a request that was refused
        Stream& stream = streams_[id];
        stream.body += bytes.size();
        if (stream.ended || (stream.length && stream.body > *stream.length)) std::abort();
    }

    void on_end(std::int32_t id, std::string trailers) override {
        if (!streams_.contains(id)) return;
        Stream& stream = streams_[id];
        if (stream.ended || (stream.length && stream.body != *stream.length)) std::abort();
        stream.ended = true;
        ChunkedDecoder decoder;
        if (!trailers.empty() && decoder.next(trailers).state == ChunkedDecoder::State::need_more)
            std::abort();
    }

    void on_closed(std::int32_t id) override {
        if (const auto at = streams_.find(id); at != streams_.end()) at->second.closed = true;
    }

    void on_rejected(const Reject& reject) override {
        if (reject.rule != "S14" && reject.rule != "S15") std::abort();
    }

    Http2Piece pull(std::int32_t id, std::span<char> into) override {
        if (!streams_.contains(id)) std::abort();
        Stream& stream = streams_[id];
        const std::size_t size = std::min<std::size_t>(into.size(), 100);
        std::fill_n(into.begin(), size, 'a');
        return {.size = size, .last = std::exchange(stream.answered, true), .trailers = "x-sum: 7\r\n"};
    }

    std::map<std::int32_t, Stream> streams_;
    std::vector<std::string> heads_;
    Http2Codec codec_{Http2Codec::Options(), *this};
};

inline void read_http2(std::string_view input) {
    if (input.empty()) return;
    const auto at = static_cast<unsigned char>(input[0]) * (input.size() - 1) / 255;
    input.remove_prefix(1);
    const std::string text = std::string(http2_preface) + std::string(input);

    Http2Replay whole;
    whole.feed(text);
    Http2Replay split;
    split.feed(std::string_view(text).substr(0, http2_preface.size() + at));
    split.feed(std::string_view(text).substr(http2_preface.size() + at));
    if (split.heads() != whole.heads()) std::abort();
    if (whole.answer().size() > 2 * 1024 * 1024) std::abort();
    (void)split.answer();
    whole.feed("after");
}

}  // namespace flotilla::http::testing
