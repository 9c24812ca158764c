#include "flotilla/tracing/span_queue.hpp"

#include <algorithm>

namespace flotilla::tracing {

SpanQueue::~SpanQueue() {
    std::vector<SpanPtr> rest;
    drain(rest);
}

void SpanQueue::finished(SpanPtr span) noexcept {
    offered_.fetch_add(1, std::memory_order_relaxed);
    // Room is taken before the span is linked, so that both limits hold at every moment.
    const std::size_t size = span->footprint();
    const bool spans_fit = spans_.fetch_add(1, std::memory_order_relaxed) < limits_.max_spans;
    const bool bytes_fit = bytes_.fetch_add(size, std::memory_order_relaxed) + size <= limits_.max_bytes;
    if (!spans_fit || !bytes_fit) {
        spans_.fetch_sub(1, std::memory_order_relaxed);
        bytes_.fetch_sub(size, std::memory_order_relaxed);
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    SpanData* const added = span.release();
    added->next_ = newest_.load(std::memory_order_relaxed);
    while (!newest_.compare_exchange_weak(
        added->next_, added, std::memory_order_release, std::memory_order_relaxed
    )) {
    }
}

SpanQueue::Room SpanQueue::take(std::vector<SpanPtr>& out) {
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    Room room;
    for (SpanData* span = newest_.exchange(nullptr, std::memory_order_acquire); span != nullptr;) {
        SpanData* const next = std::exchange(span->next_, nullptr);
        room.add(*span);
        out.emplace_back(span);
        span = next;
    }
    std::reverse(out.begin() + first, out.end());
    return room;
}

void SpanQueue::release(const Room& room) noexcept {
    spans_.fetch_sub(room.spans, std::memory_order_relaxed);
    bytes_.fetch_sub(room.bytes, std::memory_order_relaxed);
}

}  // namespace flotilla::tracing
