#include "flotilla/discovery/member.hpp"

#include <algorithm>
#include <cmath>

namespace flotilla::discovery {

namespace {

constexpr double latency_decay_ns = static_cast<double>(Member::latency_decay.count());

}  // namespace

Member::Member(ServiceInstance instance, TimePoint first_seen, bool warm)
    : instance_(std::move(instance)), first_seen_(first_seen), warm_(warm) {}

Duration Member::latency(TimePoint now) const noexcept {
    const auto value = static_cast<double>(latency_ns_.load(std::memory_order_relaxed));
    const auto age =
        static_cast<double>(now.time_since_epoch().count() - latency_at_.load(std::memory_order_relaxed));
    return Duration(static_cast<std::int64_t>(value * std::exp(-std::max(age, 0.0) / latency_decay_ns)));
}

void Member::measure_latency(Duration taken, TimePoint now) noexcept {
    // Two threads at once may lose one reading: the figure is an estimate.
    const double old = static_cast<double>(latency_ns_.load(std::memory_order_relaxed));
    const double age =
        static_cast<double>(now.time_since_epoch().count() - latency_at_.load(std::memory_order_relaxed));
    const double fresh = static_cast<double>(std::max<std::int64_t>(taken.count(), 1));
    const double keep = std::exp(-std::max(age, 0.0) / latency_decay_ns);
    const double value = fresh > old ? fresh : old * keep + fresh * (1.0 - keep);
    latency_ns_.store(static_cast<std::int64_t>(value), std::memory_order_relaxed);
    latency_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

void Member::record(Outcome outcome, Duration taken, TimePoint now) noexcept {
    if (outcome == Outcome::cancelled) return;
    requests_.fetch_add(1, std::memory_order_relaxed);
    // A refused connection is fast; it must not make an instance look quick.
    if (outcome != Outcome::connect_failed) measure_latency(taken, now);
    if (outcome == Outcome::success) {
        // Mostly zero already: a read is cheaper than a write to a line that others read.
        if (row_of_5xx_.load(std::memory_order_relaxed) != 0) row_of_5xx_.store(0, std::memory_order_relaxed);
        if (row_of_gateway_.load(std::memory_order_relaxed) != 0)
            row_of_gateway_.store(0, std::memory_order_relaxed);
        if (row_of_connect_.load(std::memory_order_relaxed) != 0)
            row_of_connect_.store(0, std::memory_order_relaxed);
        return;
    }
    failures_.fetch_add(1, std::memory_order_relaxed);
    row_of_5xx_.fetch_add(1, std::memory_order_relaxed);
    if (outcome == Outcome::server_error) {
        row_of_gateway_.store(0, std::memory_order_relaxed);
    } else {
        row_of_gateway_.fetch_add(1, std::memory_order_relaxed);
    }
    if (outcome == Outcome::connect_failed) {
        row_of_connect_.fetch_add(1, std::memory_order_relaxed);
    } else {
        row_of_connect_.store(0, std::memory_order_relaxed);
    }
}

void Member::take_figures_of(const Member& former) noexcept {
    constexpr auto relaxed = std::memory_order_relaxed;
    latency_ns_.store(former.latency_ns_.load(relaxed), relaxed);
    latency_at_.store(former.latency_at_.load(relaxed), relaxed);
    row_of_5xx_.store(former.row_of_5xx_.load(relaxed), relaxed);
    row_of_gateway_.store(former.row_of_gateway_.load(relaxed), relaxed);
    row_of_connect_.store(former.row_of_connect_.load(relaxed), relaxed);
    requests_.store(former.requests_.load(relaxed), relaxed);
    failures_.store(former.failures_.load(relaxed), relaxed);
    ejected_.store(former.ejected_.load(relaxed), relaxed);
    alive_.store(former.alive_.load(relaxed), relaxed);
    times_ejected_ = former.times_ejected_;
    ejected_until_ = former.ejected_until_;
}

}  // namespace flotilla::discovery
