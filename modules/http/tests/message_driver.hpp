#pragma once
/// Feeds a request, head and body, to the parsers in pieces, as a connection would.

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/http/chunked.hpp"
#include "flotilla/http/request_parser.hpp"

namespace flotilla::http::testing {

struct Outcome {
    Progress progress = Progress::need_more;
    Reject reject;
    std::string body;
    std::size_t consumed = 0;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// One request: head and body. The head's buffer is copied for each piece, so that views of an earlier piece
/// are found out by AddressSanitizer.
class MessageDriver {
public:
    explicit MessageDriver(RequestParser::Options options = {}) : parser_(options) { parser_.reset(); }

    Progress feed(std::string_view piece) {
        if (outcome_.progress != Progress::need_more) return outcome_.progress;
        if (head_done_) return feed_body(piece);
        auto moved = std::make_unique<std::string>(*buffer_ + std::string(piece));
        buffer_ = std::move(moved);
        const Progress progress = parser_.parse(*buffer_);
        if (progress == Progress::need_more) return progress;
        if (progress == Progress::rejected) {
            outcome_.progress = progress;
            outcome_.reject = parser_.reject();
            return progress;
        }
        head_done_ = true;
        outcome_.consumed = parser_.consumed();
        left_ = parser_.head().content_length.value_or(0);
        decoder_.reset();
        return feed_body(std::string_view(*buffer_).substr(parser_.consumed()));
    }

    [[nodiscard]] const RequestHead& head() const { return parser_.head(); }

    [[nodiscard]] const ChunkedDecoder& decoder() const { return decoder_; }

    [[nodiscard]] const Outcome& outcome() const { return outcome_; }

private:
    Progress feed_body(std::string_view piece) {
        if (!parser_.head().chunked) {
            const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece.size()));
            outcome_.body.append(piece.substr(0, size));
            outcome_.consumed += size;
            left_ -= size;
            if (left_ == 0) outcome_.progress = Progress::done;
            return outcome_.progress;
        }
        while (true) {
            const ChunkedDecoder::Step step = decoder_.next(piece);
            piece.remove_prefix(step.consumed);
            outcome_.consumed += step.consumed;
            outcome_.body.append(step.body);
            if (step.state == ChunkedDecoder::State::data) continue;
            if (step.state == ChunkedDecoder::State::done) outcome_.progress = Progress::done;
            if (step.state == ChunkedDecoder::State::rejected) {
                outcome_ = {Progress::rejected, decoder_.reject(), {}, 0};
            }
            return outcome_.progress;
        }
    }

    RequestParser parser_;
    ChunkedDecoder decoder_;
    std::unique_ptr<std::string> buffer_ = std::make_unique<std::string>();
    bool head_done_ = false;
    std::uint64_t left_ = 0;
    Outcome outcome_;
};

inline Outcome outcome_of(
    std::initializer_list<std::string_view> pieces, RequestParser::Options options = {}
) {
    MessageDriver driver(options);
    for (const std::string_view piece : pieces) driver.feed(piece);
    return driver.outcome();
}

}  // namespace flotilla::http::testing
