#pragma once
/// A count that many threads raise at once.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "flotilla/base/thread_slot.hpp"

namespace flotilla::resilience::detail {

class StripedCount {
public:
    void add() noexcept {
        stripes_[thread_slot() % stripes_.size()].count.fetch_add(1, std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint64_t sum() const noexcept {
        std::uint64_t sum = 0;
        for (const Stripe& stripe : stripes_) sum += stripe.count.load(std::memory_order_relaxed);
        return sum;
    }

private:
    struct alignas(64) Stripe {
        std::atomic<std::uint64_t> count{0};
    };

    std::array<Stripe, 4> stripes_{};
};

}  // namespace flotilla::resilience::detail
