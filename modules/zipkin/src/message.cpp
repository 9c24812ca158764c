#include "flotilla/zipkin/message.hpp"

#include "flotilla/http/gzip.hpp"

namespace flotilla::zipkin {

namespace {

/// Half a megabyte takes about 3 ms so; the default level takes three times as long for a tenth less.
constexpr int gzip_level = 1;

}  // namespace

Message next_message(Batch& batch, const Encoder& encoder, const MessageLimits& limits) {
    Message message;
    encoder.begin(message.body);
    const std::size_t empty_size = message.body.size();
    for (; !batch.empty(); ++batch.next) {
        tracing::SpanPtr& span = batch.spans[batch.next];
        const std::size_t before = message.body.size();
        encoder.append(message.body, *span);
        const bool fits = message.body.size() + 1 <= limits.max_size.count;
        if (!fits) {
            message.body.resize(before);
            if (message.spans > 0) break;  // it begins the next message
            message.body.resize(empty_size);
            ++message.oversized;
        } else {
            ++message.spans;
            message.span_bytes += message.body.size() - before;
        }
        message.room.add(*span);
        span.reset();
    }
    encoder.end(message.body);
    if (limits.compress && message.body.size() > limits.compress_from.count) {
        message.body = http::gzip(message.body, gzip_level);
        message.gzipped = true;
    }
    return message;
}

}  // namespace flotilla::zipkin
