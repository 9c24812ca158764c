#include "flotilla/metrics/standard_meters.hpp"

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"
#include "samples.hpp"

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;

TEST(StandardMeters, HaveTheNamesOfTheCatalogue) {
    Registry registry;
    bind_process_meters(registry);
    bind_disk_meters(registry, {"/"});
    bind_self_meters(registry);
    bind_build_info(registry, {"1.0", "abc", "clang"});
    set_started_time(registry, "hello", 1500ms);
    set_ready_time(registry, "hello", 2s);
    std::map<std::string, double> values;
    for (const ReadSample& sample : read_samples(registry.scrape())) values[sample.name] = sample.value;
    for (const char* name :
         {"process_uptime_seconds",
          "process_start_time_seconds",
          "process_cpu_usage",
          "system_cpu_usage",
          "process_cpu_time_ns_total",
          "system_cpu_count",
          "system_load_average_1m",
          "process_files_open_files",
          "process_files_max_files",
          "process_resident_memory_bytes",
          "process_virtual_memory_bytes",
          "process_threads",
          "disk_free_bytes",
          "disk_total_bytes",
          "application_started_time_seconds",
          "application_ready_time_seconds",
          "flotilla_build_info",
          "flotilla_metrics_series",
          "flotilla_metrics_denied_total",
          "flotilla_metrics_scrape_seconds"}) {
        EXPECT_TRUE(values.contains(name)) << name;
    }
    EXPECT_EQ(values["process_cpu_usage"], 0);
    EXPECT_EQ(values["system_cpu_usage"], 0);
    EXPECT_GT(values["process_resident_memory_bytes"], 1e5);
    EXPECT_GE(values["process_threads"], 1);
    EXPECT_GE(values["process_files_open_files"], 3);
    EXPECT_GE(values["process_uptime_seconds"], 0);
    EXPECT_LT(values["process_uptime_seconds"], 3600 * 24);
    EXPECT_EQ(values["flotilla_build_info"], 1);
    EXPECT_EQ(values["application_started_time_seconds"], 1.5);
    EXPECT_EQ(values["flotilla_metrics_series"], static_cast<double>(registry.series()));
}

TEST(StandardMeters, CountLogEventsByLevel) {
    log::CapturedLog log;
    Registry registry;
    bind_log_meters(registry, log.system());
    log.logger("x").warn("1");
    log.logger("x").warn("2");
    log.logger("x").error("3");
    const std::string text = registry.scrape();
    EXPECT_EQ(value_after(text, "logback_events_total{level=\"warn\"}"), "2.0");
    EXPECT_EQ(value_after(text, "logback_events_total{level=\"error\"}"), "1.0");
    EXPECT_EQ(value_after(text, "logback_events_total{level=\"trace\"}"), "0.0");
    EXPECT_EQ(value_after(text, "log_events_total{level=\"warn\"}"), "2.0");
}

TEST(StandardMeters, OfExecutorsComeAndGo) {
    Registry registry;
    bind_executor(registry, "taskScheduler", [] {
        ExecutorStats stats;
        stats.active = 2;
        stats.pool_size = 4;
        stats.completed = 17;
        return stats;
    });
    const std::string text = registry.scrape();
    EXPECT_EQ(value_after(text, "executor_active_threads{name=\"taskScheduler\"}"), "2.0");
    EXPECT_EQ(value_after(text, "executor_pool_size_threads{name=\"taskScheduler\"}"), "4.0");
    EXPECT_EQ(value_after(text, "executor_pool_core_threads{name=\"taskScheduler\"}"), "0.0");
    EXPECT_EQ(value_after(text, "executor_pool_max_threads{name=\"taskScheduler\"}"), "0.0");
    EXPECT_EQ(value_after(text, "executor_queued_tasks{name=\"taskScheduler\"}"), "0.0");
    EXPECT_EQ(value_after(text, "executor_queue_remaining_tasks{name=\"taskScheduler\"}"), "2.147483647E9");
    EXPECT_EQ(value_after(text, "executor_completed_tasks_total{name=\"taskScheduler\"}"), "17.0");
    unbind_executor(registry, "taskScheduler");
    EXPECT_EQ(registry.scrape(), "");
}

}  // namespace
}  // namespace flotilla::metrics
