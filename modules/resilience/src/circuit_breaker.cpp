#include "flotilla/resilience/circuit_breaker.hpp"

#include <limits>
#include <mutex>
#include <utility>

#include "breaker_core.hpp"
#include "flotilla/base/assert.hpp"

namespace flotilla::resilience {

namespace {

using std::chrono::milliseconds;

bool coarse_will_do(const CircuitBreakerConfig& config, const Clock& clock) {
    return &clock == &Clock::system() && config.slow_call_duration_threshold >= milliseconds(100);
}

/// DISABLED and FORCED_OPEN tell of nothing but their coming and going.
bool tells(BreakerState state) noexcept {
    return state != BreakerState::disabled && state != BreakerState::forced_open;
}

}  // namespace

CircuitBreaker::CircuitBreaker(std::string name, CircuitBreakerConfig config, const Clock& clock)
    : word_(0),
      slow_threshold_(config.slow_call_duration_threshold),
      run_limit_(
          config.sliding_window_type == SlidingWindowType::count_based ? config.sliding_window_size
                                                                       : payload_mask
      ),
      bucket_end_(std::numeric_limits<std::int64_t>::max()),
      coarse_(coarse_will_do(config, clock)),
      clock_(clock),
      events_(name),
      name_(std::move(name)),
      core_(std::make_unique<Core>(*this, std::move(config))) {
    Core::Happened ignored;
    core_->enter(BreakerState::closed, clock.now(), {}, ignored);
    if (core_->config.initial_state != BreakerState::closed) {
        core_->enter(core_->config.initial_state, clock.now(), {}, ignored);
    }
}

CircuitBreaker::~CircuitBreaker() = default;

const CircuitBreakerConfig& CircuitBreaker::config() const noexcept {
    return core_->config;
}

void CircuitBreaker::observe(std::shared_ptr<CallObserver> observer) {
    core_->observers.push_back(std::move(observer));
    observed_.store(true, std::memory_order_relaxed);
}

void CircuitBreaker::tell_observers(CallKind kind, TimePoint now, Duration took) const noexcept {
    for (const auto& observer : core_->observers) observer->call_ended(kind, now, took);
}

CircuitBreaker::Permit CircuitBreaker::acquire_slowly(TimePoint now, std::uint64_t word) noexcept {
    Core& core = *core_;
    const auto refuses = [&] {
        switch (state_of(word)) {
            case BreakerState::open: {
                const TimePoint until{Duration(core.open_until.load(std::memory_order_relaxed))};
                return core.config.automatic_transition_from_open_to_half_open_enabled ? now < until
                                                                                       : now <= until;
            }
            case BreakerState::half_open:
                return (word & payload_mask) == 0 &&
                       now < TimePoint{Duration(core.half_open_end.load(std::memory_order_relaxed))};
            case BreakerState::forced_open:
                return true;
            default:
                return false;
        }
    };
    if (!refuses()) {
        Core::Happened happened;
        std::optional<Permit> permit;
        {
            const std::scoped_lock lock(core.mutex);
            core.run_timers(now, happened);
            word = word_.load(std::memory_order_relaxed);
            if (state_of(word) == BreakerState::open && !refuses()) {
                core.enter(BreakerState::half_open, now, {}, happened);
                word = word_.load(std::memory_order_relaxed);
            }
            if (always_permits(word) || (state_of(word) == BreakerState::half_open && core.take_probe())) {
                permit = Permit(this, word & token_mask, now);
            }
        }
        core.publish(happened);
        if (permit) return std::move(*permit);
    }
    core.not_permitted.add();
    tell_observers(CallKind::not_permitted, now, {});
    if (events_.wanted(EventType::not_permitted) && tells(state_of(word))) {
        events_.publish({.type = EventType::not_permitted, .at = now});
    }
    return {};
}

Error CircuitBreaker::refusal() const {
    return {
        ResilienceErrc::call_not_permitted,
        "CircuitBreaker '" + name_ + "' is " + std::string(to_string(state())) +
            " and does not permit further calls"
    };
}

bool CircuitBreaker::count_success(std::uint64_t token, TimePoint now) noexcept {
    if (now.time_since_epoch().count() >= bucket_end_.load(std::memory_order_relaxed)) return false;
    return core_->runs.add(token | warm_bit, run_limit_);
}

bool CircuitBreaker::stale(std::uint64_t token, TimePoint now) const noexcept {
    if ((word_.load(std::memory_order_relaxed) & token_mask) == token) return false;
    if (core_->config.late_results == LateResults::record) return false;
    tell_observers(CallKind::stale, now, {});
    return true;
}

void CircuitBreaker::success_slowly(std::uint64_t token, TimePoint now, Duration took) noexcept {
    const bool slow = took > slow_threshold_;
    if (!watched()) {
        if (!slow && count_success(token, now)) return;
    } else {
        if (stale(token, now)) return;
        if (tells(state())) {
            tell_observers(CallKind::successful, now, took);
            if (events_.wanted(EventType::success)) {
                events_.publish({.type = EventType::success, .at = now, .duration = took});
            }
        }
        if (!slow && word_.load(std::memory_order_relaxed) == (token | calm)) return;
        if (!slow && count_success(token, now)) return;
    }
    record(token, now, false, slow);
}

void CircuitBreaker::record(std::uint64_t token, TimePoint now, bool failure, bool slow) noexcept {
    Core::Happened happened;
    {
        const std::scoped_lock lock(core_->mutex);
        core_->record(token, now, failure, slow, happened);
    }
    core_->publish(happened);
}

void CircuitBreaker::failed(
    std::uint64_t token, TimePoint now, Duration took, const Error* error, std::string_view result
) noexcept {
    const auto verdict = error ? core_->config.errors.judge(*error) : ErrorRules::Verdict::failure;
    if (verdict == ErrorRules::Verdict::success) return success_slowly(token, now, took);
    const bool ignored = verdict == ErrorRules::Verdict::ignored;
    if (watched()) {
        if (stale(token, now)) return;
        if (tells(state())) {
            tell_observers(ignored ? CallKind::ignored : CallKind::failed, now, took);
            const EventType type = ignored ? EventType::ignored_error : EventType::error;
            if (events_.wanted(type)) {
                std::string message = error ? error->message()
                                            : "CircuitBreaker '" + name_ + "' has recorded '" +
                                                  std::string(result) + "' as a failure";
                events_.publish({.type = type, .at = now, .duration = took, .message = std::move(message)});
            }
        }
    }
    if (ignored) {
        released(token);
    } else {
        record(token, now, true, took > slow_threshold_);
    }
}

void CircuitBreaker::released(std::uint64_t token) noexcept {
    if (state() != BreakerState::half_open) return;
    const std::scoped_lock lock(core_->mutex);
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    if (state_of(word) != BreakerState::half_open) return;
    if ((word & token_mask) == token || core_->config.late_results == LateResults::record) {
        core_->give_back_probe();
    }
}

BreakerMetrics CircuitBreaker::metrics(TimePoint now) const {
    const std::scoped_lock lock(core_->mutex);
    const detail::Totals totals = core_->totals(now);
    BreakerMetrics metrics{
        .buffered_calls = totals.calls,
        .failed_calls = totals.failed,
        .slow_calls = totals.slow,
        .slow_failed_calls = totals.slow_failed,
        .not_permitted_calls = core_->not_permitted_calls(),
    };
    if (totals.calls > 0 && totals.calls >= core_->minimum()) {
        metrics.failure_rate = Core::percent(totals.failed, totals.calls);
        metrics.slow_call_rate = Core::percent(totals.slow, totals.calls);
    }
    return metrics;
}

std::optional<Duration> CircuitBreaker::time_left(TimePoint now) const noexcept {
    if (state() != BreakerState::open) return std::nullopt;
    const TimePoint until{Duration(core_->open_until.load(std::memory_order_relaxed))};
    return std::max(until - now, Duration::zero());
}

Result<void> CircuitBreaker::transition_to(BreakerState to, TimePoint now) {
    return transition(to, now, std::nullopt);
}

Result<void> CircuitBreaker::transition_to_open_for(Duration wait, TimePoint now) {
    return transition(BreakerState::open, now, wait);
}

Result<void> CircuitBreaker::transition(BreakerState to, TimePoint now, std::optional<Duration> wait) {
    Core::Happened happened;
    {
        const std::scoped_lock lock(core_->mutex);
        const BreakerState from = state();
        const bool illegal = (from == BreakerState::closed && to == BreakerState::half_open) ||
                             (from == BreakerState::metrics_only &&
                              (to == BreakerState::open || to == BreakerState::half_open));
        if (illegal) {
            std::string text = "CircuitBreaker '" + name_ + "' tried an illegal state transition from ";
            text.append(to_string(from)).append(" to ").append(to_string(to));
            return fail(Error(ResilienceErrc::illegal_transition, std::move(text)));
        }
        core_->enter(to, now, wait, happened);
    }
    core_->publish(happened);
    return {};
}

void CircuitBreaker::reset(TimePoint now) {
    Core::Happened happened;
    {
        const std::scoped_lock lock(core_->mutex);
        core_->enter(BreakerState::closed, now, {}, happened);
        happened.add({.type = EventType::reset, .at = now});
    }
    core_->publish(happened);
}

std::optional<TimePoint> CircuitBreaker::timer() const noexcept {
    const TimePoint due = core_->due();
    return due == TimePoint::max() ? std::nullopt : std::optional(due);
}

void CircuitBreaker::tick(TimePoint now) noexcept {
    if (const TimePoint due = core_->due(); due == TimePoint::max() || now < due) return;
    Core::Happened happened;
    {
        const std::scoped_lock lock(core_->mutex);
        core_->run_timers(now, happened);
    }
    core_->publish(happened);
}

}  // namespace flotilla::resilience
