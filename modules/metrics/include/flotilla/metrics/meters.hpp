#pragma once
/// The handles through which code measures. A handle is 16 bytes, copied freely; it comes from a Registry and
/// must not be used after the registry is gone. A default-constructed one, and that of a denied meter, does
/// nothing. All methods are safe from any thread.

#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/metrics/cells.hpp"
#include "flotilla/metrics/tags.hpp"

namespace flotilla::metrics {

class Registry;

namespace detail {
struct CounterMeter;
struct GaugeMeter;
struct DistributionMeter;
struct LongTaskMeter;
struct MultiGaugeMeter;
struct ActiveTask;
}  // namespace detail

/// A number that only grows.
class Counter {
public:
    constexpr Counter() noexcept = default;

    void increment() const noexcept {
        if (!group_) return;
        const auto count = [this](detail::Cell* cells) noexcept { detail::add(cells[cell_], 1); };
        group_->with_cells(count);
    }

    /// Negative amounts and NaN are ignored.
    void increment(double amount) const noexcept {
        if (!group_ || !(amount >= 0)) return;
        const auto count = [this, amount](detail::Cell* cells) noexcept {
            detail::Cell& cell = cells[cell_ + 1];
            const double now = std::bit_cast<double>(cell.load(std::memory_order_relaxed)) + amount;
            cell.store(std::bit_cast<std::uint64_t>(now), std::memory_order_relaxed);
        };
        group_->with_cells(count);
    }

    /// Counts, and offers the running task's span as an exemplar when it is sampled. Costs a call more.
    void increment_with_exemplar(double amount = 1.0) const noexcept;

    [[nodiscard]] double count() const noexcept { return group_ ? detail::counted(*group_, cell_) : 0.0; }

private:
    friend class Registry;

    Counter(detail::CellGroup* group, std::uint32_t cell) noexcept : group_(group), cell_(cell) {}

    detail::CellGroup* group_ = nullptr;
    std::uint32_t cell_ = 0;
};

/// A value that is set.
class Gauge {
public:
    constexpr Gauge() noexcept = default;

    void set(double value) const noexcept;
    void add(double amount) const noexcept;
    [[nodiscard]] double value() const noexcept;

private:
    friend class Registry;

    explicit Gauge(detail::GaugeMeter* meter) noexcept : meter_(meter) {}

    detail::GaugeMeter* meter_ = nullptr;
};

/// How often something happened and how long it took. It reads no clock: callers give durations.
class Timer {
public:
    constexpr Timer() noexcept = default;

    /// Negative durations are ignored.
    void record(Duration duration) const noexcept;

    /// Times a call by `clock`; an exception is timed too, and passed on.
    template <class Work>
    decltype(auto) record(const Clock& clock, Work&& work) const {
        struct Stop {
            const Timer& timer;
            const Clock& clock;
            TimePoint start;

            ~Stop() { timer.record(clock.now() - start); }
        };

        const Stop stop{*this, clock, clock.now()};
        return std::forward<Work>(work)();
    }

    [[nodiscard]] std::uint64_t count() const noexcept;
    [[nodiscard]] Duration total() const noexcept;
    /// The largest of the last two to three windows.
    [[nodiscard]] Duration max() const noexcept;

private:
    friend class Registry;

    explicit Timer(detail::DistributionMeter* meter) noexcept : meter_(meter) {}

    detail::DistributionMeter* meter_ = nullptr;
};

/// A start point, for when the timer (its tags) is known only at the end.
class Sample {
public:
    explicit Sample(const Clock& clock) noexcept : clock_(&clock), start_(clock.now()) {}

    Duration stop(Timer timer) const noexcept {
        const Duration taken = clock_->now() - start_;
        timer.record(taken);
        return taken;
    }

private:
    const Clock* clock_;
    TimePoint start_;
};

/// Amounts that are no times: sizes, batch lengths.
class Summary {
public:
    constexpr Summary() noexcept = default;

    /// Negative amounts and NaN are ignored.
    void record(double amount) const noexcept;
    [[nodiscard]] std::uint64_t count() const noexcept;
    [[nodiscard]] double total() const noexcept;
    [[nodiscard]] double max() const noexcept;

private:
    friend class Registry;

    explicit Summary(detail::DistributionMeter* meter) noexcept : meter_(meter) {}

    detail::DistributionMeter* meter_ = nullptr;
};

/// What is going on right now: how many tasks are in flight and for how long.
class LongTaskTimer {
public:
    /// A task in flight; its end (or `stop`) takes it off.
    class Task {
    public:
        constexpr Task() noexcept = default;

        Task(Task&& other) noexcept
            : meter_(std::exchange(other.meter_, nullptr)), task_(std::exchange(other.task_, nullptr)) {}

        Task& operator=(Task&& other) noexcept {
            if (this != &other) {
                stop();
                meter_ = std::exchange(other.meter_, nullptr);
                task_ = std::exchange(other.task_, nullptr);
            }
            return *this;
        }

        ~Task() { stop(); }

        void stop() noexcept;

    private:
        friend class LongTaskTimer;

        detail::LongTaskMeter* meter_ = nullptr;
        detail::ActiveTask* task_ = nullptr;
    };

    constexpr LongTaskTimer() noexcept = default;

    [[nodiscard]] Task start(TimePoint now) const;
    [[nodiscard]] std::uint64_t active() const noexcept;
    [[nodiscard]] Duration duration(TimePoint now) const noexcept;

private:
    friend class Registry;

    explicit LongTaskTimer(detail::LongTaskMeter* meter) noexcept : meter_(meter) {}

    detail::LongTaskMeter* meter_ = nullptr;
};

/// A set of gauges with the same name that is replaced as a whole.
class MultiGauge {
public:
    struct Row {
        Tags tags;
        double value = 0;
    };

    constexpr MultiGauge() noexcept = default;

    void set(std::vector<Row> rows) const;

private:
    friend class Registry;

    explicit MultiGauge(detail::MultiGaugeMeter* meter) noexcept : meter_(meter) {}

    detail::MultiGaugeMeter* meter_ = nullptr;
};

}  // namespace flotilla::metrics
