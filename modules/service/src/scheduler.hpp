#pragma once
// Runs the jobs of a service at their times, each run with a span and a timer.

#include <functional>
#include <list>
#include <string>

#include "flotilla/actuator/scheduled_tasks.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/service/job.hpp"
#include "flotilla/service/schedule.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::service {

/// Runs a job where it belongs: a coroutine here, a plain function on the pool.
Task<Result<void>> run_job(runtime::Runtime& runtime, Job job);

/// `Heartbeat.run` in its parts, and as the name of a span: `run`; `purgeExpired` is `purge-expired`.
struct TargetName {
    explicit TargetName(const std::string& target);

    std::string space;     ///< `Heartbeat`; empty when the target has no dot
    std::string function;  ///< `run`
    std::string span;
};

/// Filled before the start; lives on one loop from then on.
class Scheduler {
public:
    struct Means {
        runtime::Runtime& runtime;
        metrics::Registry& meters;
        tracing::Tracer& tracer;
        actuator::ScheduledTasks& reports;
        log::Logger log;
        /// By target: runs that are not recorded, though they have ids and a timer as others do.
        tracing::SkipPattern quiet = {};
    };

    explicit Scheduler(Means means) : means_(std::move(means)), scope_(means_.runtime.loop(0)) {}

    void add(std::string target, Schedule schedule, Job job);

    /// On the first loop, as the rest.
    void start();
    /// No new runs from now on; those that are under way may end until the deadline. How many were cut off.
    Task<std::size_t> stop(Deadline deadline);

    /// What runs or waits now.
    [[nodiscard]] std::vector<runtime::TaskInfo> tasks() const { return scope_.tasks(); }

private:
    struct Entry {
        std::string target;
        TargetName name;
        Schedule schedule;
        Job job;
        actuator::ScheduledTasks::Report report;
        bool quiet = false;
    };

    /// Why a run failed, for people and for a tag.
    struct Failure {
        std::string type;
        std::string message;
    };

    Task<> keep_running(Entry& entry);
    /// False when the scheduler stops meanwhile.
    Task<bool> wait_until(const Schedule& schedule, Moment due);
    Task<> run_once(Entry& entry);
    tracing::Span span_of(const Entry& entry);
    Task<std::optional<Failure>> outcome_of(Entry& entry);

    Means means_;
    runtime::TaskScope scope_;
    std::list<Entry> entries_;
    runtime::Signal stop_;
    bool stopping_ = false;
};

}  // namespace flotilla::service
