#pragma once
/// How many heartbeats came in the last complete minute.

#include <chrono>
#include <cstdint>

#include "flotilla/base/clock.hpp"

namespace flotilla::registry {

/// Counts in buckets of a minute that begin with the registry, as Eureka does: the figure is that of the
/// previous bucket, not of a window that slides.
class RenewalRate {
public:
    explicit RenewalRate(TimePoint start) : bucket_start_(start) {}

    void count(TimePoint now) noexcept {
        turn(now);
        ++current_;
    }

    [[nodiscard]] std::int64_t last_minute(TimePoint now) noexcept {
        turn(now);
        return last_;
    }

private:
    static constexpr Duration bucket = std::chrono::minutes(1);

    void turn(TimePoint now) noexcept {
        if (now - bucket_start_ < bucket) return;
        const auto passed = (now - bucket_start_) / bucket;
        last_ = passed == 1 ? current_ : 0;
        current_ = 0;
        bucket_start_ += passed * bucket;
    }

    TimePoint bucket_start_;
    std::int64_t current_ = 0;
    std::int64_t last_ = 0;
};

}  // namespace flotilla::registry
