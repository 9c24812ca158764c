#include "flotilla/resilience/concurrency_limit.hpp"

#include <algorithm>
#include <cmath>

namespace flotilla::resilience {

namespace {

double nanoseconds(Duration span) noexcept {
    return static_cast<double>(span.count());
}

/// The logarithm that Vegas moves by: 1 up to 99, 2 from 100.
int log10_of(double limit) noexcept {
    return std::max(1, static_cast<int>(std::log10(std::floor(limit))));
}

}  // namespace

int AimdLimit::update(const LimitSample& sample, Random&) {
    if (sample.dropped || sample.rtt > config_.timeout) {
        limit_ = static_cast<int>(limit_ * config_.backoff_ratio);
    } else if (static_cast<std::int64_t>(sample.inflight) * 2 >= limit_) {
        ++limit_;
    }
    limit_ = std::clamp(limit_, config_.min_limit, config_.max_limit);
    return limit_;
}

int VegasLimit::update(const LimitSample& sample, Random& random) {
    if (!probe_jitter_) probe_jitter_ = 0.5 + random.unit() / 2;
    ++probe_count_;
    if (*probe_jitter_ * config_.probe_multiplier * limit_ <= static_cast<double>(probe_count_)) {
        probe_jitter_ = 0.5 + random.unit() / 2;
        probe_count_ = 0;
        rtt_no_load_ = sample.rtt;
        return limit();
    }
    if (rtt_no_load_ == Duration::zero() || sample.rtt < rtt_no_load_) {
        rtt_no_load_ = sample.rtt;
        return limit();
    }
    const int step = log10_of(limit_);
    const double queue = std::ceil(limit_ * (1 - nanoseconds(rtt_no_load_) / nanoseconds(sample.rtt)));
    double next = limit_;
    if (sample.dropped) {
        next = limit_ - step;
    } else if (sample.inflight * 2.0 < limit_) {
        return limit();  // the callers are the limit
    } else if (queue <= step) {
        next = limit_ + 6 * step;
    } else if (queue < 3 * step) {
        next = limit_ + step;
    } else if (queue > 6 * step) {
        next = limit_ - step;
    } else {
        return limit();
    }
    next = std::clamp(next, 1.0, static_cast<double>(config_.max_limit));
    limit_ = (1 - config_.smoothing) * limit_ + config_.smoothing * next;
    return limit();
}

int Gradient2Limit::update(const LimitSample& sample, Random&) {
    constexpr int warm_up = 10;
    const double rtt = nanoseconds(sample.rtt);
    if (count_ < warm_up) {
        ++count_;
        sum_ += rtt;
        long_rtt_ = sum_ / count_;
    } else {
        const double factor = 2.0 / (config_.long_window + 1);
        long_rtt_ = long_rtt_ * (1 - factor) + rtt * factor;
    }
    // Come down faster from a long time of slowness.
    if (long_rtt_ / rtt > 2) long_rtt_ *= 0.95;
    if (sample.inflight < limit_ / 2) return limit();
    const double gradient = std::clamp(config_.rtt_tolerance * long_rtt_ / rtt, 0.5, 1.0);
    const double next = limit_ * gradient + config_.queue_size;
    limit_ = std::clamp(
        limit_ * (1 - config_.smoothing) + next * config_.smoothing,
        static_cast<double>(config_.min_limit),
        static_cast<double>(config_.max_limit)
    );
    return limit();
}

int EnvoyGradientLimit::update(const LimitSample& sample, Random& random) {
    if (measuring_) {
        candidate_ = std::min(candidate_, sample.rtt);
        if (++measured_ < config_.measuring_samples) return limit();
        minimum_ = candidate_;
        measuring_ = false;
        until_measuring_ = static_cast<int>(config_.remeasure_after * (1 + 0.15 * random.unit()));
    } else if (--until_measuring_ <= 0) {
        measuring_ = true;
        measured_ = 0;
        candidate_ = Duration::max();
        return limit();
    }
    const double gradient =
        std::clamp(nanoseconds(minimum_) * (1 + config_.buffer) / nanoseconds(sample.rtt), 0.5, 2.0);
    const double next = limit_ * gradient + std::sqrt(static_cast<double>(limit_));
    limit_ = std::clamp(static_cast<int>(next), config_.measuring_limit, config_.max_limit);
    return limit();
}

}  // namespace flotilla::resilience
