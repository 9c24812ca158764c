#include "flotilla/metrics/standard_meters.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include "flotilla/base/text.hpp"
#include "proc.hpp"

namespace flotilla::metrics {

namespace {

/// Share of processor time since the last question; 0 at the first.
class Usage {
public:
    double since_last(double used, double available) {
        const std::scoped_lock lock(mutex_);
        const double more_used = used - std::exchange(used_, used);
        const double more_available = available - std::exchange(available_, available);
        if (!std::exchange(asked_, true) || more_available <= 0) return 0;
        return std::clamp(more_used / more_available, 0.0, 1.0);
    }

private:
    std::mutex mutex_;
    bool asked_ = false;
    double used_ = 0;
    double available_ = 0;
};

double processors() {
    return std::max(1u, std::thread::hardware_concurrency());
}

double process_cpu_nanoseconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto nanoseconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
    };
    return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

double seconds(WallTime time) {
    return static_cast<double>(time.time_since_epoch().count()) / 1e9;
}

}  // namespace

void bind_process_meters(Registry& registry) {
    const Clock& clock = registry.clock();
    const WallTime started = detail::process_start_time(clock);
    registry.gauge(
        "process.start.time",
        {},
        [=] { return seconds(started); },
        {"Start time of the process since unix epoch.", "seconds"}
    );
    registry.gauge(
        "process.uptime",
        {},
        [=, &clock] { return seconds(clock.wall_now()) - seconds(started); },
        {"The uptime of the process.", "seconds"}
    );
    registry.function_counter(
        "process.cpu.time", {}, process_cpu_nanoseconds, {"The processor time used by the process.", "ns"}
    );
    registry.gauge(
        "process.cpu.usage",
        {},
        [&clock, usage = std::make_shared<Usage>()] {
            const auto now = static_cast<double>(clock.now().time_since_epoch().count());
            return usage->since_last(process_cpu_nanoseconds(), now * processors());
        },
        {"The recent processor usage of the process.", {}}
    );
    registry.gauge(
        "system.cpu.usage",
        {},
        [usage = std::make_shared<Usage>()] {
            const detail::SystemCpu cpu = detail::system_cpu();
            return usage->since_last(cpu.busy, cpu.total);
        },
        {"The recent processor usage of the system.", {}}
    );
    registry.gauge("system.cpu.count", {}, processors, {"The number of processors.", {}});
    registry.gauge(
        "system.load.average.1m",
        {},
        [] {
            std::array<double, 1> load{};
            return getloadavg(load.data(), 1) == 1 ? load[0] : std::numeric_limits<double>::quiet_NaN();
        },
        {"Runnable tasks, averaged over a minute.", {}}
    );
    registry.gauge(
        "process.files.open", {}, detail::open_files, {"The open file descriptor count.", "files"}
    );
    registry.gauge(
        "process.files.max",
        {},
        [] {
            rlimit limit{};
            getrlimit(RLIMIT_NOFILE, &limit);
            return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                                   : static_cast<double>(limit.rlim_cur);
        },
        {"The maximum file descriptor count.", "files"}
    );
    registry.gauge(
        "process.resident.memory",
        {},
        [] { return detail::process_memory().resident; },
        {"Resident memory size.", "bytes"}
    );
    registry.gauge(
        "process.virtual.memory",
        {},
        [] { return detail::process_memory().virtual_size; },
        {"Virtual memory size.", "bytes"}
    );
    registry.gauge("process.threads", {}, detail::thread_count, {"Threads of the process.", {}});
}

void bind_disk_meters(Registry& registry, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        const auto size = [path](bool free) {
            struct statvfs status{};
            if (::statvfs(path.c_str(), &status) != 0) return std::numeric_limits<double>::quiet_NaN();
            const auto blocks = free ? status.f_bavail : status.f_blocks;
            return static_cast<double>(blocks) * static_cast<double>(status.f_frsize);
        };
        registry.gauge(
            "disk.free", {{"path", path}}, [size] { return size(true); }, {"Usable space for path", "bytes"}
        );
        registry.gauge(
            "disk.total", {{"path", path}}, [size] { return size(false); }, {"Total space for path", "bytes"}
        );
    }
}

