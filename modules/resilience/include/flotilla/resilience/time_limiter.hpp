#pragma once
/// Bounds how long a call may take. The caller cancels the operation itself when the deadline has passed:
///
///     const Deadline deadline = limiter.deadline(now).or_sooner(request_deadline);

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/errors.hpp"
#include "flotilla/resilience/events.hpp"

namespace flotilla::resilience {

struct TimeLimiterConfig {
    Duration timeout_duration = std::chrono::seconds(1);
    /// False lets the operation go on; its result is thrown away all the same.
    bool cancel_running_future = true;
    std::size_t event_consumer_buffer_size = 100;

    [[nodiscard]] Result<void> check() const;
};

/// Safe from any thread.
class TimeLimiter {
public:
    struct Counts {
        std::uint64_t successful = 0;
        std::uint64_t failed = 0;
        std::uint64_t timeout = 0;
    };

    explicit TimeLimiter(std::string name, TimeLimiterConfig config = {});

    [[nodiscard]] Deadline deadline(TimePoint start) const noexcept {
        return Deadline::after(start, config_.timeout_duration);
    }

    // How the call ended: exactly one of them.
    void succeeded(TimePoint now);
    /// An error of the call itself; one that says `timed out` counts as a timeout.
    void failed(TimePoint now, const Error& error);
    /// The deadline came first. `TimeLimiter 'x' recorded a timeout exception.`
    Error timed_out(TimePoint now);

    [[nodiscard]] Counts counts() const noexcept;

    [[nodiscard]] const std::string& name() const noexcept { return events_.source(); }

    [[nodiscard]] const TimeLimiterConfig& config() const noexcept { return config_; }

    [[nodiscard]] Events& events() noexcept { return events_; }

    [[nodiscard]] const Events& events() const noexcept { return events_; }

private:
    TimeLimiterConfig config_;
    Events events_;
    std::atomic<std::uint64_t> successful_{0};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> timeout_{0};
};

}  // namespace flotilla::resilience
