#pragma once
/// A count that many threads raise at once.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace flotilla::resilience::detail {

/// A small number of the calling thread, the same each time.
inline std::size_t thread_number() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t number = next.fetch_add(1, std::memory_order_relaxed);
    return number;
}

class StripedCount {
public:
    void add() noexcept {
        stripes_[thread_number() % stripes_.size()].count.fetch_add(1, std::memory_order_relaxed);
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
