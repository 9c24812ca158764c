#pragma once
/// The outcomes that a circuit breaker looks back on. Both windows are told only of calls that failed or were
/// slow, one by one, and of fast successes as plain numbers: threads count those by themselves.
/// Not thread-safe: under the breaker's mutex.

#include <cstdint>
#include <vector>

#include "flotilla/base/clock.hpp"

namespace flotilla::resilience::detail {

struct Totals {
    std::uint64_t calls = 0;
    std::uint64_t failed = 0;
    std::uint64_t slow = 0;  ///< failed ones among them
    std::uint64_t slow_failed = 0;

    void add(bool failure, bool was_slow) noexcept {
        ++calls;
        failed += failure ? 1 : 0;
        slow += was_slow ? 1 : 0;
        slow_failed += failure && was_slow ? 1 : 0;
    }

    friend bool operator==(const Totals&, const Totals&) = default;
};

/// The last `size` calls, run-length encoded: a queue of bad calls with their ordinal numbers, and the run of
/// fast successes since the last of them, which the caller holds. A run of `size` or more leaves nothing else
/// in the window, so the caller may stop counting there: ordinals are only ever compared within the window.
class CountWindow {
public:
    explicit CountWindow(std::uint32_t size) : size_(size) {}

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

    void clear() noexcept;
    /// A bad call after `run` good ones; the run begins anew.
    void add_bad(std::uint64_t run, bool failed, bool slow);
    [[nodiscard]] Totals totals(std::uint64_t run) noexcept;

private:
    struct Bad {
        std::uint64_t ordinal;
        bool failed;
        bool slow;
    };

    void expire(std::uint64_t newest) noexcept;
    void push(Bad bad);

    std::uint32_t size_;
    std::uint64_t last_ = 0;   ///< ordinal of the last bad call, counted from 1
    Totals bad_{};             ///< of the bad calls in the window; `calls` is not used
    std::vector<Bad> ring_{};  ///< grows to the next power of two, at most of `size`
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

/// The last `size` seconds in buckets of a second, each of a full second of the monotonic clock.
class TimeWindow {
public:
    explicit TimeWindow(std::uint32_t size) : buckets_(size) {}

    /// Drops what is out of the window at that second; one in the past counts as the current one.
    void move_to(std::int64_t second) noexcept;

    void clear(std::int64_t second) noexcept;

    void add_good(std::uint64_t count) noexcept {
        current().calls += count;
        totals_.calls += count;
    }

    void add_bad(bool failed, bool slow) noexcept {
        current().add(failed, slow);
        totals_.add(failed, slow);
    }

    [[nodiscard]] const Totals& totals() const noexcept { return totals_; }

    [[nodiscard]] std::int64_t second() const noexcept { return second_; }

private:
    Totals& current() noexcept { return buckets_[static_cast<std::size_t>(second_) % buckets_.size()]; }

    std::vector<Totals> buckets_;
    Totals totals_{};
    std::int64_t second_ = 0;
};

}  // namespace flotilla::resilience::detail
