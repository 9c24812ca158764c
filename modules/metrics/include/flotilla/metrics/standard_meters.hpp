#pragma once
/// The meters that every service has.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/metrics/registry.hpp"

namespace flotilla::metrics {

/// process_*, system_*: read from /proc at each scrape.
void bind_process_meters(Registry& registry);
/// disk_free_bytes and disk_total_bytes of the file systems that hold these paths.
void bind_disk_meters(Registry& registry, const std::vector<std::string>& paths);
/// logback_events_total, and log_events_total as its alias. `log` must outlive the registry.
void bind_log_meters(Registry& registry, const log::LogSystem& log);
/// flotilla_metrics_series, _denied_total, _scrape_seconds.
void bind_self_meters(Registry& registry);

struct BuildInfo {
    std::string version;
    std::string revision;
    std::string compiler;
};

/// flotilla_build_info 1.
void bind_build_info(Registry& registry, const BuildInfo& build);

/// application_started_time_seconds and application_ready_time_seconds, each set once it is known.
void set_started_time(Registry& registry, std::string_view application, Duration taken);
void set_ready_time(Registry& registry, std::string_view application, Duration taken);

/// What an event loop, worker pool or scheduler tells about itself.
struct ExecutorStats {
    double active = 0;
    double pool_size = 0;
    double core = 0;
    double max = 0;
    double queued = 0;
    double queue_remaining = 2147483647;  ///< of an unbounded queue, as Java has it
    double completed = 0;
};

/// executor_* with the tag `name`. `read` is called once for each meter at each scrape; see Registry::gauge
/// for its life time.
void bind_executor(Registry& registry, std::string_view name, std::function<ExecutorStats()> read);
void unbind_executor(Registry& registry, std::string_view name);

}  // namespace flotilla::metrics
