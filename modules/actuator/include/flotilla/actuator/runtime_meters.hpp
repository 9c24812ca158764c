#pragma once
/// Meters of the event loops and the blocking pool.

#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::actuator {

/// `executor_*` for `blocking-pool` and each `event-loop-N`, `executor_rejected_tasks_total`,
/// `flotilla_loop_lag_seconds` (how late a timer can have been since the last scrape) and
/// `flotilla_loop_busy_seconds_total` by loop. The runtime outlives the registry, or `unbind_runtime_meters`
/// comes first.
void bind_runtime_meters(metrics::Registry& registry, runtime::Runtime& runtime);
void unbind_runtime_meters(metrics::Registry& registry, const runtime::Runtime& runtime);

}  // namespace flotilla::actuator
