#include "flotilla/discovery/eureka_reader.hpp"

#include <algorithm>

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

/// Who has nothing yet asks again soon: 1 s, 2 s, 4 s and so on, up to the interval.
constexpr Duration first_retry = 1s;
constexpr std::uint32_t most_doublings = 10;
/// Registries keep changes for 180 s in their deltas.
constexpr Duration trust_in_deltas = 150s;
/// A registry that pushes is still read now and then.
constexpr int rest_while_pushed = 10;

}  // namespace

EurekaReader::EurekaReader(Settings settings, Random random, TimePoint now)
    : settings_(settings), random_(random), copy_(settings.copy), due_(now) {}

Duration EurekaReader::jittered(Duration span) {
    const double share = 1.0 - settings_.jitter * random_.unit();
    return Duration(static_cast<std::int64_t>(static_cast<double>(span.count()) * share));
}

std::optional<Fetch> EurekaReader::begin(TimePoint now) {
    if (in_flight_ || now < due_) return std::nullopt;
    in_flight_ = true;
    hurried_ = false;
    if (now - last_read_ > trust_in_deltas) want_full_ = true;
    return want_full_ || settings_.disable_delta || copy_.empty() ? Fetch::full : Fetch::delta;
}

void EurekaReader::done(TimePoint now) {
    in_flight_ = false;
    slowness_ = 1;
    early_failures_ = 0;
    last_read_ = now;
    due_ = hurried_ ? now : now + jittered(settings_.interval);
}

void EurekaReader::full_arrived(eureka::Applications full, TimePoint now) {
    copy_.replace(std::move(full), now);
    want_full_ = false;
    ready_ = true;
    done(now);
}

void EurekaReader::take_delta(const eureka::Applications& delta, TimePoint now) {
    want_full_ = !copy_.apply(delta, now) || delta.version < last_version_;
    last_version_ = delta.version;
}

void EurekaReader::delta_arrived(const eureka::Applications& delta, TimePoint now) {
    take_delta(delta, now);
    done(now);
    if (want_full_) due_ = now;
}

void EurekaReader::delta_refused(TimePoint now) {
    want_full_ = true;
    done(now);
    due_ = now;
}

void EurekaReader::failed(FetchFailure why, TimePoint now) {
    in_flight_ = false;
    copy_.unreadable();
    if (!ready_) {
        const Duration soon = first_retry * (1U << std::min(early_failures_++, most_doublings));
        due_ = now + jittered(std::min(soon, settings_.interval));
        return;
    }
    if (why == FetchFailure::timed_out) slowness_ = std::min(slowness_ * 2, settings_.back_off_bound);
    due_ = now + jittered(settings_.interval * slowness_);
}

void EurekaReader::rest(TimePoint now) {
    last_read_ = now;
    early_failures_ = 0;
    slowness_ = 1;
    // What is on its way may be older than this.
    if (in_flight_) {
        hurried_ = true;
    } else {
        due_ = want_full_ ? now : now + settings_.interval * rest_while_pushed;
    }
}

void EurekaReader::pushed_full(eureka::Applications full, TimePoint now) {
    copy_.replace(std::move(full), now);
    want_full_ = false;
    ready_ = true;
    rest(now);
}

void EurekaReader::pushed_delta(const eureka::Applications& delta, TimePoint now) {
    if (!ready_) return;
    take_delta(delta, now);
    rest(now);
}

void EurekaReader::hurry(TimePoint now) {
    hurried_ = true;
    if (!in_flight_) due_ = now;
}

}  // namespace flotilla::discovery
