#pragma once
/// What a circuit breaker keeps under its mutex.

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "flotilla/base/random.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "striped_count.hpp"
#include "striped_run.hpp"
#include "window.hpp"

namespace flotilla::resilience {

struct CircuitBreaker::Core {
    /// What one step will tell. Most steps tell nothing, and should pay nothing for it.
    struct Told {
        EventType type{};
        TimePoint at{};
        float rate = 0;
        std::string_view transition{};
    };

    /// Events of one step, published when the mutex is free again.
    struct Happened {
        std::array<Told, 6> events{};
        std::size_t count = 0;

        void add(const Told& event) noexcept { events[count++] = event; }
    };

    /// Which window the state of now looks at.
    enum class Looked : std::uint8_t { none, main, half_open };

    /// Whether totals are to count what threads have counted by themselves, or that has been taken just now.
    enum class Runs : std::uint8_t { all, taken };

    Core(CircuitBreaker& owner, CircuitBreakerConfig given)
        : breaker(owner),
          config(std::move(given)),
          half_open(config.permitted_number_of_calls_in_half_open_state) {
        if (config.sliding_window_type == SlidingWindowType::time_based) {
            main.emplace<detail::TimeWindow>(config.sliding_window_size);
        } else {
            main.emplace<detail::CountWindow>(config.sliding_window_size);
        }
    }

    // All of these under the mutex.
    void record(std::uint64_t token, TimePoint now, bool failure, bool slow, Happened& happened);
    void enter(BreakerState to, TimePoint now, std::optional<Duration> wait, Happened& happened);
    void run_timers(TimePoint now, Happened& happened);
    bool take_probe() noexcept;
    void give_back_probe() noexcept;
    [[nodiscard]] detail::Totals totals(TimePoint now, Runs which = Runs::all);
    [[nodiscard]] std::uint64_t minimum() const noexcept;
    [[nodiscard]] TimePoint due() const noexcept;

    void publish(const Happened& happened) noexcept {
        for (std::size_t i = 0; i < happened.count; ++i) {
            const Told& told = happened.events[i];
            breaker.events_.publish(
                {.type = told.type, .at = told.at, .transition = told.transition, .rate = told.rate}
            );
        }
    }

    /// In single precision, as Java computes it: 1 of 3 is 33.333332.
    static float percent(std::uint64_t part, std::uint64_t whole) noexcept {
        return static_cast<float>(part) * 100.0F / static_cast<float>(whole);
    }

    [[nodiscard]] std::uint64_t not_permitted_calls() const noexcept {
        return not_permitted.sum() - not_permitted_before;
    }

    CircuitBreaker& breaker;
    const CircuitBreakerConfig config;
    // Together what a bad call touches: these lines go from core to core.
    alignas(64) mutable std::mutex mutex;
    Looked looked = Looked::main;
    /// Fast successes since the last bad call of the count window looked at, besides those in `runs`. From a
    /// full window on they need not be counted.
    std::uint64_t parked_run = 0;
    std::variant<std::monostate, detail::CountWindow, detail::TimeWindow> main;
    detail::CountWindow half_open;
    std::uint32_t attempts = 0;              ///< how often it has opened without closing in between
    std::uint64_t not_permitted_before = 0;  ///< of them belong to former states
    bool failure_rate_told = false;          ///< in this stay in METRICS_ONLY
    bool slow_rate_told = false;
    // Written under the mutex, before the word that they belong to.
    std::atomic<std::int64_t> open_until{0};     ///< calls are refused up to here
    std::atomic<std::int64_t> half_open_end{0};  ///< at the latest
    detail::StripedCount not_permitted;
    std::vector<std::shared_ptr<CallObserver>> observers;
    /// Fast successes that threads count without the mutex, under the upper half of the state word; there are
    /// some in CLOSED and METRICS_ONLY alone, when these are warm.
    detail::StripedRun runs;

private:
    void add_main(TimePoint now, bool failure, bool slow);
    void add_to(detail::CountWindow& window, bool failure, bool slow);
    void evaluate(TimePoint now, Runs which, Happened& happened);
    void sync_time_window(TimePoint now);
    void warm_up();

    void set_word(std::uint64_t word) noexcept { breaker.word_.store(word, std::memory_order_release); }

    [[nodiscard]] std::uint64_t word() const noexcept {
        return breaker.word_.load(std::memory_order_relaxed);
    }
};

}  // namespace flotilla::resilience
