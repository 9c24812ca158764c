#include "flotilla/zipkin/report_queue.hpp"

namespace flotilla::zipkin {

void ReportQueue::finished(tracing::SpanPtr span) noexcept {
    if (closed_.load(std::memory_order_relaxed)) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    queue_.finished(std::move(span));
    // An exchange in both places, not a look first: either this thread sees that the bell was taken down, or
    // whoever took it down sees the span.
    const bool first = !rung_.exchange(true, std::memory_order_acq_rel);
    const bool enough = queue_.bytes() >= enough_bytes_ &&
                        !rung_for_enough_.load(std::memory_order_relaxed) &&
                        !rung_for_enough_.exchange(true, std::memory_order_relaxed);
    if (first || enough) bell_();
}

void ReportQueue::take(std::vector<tracing::SpanPtr>& out) {
    rung_for_enough_.store(false, std::memory_order_relaxed);
    rung_.exchange(false, std::memory_order_acq_rel);
    (void)queue_.take(out);
}

}  // namespace flotilla::zipkin
