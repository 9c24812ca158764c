#include "breaker_core.hpp"

#include <algorithm>

namespace flotilla::resilience {

namespace {

using detail::CountWindow;
using detail::TimeWindow;
using detail::Totals;

std::int64_t ticks(TimePoint at) noexcept {
    return at.time_since_epoch().count();
}

std::int64_t second_of(TimePoint at) noexcept {
    return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
}

TimePoint later(TimePoint at, Duration by) noexcept {
    return by >= TimePoint::max() - at ? TimePoint::max() : at + by;
}

constexpr std::array<std::array<std::string_view, 6>, 6> transition_names{{
    {"CLOSED_TO_CLOSED",
     "CLOSED_TO_OPEN",
     "CLOSED_TO_HALF_OPEN",
     "CLOSED_TO_DISABLED",
     "CLOSED_TO_FORCED_OPEN",
     "CLOSED_TO_METRICS_ONLY"},
    {"OPEN_TO_CLOSED",
     "OPEN_TO_OPEN",
     "OPEN_TO_HALF_OPEN",
     "OPEN_TO_DISABLED",
     "OPEN_TO_FORCED_OPEN",
     "OPEN_TO_METRICS_ONLY"},
    {"HALF_OPEN_TO_CLOSED",
     "HALF_OPEN_TO_OPEN",
     "HALF_OPEN_TO_HALF_OPEN",
     "HALF_OPEN_TO_DISABLED",
     "HALF_OPEN_TO_FORCED_OPEN",
     "HALF_OPEN_TO_METRICS_ONLY"},
    {"DISABLED_TO_CLOSED",
     "DISABLED_TO_OPEN",
     "DISABLED_TO_HALF_OPEN",
     "DISABLED_TO_DISABLED",
     "DISABLED_TO_FORCED_OPEN",
     "DISABLED_TO_METRICS_ONLY"},
    {"FORCED_OPEN_TO_CLOSED",
     "FORCED_OPEN_TO_OPEN",
     "FORCED_OPEN_TO_HALF_OPEN",
     "FORCED_OPEN_TO_DISABLED",
     "FORCED_OPEN_TO_FORCED_OPEN",
     "FORCED_OPEN_TO_METRICS_ONLY"},
    {"METRICS_ONLY_TO_CLOSED",
     "METRICS_ONLY_TO_OPEN",
     "METRICS_ONLY_TO_HALF_OPEN",
     "METRICS_ONLY_TO_DISABLED",
     "METRICS_ONLY_TO_FORCED_OPEN",
     "METRICS_ONLY_TO_METRICS_ONLY"},
}};

}  // namespace

std::uint64_t CircuitBreaker::Core::minimum() const noexcept {
    const std::uint64_t wanted = config.minimum_number_of_calls;
    if (looked == Looked::half_open) return std::min<std::uint64_t>(wanted, half_open.size());
    if (config.sliding_window_type == SlidingWindowType::time_based) return wanted;
    return std::min<std::uint64_t>(wanted, config.sliding_window_size);
}

/// Moves the successes that threads have counted into their bucket and the window to the second of now. Rates
/// may change by that, so the next success must look at them.
void CircuitBreaker::Core::sync_time_window(TimePoint now) {
    auto& window = std::get<TimeWindow>(main);
    const std::int64_t second = second_of(now);
    if (second <= window.second()) return window.add_good(runs.take());
    const std::uint64_t cold = word() & ~warm_bit;
    set_word(cold);
    window.add_good(runs.restart(cold & ~payload_mask));
    window.move_to(second);
    breaker.bucket_end_.store((second + 1) * 1'000'000'000, std::memory_order_relaxed);
}

Totals CircuitBreaker::Core::totals(TimePoint now, Runs which) {
    switch (looked) {
        case Looked::none:
            return {};
        case Looked::half_open:
            return half_open.totals(parked_run);
        case Looked::main:
            break;
    }
    if (auto* window = std::get_if<CountWindow>(&main)) {
        return window->totals(parked_run + (which == Runs::all ? runs.sum() : 0));
    }
    if (which == Runs::all) sync_time_window(now);
    return std::get<TimeWindow>(main).totals();
}

void CircuitBreaker::Core::add_to(CountWindow& window, bool failure, bool slow) {
    if (failure || slow) {
        window.add_bad(parked_run + runs.take(), failure, slow);
        parked_run = 0;
    } else {
        ++parked_run;
    }
}

void CircuitBreaker::Core::add_main(TimePoint now, bool failure, bool slow) {
    if (auto* window = std::get_if<CountWindow>(&main)) {
        // From here on successes count again, before the run so far is taken.
        if ((failure || slow) && (word() & payload_mask) != 0) set_word(word() & ~payload_mask);
        return add_to(*window, failure, slow);
    }
    sync_time_window(now);
    auto& window = std::get<TimeWindow>(main);
    if (failure || slow) {
        window.add_bad(failure, slow);
    } else {
        window.add_good(1);
    }
}

void CircuitBreaker::Core::record(
    std::uint64_t token, TimePoint now, bool failure, bool slow, Happened& happened
) {
    run_timers(now, happened);
    const std::uint64_t now_word = word();
    if ((now_word & token_mask) != token && config.late_results == LateResults::ignore) return;
    switch (state_of(now_word)) {
        case BreakerState::closed:
        case BreakerState::metrics_only:
            add_main(now, failure, slow);
            evaluate(now, failure || slow ? Runs::taken : Runs::all, happened);
            break;
        case BreakerState::half_open:
            add_to(half_open, failure, slow);
            evaluate(now, failure || slow ? Runs::taken : Runs::all, happened);
            break;
        case BreakerState::open:  // into the window that opened it
            if (looked == Looked::main) add_main(now, failure, slow);
            if (looked == Looked::half_open) add_to(half_open, failure, slow);
            break;
        case BreakerState::disabled:
        case BreakerState::forced_open:
            break;
    }
}

void CircuitBreaker::Core::evaluate(TimePoint now, Runs which, Happened& happened) {
    const Totals seen = totals(now, which);
    if (seen.calls == 0 || seen.calls < minimum()) return;
    const BreakerState state = breaker.state();
    const float failure_rate = percent(seen.failed, seen.calls);
    const float slow_rate = percent(seen.slow, seen.calls);
    const bool too_many_failures = failure_rate >= config.failure_rate_threshold;
    const bool too_many_slow = slow_rate >= config.slow_call_rate_threshold;

    if (state == BreakerState::half_open) {
        enter(
            too_many_failures || too_many_slow ? BreakerState::open : BreakerState::closed, now, {}, happened
        );
        return;
    }
    warm_up();
    const bool metrics_only = state == BreakerState::metrics_only;
    if (too_many_failures && !(metrics_only && failure_rate_told)) {
        failure_rate_told = true;
        happened.add({.type = EventType::failure_rate_exceeded, .at = now, .rate = failure_rate});
    }
    if (too_many_slow && !(metrics_only && slow_rate_told)) {
        slow_rate_told = true;
        happened.add({.type = EventType::slow_call_rate_exceeded, .at = now, .rate = slow_rate});
    }
    if (!metrics_only && (too_many_failures || too_many_slow)) {
        enter(BreakerState::open, now, {}, happened);
    } else if (std::holds_alternative<CountWindow>(main) &&
               seen == Totals{.calls = config.sliding_window_size}) {
        set_word(word() | calm);
        parked_run = seen.calls;
    }
}

/// The rates have been looked at: from now on threads count their successes themselves.
void CircuitBreaker::Core::warm_up() {
    if ((word() & warm_bit) != 0) return;
    set_word(word() | warm_bit);
    runs.restart(word() & ~payload_mask);
}

void CircuitBreaker::Core::enter(
    BreakerState to, TimePoint now, std::optional<Duration> wait, Happened& happened
) {
    const std::uint64_t before = word();
    const BreakerState from = state_of(before);
    std::uint64_t payload = 0;
    if (to == BreakerState::open || to == BreakerState::forced_open) {
        if (!wait) ++attempts;  // a wait that was asked for is none of the breaker's own
    } else if (to != BreakerState::half_open) {
        attempts = 0;
    }
    if (to == BreakerState::open) {
        const Duration span = wait ? *wait : config.wait_in_open_state.wait(attempts, Random::of_thread());
        open_until.store(ticks(later(now, span)), std::memory_order_relaxed);
    } else if (to == BreakerState::half_open) {
        payload = half_open.size();
        const Duration longest = config.max_wait_duration_in_half_open_state;
        const bool ends = longest >= std::chrono::milliseconds(1);
        half_open_end.store(ticks(ends ? later(now, longest) : TimePoint::max()), std::memory_order_relaxed);
    }
    if (to != BreakerState::open) not_permitted_before = not_permitted.sum();
    failure_rate_told = false;
    slow_rate_told = false;

    const std::uint64_t generation = ((before & token_mask) << 3 >> 3) + (warm_bit << 1);
    const std::uint64_t next =
        static_cast<std::uint64_t>(to) << state_shift | (generation << 3 >> 3) | payload;
    // Successes that others count meanwhile are among these: they came just before.
    const std::uint64_t last = runs.restart(next & ~payload_mask);
    if (to == BreakerState::closed || to == BreakerState::metrics_only) {
        parked_run = 0;
        looked = Looked::main;
        if (auto* window = std::get_if<TimeWindow>(&main)) {
            window->clear(second_of(now));
            breaker.bucket_end_.store((second_of(now) + 1) * 1'000'000'000, std::memory_order_relaxed);
        } else {
            std::get<CountWindow>(main).clear();
        }
    } else if (to == BreakerState::open) {
        if (auto* window = std::get_if<TimeWindow>(&main)) {
            window->add_good(last);
        } else {
            parked_run += last;
        }
    } else {
        parked_run = 0;
        looked = to == BreakerState::half_open ? Looked::half_open : Looked::none;
        if (to == BreakerState::half_open) half_open.clear();
    }
    set_word(next);
    if (from != to) {
        happened.add(
            {.type = EventType::state_transition,
             .at = now,
             .transition = transition_names[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)]}
        );
    }
}

TimePoint CircuitBreaker::Core::due() const noexcept {
    const BreakerState state = breaker.state();
    if (state == BreakerState::open && config.automatic_transition_from_open_to_half_open_enabled) {
        return TimePoint(Duration(open_until.load(std::memory_order_relaxed)));
    }
    if (state == BreakerState::half_open) {
        return TimePoint(Duration(half_open_end.load(std::memory_order_relaxed)));
    }
    return TimePoint::max();
}

void CircuitBreaker::Core::run_timers(TimePoint now, Happened& happened) {
    // Late by any amount, they act as of the time at which they were due: at most a HALF_OPEN that ends too.
    for (int step = 0; step < 2; ++step) {
        const TimePoint at = due();
        if (at == TimePoint::max() || now < at) return;
        if (breaker.state() == BreakerState::open) {
            enter(BreakerState::half_open, at, {}, happened);
        } else {
            enter(config.transition_to_state_after_wait_duration, at, {}, happened);
        }
    }
}

bool CircuitBreaker::Core::take_probe() noexcept {
    if ((word() & payload_mask) == 0) return false;
    set_word(word() - 1);
    return true;
}

void CircuitBreaker::Core::give_back_probe() noexcept {
    if ((word() & payload_mask) != payload_mask) set_word(word() + 1);
}

}  // namespace flotilla::resilience
