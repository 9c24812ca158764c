#pragma once
/// What the threads that finish spans see of a reporter: a bounded queue and a bell.

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "flotilla/tracing/span_queue.hpp"

namespace flotilla::zipkin {

/// Never waits and takes no lock. The bell rings for the first span after `take`, when a handful has come,
/// and when there is enough for a message; not for every span.
class ReportQueue final : public tracing::SpanSink {
public:
    /// Called on the thread that finishes the span; quick, and does not throw.
    using Bell = std::function<void()>;

    struct Thresholds {
        std::size_t enough_bytes = 0;
        std::size_t handful = 32;  ///< so many are worth a look: their records are still in the cache
    };

    ReportQueue(tracing::SpanQueue::Limits limits, Thresholds thresholds, Bell bell)
        : queue_(limits), thresholds_(thresholds), bell_(std::move(bell)) {}

    void finished(tracing::SpanPtr span) noexcept override;

    /// From the one thread that reports.
    void take(std::vector<tracing::SpanPtr>& out);

    /// Room of spans that are sent, or given up.
    void release(const tracing::SpanQueue::Room& room) noexcept { queue_.release(room); }

    /// From now on spans are dropped and counted, and the bell is silent.
    void close() noexcept { closed_.store(true, std::memory_order_relaxed); }

    /// Whether the bell has rung for that much.
    [[nodiscard]] bool enough() const noexcept { return rung_for_enough_.load(std::memory_order_relaxed); }

    /// Whether so many have come since `take`.
    [[nodiscard]] bool handful() const noexcept {
        return untaken_.load(std::memory_order_relaxed) >= thresholds_.handful;
    }

    // Those under way count as queued. From any thread.
    [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }

    [[nodiscard]] std::size_t bytes() const noexcept { return queue_.bytes(); }

    [[nodiscard]] std::uint64_t offered() const noexcept { return queue_.offered() + refused(); }

    /// Found the queue full or closed.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return queue_.dropped() + refused(); }

private:
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

    tracing::SpanQueue queue_;
    const Thresholds thresholds_;
    const Bell bell_;
    std::atomic<std::size_t> untaken_{0};
    std::atomic<bool> rung_for_enough_{false};
    std::atomic<bool> closed_{false};
    std::atomic<std::uint64_t> refused_{0};
};

}  // namespace flotilla::zipkin
