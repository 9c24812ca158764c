#pragma once
/// Queued spans cut into messages, each of bounded size, compressed where it pays.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/units.hpp"
#include "flotilla/tracing/span_queue.hpp"
#include "flotilla/zipkin/encoder.hpp"

namespace flotilla::zipkin {

struct MessageLimits {
    Bytes max_size{500'000};  ///< of the encoded list, before it is compressed
    bool compress = true;
    Bytes compress_from = Bytes::kilo(1);
};

/// One POST.
struct Message {
    std::string body;
    bool gzipped = false;
    std::size_t spans = 0;
    std::size_t span_bytes = 0;  ///< encoded, before compression
    /// What its spans take up in the queue, with those that are too long for any message.
    tracing::SpanQueue::Room room;
    std::size_t oversized = 0;
};

/// Spans on their way out. Used by one thread at a time.
struct Batch {
    std::vector<tracing::SpanPtr> spans;
    std::size_t next = 0;

    [[nodiscard]] bool empty() const noexcept { return next == spans.size(); }

    void clear() noexcept {
        spans.clear();
        next = 0;
    }
};

/// A message that grows: spans are encoded soon after they finished, while their records are in the
/// processor's cache, and the message waits as text. Used by one thread at a time.
class Draft {
public:
    Draft(std::shared_ptr<const Encoder> encoder, const MessageLimits& limits);

    /// Encodes spans of the batch, as many as fit; their records go back to their pool. True when it is full:
    /// the next span did not fit.
    bool fill(Batch& batch);

    /// Whether there is nothing to finish: no span, not even one that was too long.
    [[nodiscard]] bool empty() const noexcept { return message_.room.spans == 0; }

    /// Whether `finish` has that to do.
    [[nodiscard]] bool will_compress() const noexcept {
        return limits_.compress && message_.body.size() > limits_.compress_from.count;
    }

    /// The message so far, which has no spans when all were too long; then the next one begins.
    Message finish();

private:
    void begin();

    std::shared_ptr<const Encoder> encoder_;
    MessageLimits limits_;
    Message message_;
    std::size_t empty_size_ = 0;
};

}  // namespace flotilla::zipkin
