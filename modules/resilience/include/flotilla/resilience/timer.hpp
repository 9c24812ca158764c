#pragma once
/// Measures how long calls take, innermost around them: what the service itself took, without waits.
///
///     const TimePoint began = timer.start(clock.now());
///     auto answer = co_await send(request);
///     if (answer) timer.succeeded(began, clock.now()); else timer.failed(began, clock.now(),
///     answer.error());

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/events.hpp"

namespace flotilla::resilience {

struct TimerConfig {
    /// Name of the meter.
    std::string metric_names = "resilience4j.timer.calls";
    std::size_t event_consumer_buffer_size = 100;

    [[nodiscard]] Result<void> check() const;
};

/// Is told of every call, for meters. Called on the threads of the callers.
class TimerObserver {
public:
    virtual ~TimerObserver() = default;
    /// `error` is null after a success.
    virtual void call_ended(Duration took, const Error* error) noexcept = 0;
};

/// Safe from any thread.
class Timer {
public:
    explicit Timer(std::string name, TimerConfig config = {});

    /// Begins a call; returns its beginning. A call that nobody ends says nothing.
    [[nodiscard]] TimePoint start(TimePoint now);
    void succeeded(TimePoint began, TimePoint now);
    void failed(TimePoint began, TimePoint now, const Error& error);

    /// Adds one. Before the first call.
    void observe(std::shared_ptr<TimerObserver> observer);

    [[nodiscard]] const std::string& name() const noexcept { return events_.source(); }

    [[nodiscard]] const TimerConfig& config() const noexcept { return config_; }

    [[nodiscard]] Events& events() noexcept { return events_; }

    [[nodiscard]] const Events& events() const noexcept { return events_; }

private:
    TimerConfig config_;
    Events events_;
    std::vector<std::shared_ptr<TimerObserver>> observers_;
};

}  // namespace flotilla::resilience
