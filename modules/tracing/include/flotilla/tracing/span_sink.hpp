#pragma once
/// Where finished spans go.

#include <mutex>
#include <vector>

#include "flotilla/tracing/span_data.hpp"

namespace flotilla::tracing {

/// Receives each sampled span once, when it has finished. Called on whatever thread finishes the span, so an
/// implementation is thread-safe, quick and never blocks.
class SpanSink {
public:
    virtual ~SpanSink() = default;
    virtual void finished(SpanPtr span) noexcept = 0;

protected:
    SpanSink() = default;
    SpanSink(const SpanSink&) = default;
    SpanSink& operator=(const SpanSink&) = default;
};

/// Forgets every span: for a process that reports nowhere.
class NullSpanSink final : public SpanSink {
public:
    void finished(SpanPtr) noexcept override {}
};

/// Keeps every span: for tests.
class MemorySpanSink final : public SpanSink {
public:
    void finished(SpanPtr span) noexcept override {
        const std::lock_guard lock(mutex_);
        spans_.push_back(*span);
    }

    /// What has finished since the last call, in that order.
    [[nodiscard]] std::vector<SpanData> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(spans_, {});
    }

private:
    std::mutex mutex_;
    std::vector<SpanData> spans_;
};

}  // namespace flotilla::tracing
