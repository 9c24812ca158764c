#include "exemplars.hpp"

namespace flotilla::metrics::detail {

namespace {
constexpr Duration pause = std::chrono::milliseconds(90);
constexpr Duration stays = std::chrono::seconds(7);
constexpr Duration lasts = std::chrono::seconds(70);
}  // namespace

void Exemplars::offer(
    std::uint32_t bucket, double value, const TraceContext& trace, const Clock& clock
) noexcept {
    const TimePoint now = clock.now();
    const std::int64_t at = now.time_since_epoch().count();
    std::int64_t next = next_attempt_.load(std::memory_order_relaxed);
    if (at < next) return;
    if (!next_attempt_.compare_exchange_strong(next, at + pause.count(), std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    auto& slot = slots_[bucket];
    if (slot && now - slot->taken < stays) return;
    slot = Exemplar{trace, value, clock.wall_now(), now};
}

std::optional<Exemplar> Exemplars::find(std::uint32_t bucket, TimePoint now) const {
    const std::scoped_lock lock(mutex_);
    const auto& slot = slots_[bucket];
    if (slot && now - slot->taken > lasts) return std::nullopt;
    return slot;
}

void CounterExemplars::offer(std::uint32_t cell, double value, const TraceContext& trace) noexcept {
    const std::scoped_lock lock(mutex_);
    by_cell_.try_emplace(cell, 1u).first->second.offer(0, value, trace, clock_);
}

std::optional<Exemplar> CounterExemplars::find(std::uint32_t cell, TimePoint now) const {
    const std::scoped_lock lock(mutex_);
    const auto found = by_cell_.find(cell);
    return found == by_cell_.end() ? std::nullopt : found->second.find(0, now);
}

}  // namespace flotilla::metrics::detail
