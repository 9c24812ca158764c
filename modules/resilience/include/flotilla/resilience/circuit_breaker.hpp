#pragma once
/// Decides whether a call to a troubled service may go out.
///
///     auto permit = breaker.try_acquire(now);
///     if (!permit) return fail(breaker.refusal());
///     auto answer = co_await send(request);
///     if (answer) permit.succeeded(now); else permit.failed(now, answer.error());

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/circuit_breaker_config.hpp"
#include "flotilla/resilience/events.hpp"

namespace flotilla::resilience {

namespace detail {

/// The monotonic clock as of the last tick of the kernel, 1 to 10 ms ago.
inline TimePoint coarse_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return TimePoint(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace detail

/// What the window holds. Rates are -1 until there are enough calls.
struct BreakerMetrics {
    float failure_rate = -1;
    float slow_call_rate = -1;
    std::uint64_t buffered_calls = 0;
    std::uint64_t failed_calls = 0;
    std::uint64_t slow_calls = 0;
    std::uint64_t slow_failed_calls = 0;
    std::uint64_t not_permitted_calls = 0;

    [[nodiscard]] std::uint64_t successful_calls() const noexcept { return buffered_calls - failed_calls; }

    [[nodiscard]] std::uint64_t slow_successful_calls() const noexcept {
        return slow_calls - slow_failed_calls;
    }
};

enum class CallKind : std::uint8_t { successful, failed, ignored, not_permitted, stale };

/// Is told of every call, for meters. Called on the threads of the callers.
class CallObserver {
public:
    virtual ~CallObserver() = default;
    /// The duration is 0 for `not_permitted` and `stale`.
    virtual void call_ended(CallKind kind, TimePoint now, Duration duration) noexcept = 0;
};

/// A state machine that is driven by its callers: they give the time, so every transition is a plain unit
/// test; what depends on time alone happens at the next call or at `tick`. One breaker per target is shared
/// by all threads. In CLOSED an admission and a fast success take no lock (and, while the window holds
/// nothing else, write nothing); failures, slow calls, probes and transitions take a mutex for a moment.
class CircuitBreaker {
public:
    /// An admitted call. Report its end; one dropped unreported gives its permit back.
    class Permit;

    explicit CircuitBreaker(
        std::string name, CircuitBreakerConfig config = {}, const Clock& clock = Clock::system()
    );
    ~CircuitBreaker();
    CircuitBreaker(const CircuitBreaker&) = delete;
    CircuitBreaker& operator=(const CircuitBreaker&) = delete;

    /// A permit that is true when the call may go out.
    [[nodiscard]] Permit try_acquire(TimePoint now) noexcept;

    /// The error for a refused call: `CircuitBreaker 'x' is OPEN and does not permit further calls`.
    [[nodiscard]] Error refusal() const;

    /// Runs `work` (returning a Result) when permitted, and reports how it ended; an exception is a failure.
    template <class Work>
    std::invoke_result_t<Work&> call(Work&& work);

    [[nodiscard]] BreakerState state() const noexcept {
        return state_of(word_.load(std::memory_order_acquire));
    }

    /// After what has fallen due by then.
    [[nodiscard]] BreakerState state(TimePoint now) noexcept {
        tick(now);
        return state();
    }

    [[nodiscard]] BreakerMetrics metrics(TimePoint now) const;

    /// How long OPEN will last; nothing in other states.
    [[nodiscard]] std::optional<Duration> time_left(TimePoint now) const noexcept;

    /// Fails for CLOSED to HALF_OPEN and from METRICS_ONLY to OPEN or HALF_OPEN: `illegal_transition`.
    Result<void> transition_to(BreakerState state, TimePoint now);
    /// OPEN for as long as the service has asked for (`Retry-After`).
    Result<void> transition_to_open_for(Duration wait, TimePoint now);
    /// CLOSED with an empty window.
    void reset(TimePoint now);

    /// When `tick` has something to do without a call: the automatic way to HALF_OPEN, the end of a HALF_OPEN
    /// that takes too long. It changes with each STATE_TRANSITION.
    [[nodiscard]] std::optional<TimePoint> timer() const noexcept;
    void tick(TimePoint now) noexcept;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] const CircuitBreakerConfig& config() const noexcept;

    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

    [[nodiscard]] Events& events() noexcept { return events_; }

    [[nodiscard]] const Events& events() const noexcept { return events_; }

    /// Adds one. Before the first call.
    void observe(std::shared_ptr<CallObserver> observer);

private:
    struct Core;

    // The state word: state (3 bits), generation (28), warm (1), payload (32). The upper 31 bits are the
    // token of a call: when they have changed, the call is late. `warm` says that the minimum of calls is
    // there and the rates have been looked at, so that a fast success can do no more than lower them. CLOSED
    // and METRICS_ONLY note in the payload that a full count window holds nothing else (calm), HALF_OPEN its
    // permits. Written under the mutex; while calls go well it stays as it is, so all cores keep a copy.
    static constexpr int state_shift = 61;
    static constexpr std::uint64_t payload_mask = 0xFFFF'FFFFULL;
    static constexpr std::uint64_t warm_bit = 1ULL << 32;
    static constexpr std::uint64_t calm = warm_bit | 1;
    static constexpr std::uint64_t token_mask = ~((warm_bit << 1) - 1);

    static BreakerState state_of(std::uint64_t word) noexcept {
        return static_cast<BreakerState>(word >> state_shift);
    }

    static bool always_permits(std::uint64_t word) noexcept {
        constexpr unsigned states = 1U << static_cast<unsigned>(BreakerState::closed) |
                                    1U << static_cast<unsigned>(BreakerState::disabled) |
                                    1U << static_cast<unsigned>(BreakerState::metrics_only);
        return (states >> (word >> state_shift) & 1U) != 0;
    }

    void succeeded(std::uint64_t token, TimePoint now, Duration took) noexcept {
        // Nothing but fast successes in a full window: one more changes nothing.
        const std::uint64_t word = word_.load(std::memory_order_relaxed);
        if (word == (token | calm) && took <= slow_threshold_ && !watched()) [[likely]]
            return;
        success_slowly(token, now, took);
    }

    Permit acquire_slowly(TimePoint now, std::uint64_t word) noexcept;
    void success_slowly(std::uint64_t token, TimePoint now, Duration took) noexcept;
    bool count_success(std::uint64_t token, TimePoint now) noexcept;
    void failed(
        std::uint64_t token, TimePoint now, Duration took, const Error* error, std::string_view result
    ) noexcept;
    void record(std::uint64_t token, TimePoint now, bool failure, bool slow) noexcept;
    [[nodiscard]] bool stale(std::uint64_t token, TimePoint now) const noexcept;
    void tell_observers(CallKind kind, TimePoint now, Duration took) const noexcept;
    Result<void> transition(BreakerState to, TimePoint now, std::optional<Duration> wait);
    void released(std::uint64_t token) noexcept;

    /// Now, by the system's coarse clock where its few milliseconds do not matter: it is read in a third of
    /// the time.
    [[nodiscard]] TimePoint call_time() const noexcept {
        if (coarse_ && state() == BreakerState::closed && !watched()) return detail::coarse_now();
        return clock_.now();
    }

    [[nodiscard]] bool watched() const noexcept {
        return observed_.load(std::memory_order_relaxed) || events_.anything_wanted();
    }

    alignas(64) std::atomic<std::uint64_t> word_;
    const Duration slow_threshold_;
    const std::uint64_t run_limit_;         ///< successes that a thread counts by itself
    std::atomic<std::int64_t> bucket_end_;  ///< when the current second is over; COUNT_BASED: never
    std::atomic<bool> observed_{false};
    const bool coarse_;  ///< the system's coarse clock will do
    const Clock& clock_;
    Events events_;
    std::string name_;
    std::unique_ptr<Core> core_;
};

class [[nodiscard]] CircuitBreaker::Permit {
public:
    Permit() noexcept = default;

