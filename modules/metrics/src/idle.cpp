// Meters that nobody counts in. Their handles stay good: what counts again is there again.

#include <bit>

#include "store.hpp"

namespace flotilla::metrics {

namespace {

using detail::Kind;
using detail::Meter;

/// Something that changes when a meter is used; nothing for those that tell of something that is there
/// anyway.
std::optional<std::uint64_t> mark_of(const Meter& meter) {
    switch (meter.kind) {
        case Kind::counter: {
            const auto& counter = static_cast<const detail::CounterMeter&>(meter);
            return std::bit_cast<std::uint64_t>(detail::counted(*counter.group, counter.cell));
        }
        case Kind::timer:
        case Kind::summary:
            return static_cast<const detail::DistributionMeter&>(meter).count();
        case Kind::function_counter:
        case Kind::gauge:
        case Kind::function_gauge:
        case Kind::multi_gauge:
        case Kind::function_timer:
        case Kind::long_task_timer:
            break;
    }
    return std::nullopt;
}

}  // namespace

void Registry::Impl::look_for_idle(TimePoint now) {
    const std::unique_lock lock(mutex);
    if (options.idle_expiry <= Duration::zero()) return;
    for (const auto& meter : meters) {
        if (meter->name == nullptr) continue;
        const auto mark = mark_of(*meter);
        if (!mark) continue;
        Use& use = uses.try_emplace(meter.get(), Use{*mark, now}).first->second;
        if (use.mark != *mark) use = {*mark, now};
        set_idle(*meter, now - use.since >= options.idle_expiry);
    }
}

void Registry::Impl::set_idle(Meter& meter, bool idle) {
    if (meter.idle == idle) return;
    meter.idle = idle;
    if (!meter.exported) return;
    if (idle) {
        series.fetch_sub(meter.lines, std::memory_order_relaxed);
    } else {
        series.fetch_add(meter.lines, std::memory_order_relaxed);
    }
    for (const auto& [key, family] : families)
        if (family->name == meter.name) family->sorted = nullptr;
}

}  // namespace flotilla::metrics