void bind_log_meters(Registry& registry, const log::LogSystem& log) {
    for (const log::Level level :
         {log::Level::error, log::Level::warn, log::Level::info, log::Level::debug, log::Level::trace}) {
        const std::string text = to_lower(log::to_string(level));
        for (const char* name : {"logback.events", "log.events"}) {
            registry.function_counter(
                name,
                {{"level", text}},
                [&log, level] { return static_cast<double>(log.counts().of(level)); },
                {"Number of log events that were enabled by the effective log level", "events"}
            );
        }
    }
}

void bind_self_meters(Registry& registry) {
    registry.gauge(
        "flotilla.metrics.series",
        {},
        [&registry] { return static_cast<double>(registry.series()); },
        {"Sample lines of a scrape.", {}}
    );
    registry.time_gauge(
        "flotilla.metrics.scrape",
        {},
        [&registry] { return registry.last_scrape(); },
        "Time of the last scrape."
    );
    for (const Refusal reason : {Refusal::series, Refusal::family, Refusal::tags, Refusal::folded}) {
        registry.function_counter(
            "flotilla.metrics.denied",
            {{"reason", to_string(reason)}},
            [&registry, reason] { return static_cast<double>(registry.refused(reason)); },
            {"Requests for meters over a limit.", {}}
        );
    }
}

void bind_build_info(Registry& registry, const BuildInfo& build) {
    const Tags tags{{"version", build.version}, {"revision", build.revision}, {"compiler", build.compiler}};
    registry.gauge("flotilla.build.info", tags, {"What this process was built from.", {}}).set(1);
}

void set_started_time(Registry& registry, std::string_view application, Duration taken) {
    registry
        .gauge(
            "application.started.time",
            {{"main.application.class", application}},
            {"Time taken to start the application", "seconds"}
        )
        .set(static_cast<double>(taken.count()) / 1e9);
}

void set_ready_time(Registry& registry, std::string_view application, Duration taken) {
    registry
        .gauge(
            "application.ready.time",
            {{"main.application.class", application}},
            {"Time taken for the application to be ready to service requests", "seconds"}
        )
        .set(static_cast<double>(taken.count()) / 1e9);
}

namespace {

struct ExecutorGauge {
    const char* name;
    const char* unit;
    double ExecutorStats::* field;
    const char* description;
};

constexpr std::array<ExecutorGauge, 6> executor_gauges{{
    {"executor.active", "threads", &ExecutorStats::active, "Threads that are at work"},
    {"executor.pool.size", "threads", &ExecutorStats::pool_size, "Threads that there are"},
    {"executor.pool.core", "threads", &ExecutorStats::core, "Threads that stay when there is nothing to do"},
    {"executor.pool.max", "threads", &ExecutorStats::max, "Threads that there may be"},
    {"executor.queued", "tasks", &ExecutorStats::queued, "Tasks that wait for a thread"},
    {"executor.queue.remaining", "tasks", &ExecutorStats::queue_remaining, "Tasks that the queue has room for"
    },
}};

}  // namespace

void bind_executor(Registry& registry, std::string_view name, std::function<ExecutorStats()> read) {
    const auto shared = std::make_shared<std::function<ExecutorStats()>>(std::move(read));
    for (const ExecutorGauge& one : executor_gauges) {
        registry.gauge(
            one.name,
            {{"name", name}},
            [shared, field = one.field] { return (*shared)().*field; },
            {one.description, one.unit}
        );
    }
    registry.function_counter(
        "executor.completed",
        {{"name", name}},
        [shared] { return (*shared)().completed; },
        {"Tasks that have ended", "tasks"}
    );
}

void unbind_executor(Registry& registry, std::string_view name) {
    for (const ExecutorGauge& one : executor_gauges) registry.remove(one.name, {{"name", name}});
    registry.remove("executor.completed", {{"name", name}});
}

}  // namespace flotilla::metrics
