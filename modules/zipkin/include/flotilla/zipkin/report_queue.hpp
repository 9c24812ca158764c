#pragma once
/// What the threads that finish spans see of a reporter: a bounded queue and a bell.

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "flotilla/tracing/span_queue.hpp"

namespace flotilla::zipkin {

/// Never waits and takes no lock. The bell rings for the first span after `take`, and once more when there is
/// enough for a message; not for every span.
class ReportQueue final : public tracing::SpanSink {
public:
    /// Called on the thread that finishes the span; quick, and does not throw.
    using Bell = std::function<void()>;

    ReportQueue(tracing::SpanQueue::Limits limits, std::size_t enough_bytes, Bell bell)
        : queue_(limits), enough_bytes_(enough_bytes), bell_(std::move(bell)) {}

    void finished(tracing::SpanPtr span) noexcept override;

    /// From the one thread that reports.
    void take(std::vector<tracing::SpanPtr>& out);

    /// Room of spans that are sent, or given up.
    void release(const tracing::SpanQueue::Room& room) noexcept { queue_.release(room); }

    /// From now on spans are dropped and counted, and the bell is silent.
    void close() noexcept { closed_.store(true, std::memory_order_relaxed); }

    /// Whether the bell has rung for that much.
    [[nodiscard]] bool enough() const noexcept { return rung_for_enough_.load(std::memory_order_relaxed); }

    // Those under way count as queued. From any thread.
    [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }

    [[nodiscard]] std::size_t bytes() const noexcept { return queue_.bytes(); }

    [[nodiscard]] std::uint64_t offered() const noexcept { return queue_.offered() + refused(); }

    /// Found the queue full or closed.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return queue_.dropped() + refused(); }

private:
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

    tracing::SpanQueue queue_;
    const std::size_t enough_bytes_;
    const Bell bell_;
    std::atomic<bool> rung_{false};
    std::atomic<bool> rung_for_enough_{false};
    std::atomic<bool> closed_{false};
    std::atomic<std::uint64_t> refused_{0};
};

}  // namespace flotilla::zipkin
