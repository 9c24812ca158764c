#pragma once
/// A breaker with a hand-wound clock and a record of its events.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/resilience/circuit_breaker.hpp"

namespace flotilla::resilience {

using namespace std::chrono_literals;

inline Error some_error() {
    return {Errc::refused, "connection refused"};
}

/// Time counts from `t_zero`.
inline constexpr TimePoint t_zero{1h};

struct Watched {
    explicit Watched(CircuitBreakerConfig config = {}) : breaker("x", std::move(config), clock) {
        breaker.events().subscribe([this](const Event& event) {
            events.emplace_back(
                event.type == EventType::state_transition ? event.transition : to_string(event.type)
            );
        });
    }

    CircuitBreaker::Permit acquire() { return breaker.try_acquire(clock.now()); }

    /// Whether the call was let through.
    bool succeed(Duration took = {}) {
        auto permit = acquire();
        if (!permit) return false;
        permit.succeeded(clock.now(), took);
        return true;
    }

    bool fail_with(const Error& error, Duration took = {}) {
        auto permit = acquire();
        if (!permit) return false;
        permit.failed(clock.now(), error, took);
        return true;
    }

    bool fail(Duration took = {}) { return fail_with(some_error(), took); }

    void at(Duration since_start) { clock.advance(t_zero + since_start - clock.now()); }

    [[nodiscard]] BreakerState state() { return breaker.state(clock.now()); }

    [[nodiscard]] BreakerMetrics metrics() const { return breaker.metrics(clock.now()); }

    std::vector<std::string> take_events() { return std::exchange(events, {}); }

    ManualClock clock;
    CircuitBreaker breaker;
    std::vector<std::string> events;
};

}  // namespace flotilla::resilience
