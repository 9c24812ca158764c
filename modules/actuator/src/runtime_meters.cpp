#include "flotilla/actuator/runtime_meters.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>

#include "flotilla/metrics/standard_meters.hpp"

namespace flotilla::actuator {

namespace {

constexpr const char* pool_name = "blocking-pool";

std::string loop_name(std::size_t index) {
    return "event-loop-" + std::to_string(index);
}

double seconds(Duration span) {
    return std::chrono::duration<double>(span).count();
}

/// Every look at a loop's figures resets its longest round: it is kept here until the meter for it is read.
class LoopFigures {
public:
    explicit LoopFigures(runtime::EventLoop& loop) : loop_(loop) {}

    runtime::LoopStats look() {
        const std::scoped_lock lock(mutex_);
        const runtime::LoopStats stats = loop_.stats();
        longest_ = std::max(longest_, stats.longest_round);
        return stats;
    }

    Duration take_longest() {
        (void)look();
        const std::scoped_lock lock(mutex_);
        return std::exchange(longest_, Duration::zero());
    }

private:
    runtime::EventLoop& loop_;
    std::mutex mutex_;
    Duration longest_{};
};

metrics::ExecutorStats pool_stats(const runtime::BlockingPool& pool) {
    const runtime::BlockingPoolStats stats = pool.stats();
    return {
        .active = static_cast<double>(stats.active),
        .pool_size = static_cast<double>(stats.threads),
        .core = 0,
        .max = static_cast<double>(pool.config().threads),
        .queued = static_cast<double>(stats.queued),
        .queue_remaining = static_cast<double>(pool.config().queue_capacity - stats.queued),
        .completed = static_cast<double>(stats.completed),
    };
}

}  // namespace

void bind_runtime_meters(metrics::Registry& registry, runtime::Runtime& runtime) {
    metrics::bind_executor(registry, pool_name, [&runtime] { return pool_stats(runtime.pool()); });
    registry.function_counter(
        "executor.rejected",
        {{"name", pool_name}},
        [&runtime] { return static_cast<double>(runtime.pool().stats().rejected); },
        {.description = "Jobs that found the queue full", .unit = "tasks"}
    );
    for (std::size_t i = 0; i < runtime.size(); ++i) {
        const auto figures = std::make_shared<LoopFigures>(runtime.loop(i));
        const std::string name = loop_name(i);
        metrics::bind_executor(registry, name, [figures] {
            const runtime::LoopStats stats = figures->look();
            return metrics::ExecutorStats{
                .active = 1,
                .pool_size = 1,
                .core = 1,
                .max = 1,
                .completed = static_cast<double>(stats.jobs),
            };
        });
        registry.time_gauge(
            "flotilla.loop.lag",
            {{"name", name}},
            [figures] { return figures->take_longest(); },
            "The longest round of the event loop since the last scrape"
        );
        registry.function_counter(
            "flotilla.loop.busy",
            {{"name", name}},
            [figures] { return seconds(figures->look().busy); },
            {.description = "Time outside of waiting", .unit = "seconds"}
        );
    }
}

void unbind_runtime_meters(metrics::Registry& registry, const runtime::Runtime& runtime) {
    metrics::unbind_executor(registry, pool_name);
    registry.remove("executor.rejected", {{"name", pool_name}});
    for (std::size_t i = 0; i < runtime.size(); ++i) {
        const std::string name = loop_name(i);
        metrics::unbind_executor(registry, name);
        registry.remove("flotilla.loop.lag", {{"name", name}});
        registry.remove("flotilla.loop.busy", {{"name", name}});
    }
}

}  // namespace flotilla::actuator
