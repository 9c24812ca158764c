#pragma once
/// Time as a dependency: whoever needs the time is handed a Clock, so that a test can wind it by hand.

#include <chrono>

namespace flotilla {

using Duration = std::chrono::nanoseconds;
/// A point on the monotonic clock: for deadlines and durations.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// A point on the wall clock: for people and wire formats.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Both clocks of a machine. Safe to call from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;
    [[nodiscard]] virtual WallTime wall_now() const noexcept = 0;

    /// The clock of the operating system.
    static const Clock& system() noexcept;

protected:
    Clock() = default;
    Clock(const Clock&) = default;
    Clock& operator=(const Clock&) = default;
};

/// A clock that stands still until it is told to move. For tests and simulation; not thread-safe.
class ManualClock final : public Clock {
public:
    explicit ManualClock(WallTime wall = WallTime{std::chrono::seconds{1'700'000'000}}) : wall_(wall) {}

    [[nodiscard]] TimePoint now() const noexcept override { return now_; }

    [[nodiscard]] WallTime wall_now() const noexcept override { return wall_; }

    void advance(Duration by) noexcept {
        now_ += by;
        wall_ += by;
    }

    /// Steps the wall clock alone, as an operator or NTP does.
    void set_wall(WallTime wall) noexcept { wall_ = wall; }

private:
    TimePoint now_{std::chrono::hours{1}};
    WallTime wall_;
};

/// The moment by which an operation must have ended; it travels with a request through every call beneath it.
class Deadline {
public:
    /// Never.
    constexpr Deadline() noexcept = default;

    constexpr explicit Deadline(TimePoint at) noexcept : at_(at) {}

    static constexpr Deadline after(TimePoint now, Duration span) noexcept {
        return span >= TimePoint::max() - now ? Deadline() : Deadline(now + span);
    }

    [[nodiscard]] constexpr TimePoint at() const noexcept { return at_; }

    [[nodiscard]] constexpr bool never() const noexcept { return at_ == TimePoint::max(); }

    [[nodiscard]] constexpr bool passed(TimePoint now) const noexcept { return now >= at_; }

    /// What is left, never negative; `Duration::max()` for a deadline that never comes.
    [[nodiscard]] constexpr Duration left(TimePoint now) const noexcept {
        return never() ? Duration::max() : (at_ > now ? at_ - now : Duration::zero());
    }

    /// The earlier of two.
    [[nodiscard]] constexpr Deadline or_sooner(Deadline other) const noexcept {
        return at_ < other.at_ ? *this : other;
    }

    friend constexpr auto operator<=>(Deadline, Deadline) noexcept = default;

private:
    TimePoint at_ = TimePoint::max();
};

}  // namespace flotilla
