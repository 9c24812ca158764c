#pragma once
// `tracing.*`, with Spring's names beneath, as a tracer; its sampler again at each refresh.

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "flotilla/config/environment.hpp"
#include "flotilla/tracing/tracer.hpp"
#include "properties.hpp"

namespace flotilla::service {

/// `tracing.*` over `spring.sleuth.*` over `management.tracing.*`.
Result<TracingProperties> read_tracing(config::Environment& environment);
Result<tracing::TracerConfig> tracer_config(const TracingProperties& properties);
Result<std::shared_ptr<tracing::Sampler>> make_sampler(const TracingProperties& properties);
/// Jobs whose runs are not recorded.
Result<tracing::SkipPattern> quiet_jobs(const TracingProperties& properties);
/// Whether a change of these keys can change the sampler.
bool concerns_sampler(const std::set<std::string>& changed);

/// Drops spans until somebody wants them.
class ReplaceableSpanSink final : public tracing::SpanSink {
public:
    void finished(tracing::SpanPtr span) noexcept override {
        if (tracing::SpanSink* target = target_.load(std::memory_order_acquire))
            target->finished(std::move(span));
    }

    /// A former target lives on: a thread may be inside it.
    void replace(std::shared_ptr<tracing::SpanSink> target) {
        const std::lock_guard lock(mutex_);
        targets_.push_back(std::move(target));
        target_.store(targets_.back().get(), std::memory_order_release);
    }

private:
    std::atomic<tracing::SpanSink*> target_{nullptr};
    std::mutex mutex_;
    std::vector<std::shared_ptr<tracing::SpanSink>> targets_;
};

}  // namespace flotilla::service
