#include "flotilla/zipkin/report_queue.hpp"

namespace flotilla::zipkin {

void ReportQueue::finished(tracing::SpanPtr span) noexcept {
    if (closed_.load(std::memory_order_relaxed)) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    queue_.finished(std::move(span));
    // A change in both places, not a look first: either this thread sees that all were taken, or whoever took
    // them sees the span.
    const std::size_t before = untaken_.fetch_add(1, std::memory_order_acq_rel);
    const bool due = before == 0 || before + 1 == thresholds_.handful;
    const bool enough = queue_.bytes() >= thresholds_.enough_bytes &&
                        !rung_for_enough_.load(std::memory_order_relaxed) &&
                        !rung_for_enough_.exchange(true, std::memory_order_relaxed);
    if (due || enough) bell_();
}

void ReportQueue::take(std::vector<tracing::SpanPtr>& out) {
    rung_for_enough_.store(false, std::memory_order_relaxed);
    untaken_.exchange(0, std::memory_order_acq_rel);
    (void)queue_.take(out);
}

}  // namespace flotilla::zipkin