    Permit(Permit&& other) noexcept
        : breaker_(std::exchange(other.breaker_, nullptr)), token_(other.token_), start_(other.start_) {}

    Permit& operator=(Permit&& other) noexcept {
        if (this != &other) {
            release();
            breaker_ = std::exchange(other.breaker_, nullptr);
            token_ = other.token_;
            start_ = other.start_;
        }
        return *this;
    }

    ~Permit() { release(); }

    explicit operator bool() const noexcept { return breaker_ != nullptr; }

    void succeeded(TimePoint now) noexcept { succeeded(now, now - start_); }

    /// With a duration other than the time since the permit was given.
    void succeeded(TimePoint now, Duration took) noexcept {
        if (CircuitBreaker* breaker = std::exchange(breaker_, nullptr)) breaker->succeeded(token_, now, took);
    }

    /// By the rules of the configuration a failure, a success, or nothing at all.
    void failed(TimePoint now, const Error& error) noexcept { failed(now, error, now - start_); }

    void failed(TimePoint now, const Error& error, Duration took) noexcept {
        if (CircuitBreaker* breaker = std::exchange(breaker_, nullptr)) {
            breaker->failed(token_, now, took, &error, {});
        }
    }

    /// An answer came, but its content is a failure, such as a status 503; `what` describes it.
    void failed_with(TimePoint now, std::string_view what) noexcept {
        if (CircuitBreaker* breaker = std::exchange(breaker_, nullptr)) {
            breaker->failed(token_, now, now - start_, nullptr, what);
        }
    }

    /// As if the call had never been.
    void release() noexcept {
        if (CircuitBreaker* breaker = std::exchange(breaker_, nullptr)) breaker->released(token_);
    }

    [[nodiscard]] TimePoint start() const noexcept { return start_; }

private:
    friend class CircuitBreaker;

    Permit(CircuitBreaker* breaker, std::uint64_t token, TimePoint start) noexcept
        : breaker_(breaker), token_(token), start_(start) {}

    CircuitBreaker* breaker_ = nullptr;
    std::uint64_t token_ = 0;
    TimePoint start_{};
};

inline CircuitBreaker::Permit CircuitBreaker::try_acquire(TimePoint now) noexcept {
    const std::uint64_t word = word_.load(std::memory_order_acquire);
    if (always_permits(word)) [[likely]]
        return Permit(this, word & token_mask, now);
    return acquire_slowly(now, word);
}

template <class Work>
std::invoke_result_t<Work&> CircuitBreaker::call(Work&& work) {
    Permit permit = try_acquire(call_time());
    if (!permit) return std::unexpected(refusal());
    try {
        std::invoke_result_t<Work&> result = work();
        if (result) {
            permit.succeeded(call_time());
        } else {
            permit.failed(clock_.now(), result.error());
        }
        return result;
    } catch (...) {
        permit.failed_with(clock_.now(), "exception");
        throw;
    }
}

}  // namespace flotilla::resilience
