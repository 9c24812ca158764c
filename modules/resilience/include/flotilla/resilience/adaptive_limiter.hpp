#pragma once
/// A bulkhead whose size follows how the calls go.
///
///     AdaptiveLimiter limiter("orders", {.limit = Gradient2Limit()});
///     auto call = limiter.acquire(now);
///     if (!call) return fail(limiter.refusal());
///     …
///     call.succeeded(now);   // or dropped(now), or ignored()

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/concurrency_limit.hpp"

namespace flotilla::resilience {

/// Gathers samples and passes on one average in each window.
struct LimitWindow {
    Duration length = std::chrono::seconds(1);
    std::uint32_t minimum_samples = 10;                      ///< fewer are thrown away
    Duration shortest_rtt = std::chrono::microseconds(100);  ///< shorter ones are not counted
};

/// A share of the limit that is guaranteed to calls of a kind; what others leave may be used too.
struct LimitPartition {
    std::string name;
    double share = 0;
};

struct AdaptiveLimiterConfig {
    ConcurrencyLimit limit = Gradient2Limit();
    std::optional<LimitWindow> window = LimitWindow{};  ///< none: every sample changes the limit
    std::vector<LimitPartition> partitions{};           ///< none: all calls are alike
};

/// Safe from any thread; outlives its calls.
class AdaptiveLimiter {
public:
    class Call;

    explicit AdaptiveLimiter(
        std::string name, AdaptiveLimiterConfig config = {}, Random random = Random::from_system()
    );

    /// False when there are too many. Calls of an unknown partition have no guaranteed share.
    [[nodiscard]] Call acquire(TimePoint now, std::string_view partition = {}) noexcept;

    [[nodiscard]] Error refusal() const;

    [[nodiscard]] int limit() const noexcept { return limit_.load(std::memory_order_relaxed); }

    [[nodiscard]] int inflight() const noexcept { return inflight_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    struct Gathered {
        TimePoint ends{};
        Duration sum{};
        std::uint32_t count = 0;
        std::uint32_t most_inflight = 0;
        bool dropped = false;
    };

    void ended(std::size_t partition, const LimitSample* sample, TimePoint now) noexcept;
    void gather(const LimitSample& sample, TimePoint now);
    void update(const LimitSample& sample);

    std::string name_;
    std::atomic<int> limit_;
    std::atomic<int> inflight_{0};
    std::atomic<std::uint64_t> refused_{0};
    std::optional<LimitWindow> window_;
    std::vector<LimitPartition> partitions_;
    std::mutex mutex_;  ///< guards all below
    ConcurrencyLimit algorithm_;
    Random random_;
    Gathered gathered_;
    std::vector<int> busy_;  ///< by partition; the last for calls of none
};

class [[nodiscard]] AdaptiveLimiter::Call {
public:
    Call() noexcept = default;

    Call(Call&& other) noexcept
        : limiter_(std::exchange(other.limiter_, nullptr)),
          start_(other.start_),
          inflight_(other.inflight_),
          partition_(other.partition_) {}

    Call& operator=(Call&& other) noexcept {
        if (this != &other) {
            ignored();
            limiter_ = std::exchange(other.limiter_, nullptr);
            start_ = other.start_;
            inflight_ = other.inflight_;
            partition_ = other.partition_;
        }
        return *this;
    }

    ~Call() { ignored(); }

    explicit operator bool() const noexcept { return limiter_ != nullptr; }

    void succeeded(TimePoint now) noexcept { end(now, false); }

    /// Timed out, or refused by the other side because it has too much to do.
    void dropped(TimePoint now) noexcept { end(now, true); }

    /// Says nothing about the load: a bad request, a cancelled call.
    void ignored() noexcept {
        if (auto* limiter = std::exchange(limiter_, nullptr)) limiter->ended(partition_, nullptr, start_);
    }

private:
    friend class AdaptiveLimiter;

    Call(AdaptiveLimiter* limiter, TimePoint start, int inflight, std::size_t partition) noexcept
        : limiter_(limiter), start_(start), inflight_(inflight), partition_(partition) {}

    void end(TimePoint now, bool dropped) noexcept {
        if (auto* limiter = std::exchange(limiter_, nullptr)) {
            const LimitSample sample{now - start_, static_cast<std::uint32_t>(inflight_), dropped};
            limiter->ended(partition_, &sample, now);
        }
    }

    AdaptiveLimiter* limiter_ = nullptr;
    TimePoint start_{};
    int inflight_ = 0;
    std::size_t partition_ = 0;
};

}  // namespace flotilla::resilience
