#pragma once
/// Queued spans cut into messages, each of bounded size, compressed where it pays.

#include <cstddef>
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
};

/// The next message out of a batch that is not empty: as many spans as fit. Its records go back to their
/// pool. It has no spans when all that it looked at were too long.
Message next_message(Batch& batch, const Encoder& encoder, const MessageLimits& limits);

}  // namespace flotilla::zipkin
