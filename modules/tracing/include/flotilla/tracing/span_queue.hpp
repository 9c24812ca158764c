#pragma once
/// The bounded queue between the threads that finish spans and the one that reports them.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "flotilla/tracing/span_sink.hpp"

namespace flotilla::tracing {

/// Many threads finish spans, one drains. Nobody ever waits: when the queue is full the newest span is
/// dropped and counted. An empty queue holds no memory.
class SpanQueue final : public SpanSink {
public:
    struct Limits {
        std::size_t max_spans = 10'000;
        std::size_t max_bytes = 8U << 20;
    };

    SpanQueue() : SpanQueue(Limits{}) {}

    explicit SpanQueue(Limits limits) noexcept : limits_(limits) {}

    ~SpanQueue() override;

    void finished(SpanPtr span) noexcept override;

    /// Room of spans in the queue.
    struct Room {
        std::size_t spans = 0;
        std::size_t bytes = 0;

        void add(const SpanData& span) noexcept {
            ++spans;
            bytes += span.footprint();
        }
    };

    /// Takes all that is queued, oldest first, and adds it to `out`.
    void drain(std::vector<SpanPtr>& out) { release(take(out)); }

    /// The same, but the spans count as queued until their room is released: for who has still to send them.
    /// They must not change meanwhile.
    Room take(std::vector<SpanPtr>& out);
    /// From any thread.
    void release(const Room& room) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return spans_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

    /// All spans offered so far, and those of them that found the queue full.
    [[nodiscard]] std::uint64_t offered() const noexcept { return offered_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

private:
    Limits limits_;
    std::atomic<SpanData*> newest_{nullptr};
    std::atomic<std::size_t> spans_{0};
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::uint64_t> offered_{0};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace flotilla::tracing
