#include "window.hpp"

#include <algorithm>

namespace flotilla::resilience::detail {

void CountWindow::clear() noexcept {
    last_ = 0;
    bad_ = {};
    first_ = 0;
    count_ = 0;
}

void CountWindow::add_bad(std::uint64_t run, bool failed, bool slow) {
    last_ += run + 1;
    expire(last_);
    push({last_, failed, slow});
    bad_.add(failed, slow);
}

Totals CountWindow::totals(std::uint64_t run) noexcept {
    const std::uint64_t newest = last_ + run;
    expire(newest);
    Totals totals = bad_;
    totals.calls = std::min<std::uint64_t>(newest, size_);
    return totals;
}

void CountWindow::expire(std::uint64_t newest) noexcept {
    while (count_ > 0 && ring_[first_].ordinal + size_ <= newest) {
        const Bad& oldest = ring_[first_];
        bad_.failed -= oldest.failed ? 1 : 0;
        bad_.slow -= oldest.slow ? 1 : 0;
        bad_.slow_failed -= oldest.failed && oldest.slow ? 1 : 0;
        first_ = (first_ + 1) & (ring_.size() - 1);
        --count_;
    }
}

void CountWindow::push(Bad bad) {
    if (count_ == ring_.size()) {
        std::vector<Bad> grown(std::max<std::size_t>(8, ring_.size() * 2));
        for (std::size_t i = 0; i < count_; ++i) grown[i] = ring_[(first_ + i) & (ring_.size() - 1)];
        ring_ = std::move(grown);
        first_ = 0;
    }
    ring_[(first_ + count_) & (ring_.size() - 1)] = bad;
    ++count_;
}

void TimeWindow::move_to(std::int64_t second) noexcept {
    if (second <= second_) return;  // also keeps it from being negative
    const auto size = static_cast<std::int64_t>(buckets_.size());
    for (std::int64_t step = std::min(second - second_, size); step > 0; --step) {
        Totals& leaving = buckets_[static_cast<std::size_t>((second - step + 1) % size)];
        totals_.calls -= leaving.calls;
        totals_.failed -= leaving.failed;
        totals_.slow -= leaving.slow;
        totals_.slow_failed -= leaving.slow_failed;
        leaving = {};
    }
    second_ = second;
}

void TimeWindow::clear(std::int64_t second) noexcept {
    std::fill(buckets_.begin(), buckets_.end(), Totals{});
    totals_ = {};
    second_ = std::max<std::int64_t>(second, 0);
}

}  // namespace flotilla::resilience::detail
