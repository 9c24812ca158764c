#pragma once
/// A run of fast successes that many threads count at once.

#include <array>
#include <atomic>
#include <cstdint>

#include "flotilla/base/thread_slot.hpp"

namespace flotilla::resilience::detail {

/// Each thread counts in a word of its own, under a heading (the upper half of the state word), so that a
/// call joins the run that it belongs to or none. While threads add, a sum need not be what all words held at
/// once; but it is what the run was at some moment of the call, as counts only grow: that makes it exact.
/// `take`, `restart` and `sum` are for one thread at a time.
class StripedRun {
public:
    /// One more. False when the run has another heading, or this thread has counted up to the limit.
    bool add(std::uint64_t heading, std::uint64_t limit) noexcept {
        std::atomic<std::uint64_t>& word = stripes_[thread_slot() % stripes_.size()].word;
        std::uint64_t seen = word.load(std::memory_order_relaxed);
        do {
            if ((seen & ~count_mask) != heading || (seen & count_mask) >= limit) return false;
        } while (!word.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed));
        return true;
    }

    [[nodiscard]] std::uint64_t sum() const noexcept {
        std::uint64_t sum = 0;
        for (const Stripe& stripe : stripes_) sum += stripe.word.load(std::memory_order_relaxed) & count_mask;
        return sum;
    }

    /// The run so far; it begins anew. Threads that have counted nothing are left alone.
    std::uint64_t take() noexcept {
        std::uint64_t sum = 0;
        for (Stripe& stripe : stripes_) {
            if ((stripe.word.load(std::memory_order_relaxed) & count_mask) == 0) continue;
            sum += stripe.word.fetch_and(~count_mask, std::memory_order_relaxed) & count_mask;
        }
        return sum;
    }

    /// The run so far; another begins under this heading.
    std::uint64_t restart(std::uint64_t heading) noexcept {
        std::uint64_t sum = 0;
        for (Stripe& stripe : stripes_)
            sum += stripe.word.exchange(heading, std::memory_order_relaxed) & count_mask;
        return sum;
    }

private:
    static constexpr std::uint64_t count_mask = 0xFFFF'FFFFULL;

    /// Two cache lines: they are fetched in pairs.
    struct alignas(128) Stripe {
        std::atomic<std::uint64_t> word{0};
    };

    std::array<Stripe, 16> stripes_{};
};

}  // namespace flotilla::resilience::detail
