#pragma once
/// Saying no early: a client that stops asking a service that fails, and an order in which a server with too
/// much to do says no.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::resilience {

/// Client side: the fewer of the last calls succeeded, the more of the next are not made at all. With `n`
/// calls of which `s` succeeded the share refused is ((n - s / threshold) / (n + 1)) ^ (1 / aggression).
class AdmissionControl {
public:
    struct Config {
        std::uint32_t window_seconds = 120;
        double success_threshold = 0.95;
        double aggression = 1.0;
        double minimum_rps = 5;  ///< below, nothing is refused
        double most_refused = 0.8;
    };

    AdmissionControl() : AdmissionControl(Config{}) {}

    explicit AdmissionControl(Config config);

    [[nodiscard]] bool admits(TimePoint now, Random& random);
    void ended(TimePoint now, bool success);

    [[nodiscard]] double refusal_probability(TimePoint now);

private:
    struct Second {
        std::int64_t at = -1;
        std::uint64_t calls = 0;
        std::uint64_t successes = 0;
    };

    double probability(std::int64_t second);

    const Config config_;
    std::mutex mutex_;
    std::deque<Second> seconds_;
    std::uint64_t calls_ = 0;
    std::uint64_t successes_ = 0;
};

/// Server side: what waits for a place. When it is full, those go first that are dead already, then retries,
/// then low priorities, then the newest ones; who gets a free place is the newest of the highest priority,
/// since the oldest is the likeliest to have been given up. Not thread-safe: one per event loop.
class ShedQueue {
public:
    static constexpr std::uint8_t priorities = 4;

    struct Request {
        std::uint64_t id = 0;
        std::uint8_t priority = 1;  ///< `X-Priority`: 0 is the most urgent, 3 the least
        bool retry = false;
        Deadline deadline{};
    };

    explicit ShedQueue(std::size_t capacity) : capacity_(capacity) {}

    /// The request that must be answered 503, or 429, for this one to have room: often this one itself.
    std::optional<Request> push(const Request& request, TimePoint now);
    /// Whose turn it is; nothing when nobody waits. One whose deadline has passed is skipped and told by
    /// `expired`.
    std::optional<Request> pop(TimePoint now);
    /// Takes out, one by one, those whose deadline has passed.
    std::optional<Request> expired(TimePoint now);
    bool remove(std::uint64_t id);

    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

private:
    std::size_t capacity_;
    std::deque<Request> waiting_;  ///< oldest first
};

}  // namespace flotilla::resilience
