#include "flotilla/resilience/adaptive_limiter.hpp"

#include <algorithm>
#include <cmath>

#include "flotilla/resilience/errors.hpp"

namespace flotilla::resilience {

AdaptiveLimiter::AdaptiveLimiter(std::string name, AdaptiveLimiterConfig config, Random random)
    : name_(std::move(name)),
      limit_(std::visit([](const auto& limit) { return limit.limit(); }, config.limit)),
      window_(config.window),
      partitions_(std::move(config.partitions)),
      algorithm_(std::move(config.limit)),
      random_(random),
      busy_(partitions_.size() + 1) {}

AdaptiveLimiter::Call AdaptiveLimiter::acquire(TimePoint now, std::string_view partition) noexcept {
    if (partitions_.empty()) {
        int busy = inflight_.load(std::memory_order_relaxed);
        do {
            if (busy >= limit()) {
                refused_.fetch_add(1, std::memory_order_relaxed);
                return {};
            }
        } while (!inflight_.compare_exchange_weak(busy, busy + 1, std::memory_order_relaxed));
        return Call(this, now, busy + 1, 0);
    }
    const auto found = std::find_if(partitions_.begin(), partitions_.end(), [&](const LimitPartition& one) {
        return one.name == partition;
    });
    const auto index = static_cast<std::size_t>(found - partitions_.begin());
    const std::scoped_lock lock(mutex_);
    const int most = limit();
    const double share = found == partitions_.end() ? 0.0 : found->share;
    const int guaranteed = share > 0 ? std::max(1, static_cast<int>(std::ceil(most * share))) : 0;
    if (inflight() >= most && busy_[index] >= guaranteed) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return {};
    }
    ++busy_[index];
    return Call(this, now, inflight_.fetch_add(1, std::memory_order_relaxed) + 1, index);
}

Error AdaptiveLimiter::refusal() const {
    return {
        ResilienceErrc::concurrency_limit_exceeded,
        "Limiter '" + name_ + "' has " + std::to_string(limit()) + " concurrent calls and permits no more"
    };
}

void AdaptiveLimiter::ended(std::size_t partition, const LimitSample* sample, TimePoint now) noexcept {
    inflight_.fetch_sub(1, std::memory_order_relaxed);
    if (!sample && partitions_.empty()) return;
    std::unique_lock lock(mutex_, std::defer_lock);
    // One average more or less: nobody waits to be counted in, but for what is rare and says much.
    if (window_ && partitions_.empty() && !sample->dropped) {
        if (!lock.try_lock()) return;
    } else {
        lock.lock();
    }
    if (!partitions_.empty()) --busy_[partition];
    if (!sample) return;
    if (window_) {
        gather(*sample, now);
    } else if (sample->rtt > Duration::zero()) {
        update(*sample);
    }
}

void AdaptiveLimiter::gather(const LimitSample& sample, TimePoint now) {
    // What was refused at once says most of all.
    if (!sample.dropped && sample.rtt < window_->shortest_rtt) return;
    gathered_.sum += std::max(sample.rtt, window_->shortest_rtt);
    ++gathered_.count;
    gathered_.most_inflight = std::max(gathered_.most_inflight, sample.inflight);
    gathered_.dropped = gathered_.dropped || sample.dropped;
    if (gathered_.ends == TimePoint{}) gathered_.ends = now + window_->length;
    if (now <= gathered_.ends) return;
    if (gathered_.count >= window_->minimum_samples) {
        update({gathered_.sum / gathered_.count, gathered_.most_inflight, gathered_.dropped});
    }
    gathered_ = {.ends = now + window_->length};
}

void AdaptiveLimiter::update(const LimitSample& sample) {
    const int limit = std::visit([&](auto& one) { return one.update(sample, random_); }, algorithm_);
    limit_.store(limit, std::memory_order_relaxed);
}

}  // namespace flotilla::resilience
