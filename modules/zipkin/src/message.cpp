#include "flotilla/zipkin/message.hpp"

#include <utility>

#include "flotilla/http/gzip.hpp"

namespace flotilla::zipkin {

namespace {

/// Half a megabyte takes about 3 ms so; the default level takes three times as long for a tenth less.
constexpr int gzip_level = 1;

}  // namespace

Draft::Draft(std::shared_ptr<const Encoder> encoder, const MessageLimits& limits)
    : encoder_(std::move(encoder)), limits_(limits) {
    begin();
}

void Draft::begin() {
    message_ = Message();
    encoder_->begin(message_.body);
    empty_size_ = message_.body.size();
}

bool Draft::fill(Batch& batch) {
    for (; !batch.empty(); ++batch.next) {
        tracing::SpanPtr& span = batch.spans[batch.next];
        const std::size_t before = message_.body.size();
        encoder_->append(message_.body, *span);
        const bool fits = message_.body.size() + 1 <= limits_.max_size.count;
        if (!fits) {
            message_.body.resize(before);
            if (message_.spans > 0) return true;  // it begins the next message
            message_.body.resize(empty_size_);
            ++message_.oversized;
        } else {
            ++message_.spans;
            message_.span_bytes += message_.body.size() - before;
        }
        message_.room.add(*span);
        span.reset();
    }
    return false;
}

Message Draft::finish() {
    encoder_->end(message_.body);
    const bool compress = will_compress();
    Message done = std::move(message_);
    if (compress) {
        done.body = http::gzip(done.body, gzip_level);
        done.gzipped = true;
    }
    begin();
    return done;
}

}  // namespace flotilla::zipkin
