#include "flotilla/resilience/timer.hpp"

#include <utility>

namespace flotilla::resilience {

Result<void> TimerConfig::check() const {
    if (metric_names.empty())
        return fail(Errc::invalid_argument, "metricNames must have at least 1 character.");
    if (event_consumer_buffer_size < 1) {
        return fail(Errc::invalid_argument, "eventConsumerBufferSize must be greater than or equal to 1.");
    }
    return {};
}

Timer::Timer(std::string name, TimerConfig config) : config_(std::move(config)), events_(std::move(name)) {}

TimePoint Timer::start(TimePoint now) {
    events_.publish({.type = EventType::start, .at = now});
    return now;
}

void Timer::succeeded(TimePoint began, TimePoint now) {
    const Duration took = now - began;
    for (const auto& observer : observers_) observer->call_ended(took, nullptr);
    events_.publish({.type = EventType::success, .at = now, .duration = took});
}

void Timer::failed(TimePoint began, TimePoint now, const Error& error) {
    const Duration took = now - began;
    for (const auto& observer : observers_) observer->call_ended(took, &error);
    events_.publish({.type = EventType::failure, .at = now, .duration = took});
}

void Timer::observe(std::shared_ptr<TimerObserver> observer) {
    observers_.push_back(std::move(observer));
}

}  // namespace flotilla::resilience
