#pragma once
/// What the Hystrix dashboard reads from `/hystrix.stream`: one document for each breaker (a command) and one
/// for each bulkhead with a queue (a thread pool), from figures of the last ten seconds.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/resilience/policies.hpp"

namespace flotilla::resilience {

enum class CommandEvent : std::uint8_t {
    success,
    failure,
    timeout,
    short_circuited,
    semaphore_rejected,
    thread_pool_rejected,
    bad_request,
    fallback_success,
    fallback_failure,
    fallback_missing,
};
inline constexpr std::size_t command_event_count = 10;

/// Counts and durations of ten buckets of a second. Safe from any thread.
class RollingCommand {
public:
    void count(CommandEvent event, TimePoint now) noexcept;
    void took(Duration duration, TimePoint now) noexcept;

    struct Figures {
        std::array<std::uint64_t, command_event_count> counts{};
        std::uint64_t samples = 0;
        std::int64_t mean_ms = 0;
        std::vector<std::uint64_t> histogram{};

        [[nodiscard]] std::uint64_t of(CommandEvent event) const noexcept {
            return counts[static_cast<std::size_t>(event)];
        }

        [[nodiscard]] std::int64_t percentile_ms(double percent) const noexcept;
    };

    [[nodiscard]] Figures figures(TimePoint now) const;

private:
    /// Milliseconds to 63 one by one, then 32 steps for each doubling.
    static constexpr std::size_t cells = 64 + 16 * 32;
    static constexpr std::int64_t seconds = 10;

    struct Bucket {
        std::int64_t second = -1;
        std::array<std::uint32_t, command_event_count> counts{};
        std::array<std::uint32_t, cells> histogram{};
        std::uint64_t samples = 0;
        std::int64_t total_ms = 0;
    };

    static std::size_t cell_of(std::int64_t milliseconds) noexcept;
    static std::int64_t milliseconds_of(std::size_t cell) noexcept;
    Bucket& bucket(TimePoint now) noexcept;

    mutable std::mutex mutex_;
    std::array<Bucket, seconds> buckets_{};
};

/// Watches the policies, which outlive it, from its making on: before the first call.
class HystrixMetrics {
public:
    explicit HystrixMetrics(Policies& policies);
    ~HystrixMetrics();
    HystrixMetrics(const HystrixMetrics&) = delete;
    HystrixMetrics& operator=(const HystrixMetrics&) = delete;

    /// How the fallback of a call went: for whoever has one.
    void fallback(std::string_view name, CommandEvent event, TimePoint now);

    /// JSON texts, one for each `data:` line, commands first.
    [[nodiscard]] std::vector<std::string> documents(TimePoint now, WallTime wall) const;

private:
    struct Command;
    struct Commands;

    Policies& policies_;
    std::shared_ptr<Commands> commands_;
};

}  // namespace flotilla::resilience
