#pragma once
/// Keeps retries from making an overload worse: at most a share of the calls to a service may be retries.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

namespace flotilla::resilience {

struct RetryBudgetConfig {
    double ratio = 0.2;         ///< of the calls in flight
    std::uint32_t minimum = 3;  ///< so many are always allowed
};

/// One per target service, shared by all who call it. Safe from any thread; outlives its tickets.
class RetryBudget {
public:
    /// Counts a call, or a retry, for as long as it lives.
    class Ticket {
    public:
        Ticket() noexcept = default;

        Ticket(Ticket&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}

        Ticket& operator=(Ticket&& other) noexcept {
            if (this != &other) {
                release();
                count_ = std::exchange(other.count_, nullptr);
            }
            return *this;
        }

        ~Ticket() { release(); }

        explicit operator bool() const noexcept { return count_ != nullptr; }

        void release() noexcept {
            if (auto* count = std::exchange(count_, nullptr)) count->fetch_sub(1, std::memory_order_relaxed);
        }

    private:
        friend class RetryBudget;

        explicit Ticket(std::atomic<std::uint32_t>& count) noexcept : count_(&count) {}

        std::atomic<std::uint32_t>* count_ = nullptr;
    };

    explicit RetryBudget(RetryBudgetConfig config = {}) noexcept : config_(config) {}

    /// A call with all its retries.
    [[nodiscard]] Ticket call() noexcept {
        calls_.fetch_add(1, std::memory_order_relaxed);
        return Ticket(calls_);
    }

    /// False when there are too many retries already.
    [[nodiscard]] Ticket try_retry() noexcept {
        std::uint32_t running = retries_.load(std::memory_order_relaxed);
        do {
            if (running >= limit()) {
                refused_.fetch_add(1, std::memory_order_relaxed);
                return {};
            }
        } while (!retries_.compare_exchange_weak(running, running + 1, std::memory_order_relaxed));
        return Ticket(retries_);
    }

    [[nodiscard]] std::uint32_t limit() const noexcept {
        const double share = config_.ratio * calls_.load(std::memory_order_relaxed);
        return std::max(config_.minimum, static_cast<std::uint32_t>(share));
    }

    [[nodiscard]] std::uint32_t calls() const noexcept { return calls_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::uint32_t retries() const noexcept { return retries_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

private:
    RetryBudgetConfig config_;
    std::atomic<std::uint32_t> calls_{0};
    std::atomic<std::uint32_t> retries_{0};
    std::atomic<std::uint64_t> refused_{0};
};

}  // namespace flotilla::resilience
