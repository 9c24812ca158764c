#include "scheduler.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "flotilla/base/text.hpp"
#include "flotilla/metrics/observation.hpp"

namespace flotilla::service {

namespace {

/// The wall clock can be set while a cron job waits.
constexpr Duration wall_clock_check = std::chrono::seconds(30);

/// `timed out` as `TimedOut`: few values, fit for a tag.
std::string type_of(const Error& error) {
    std::string type;
    bool upper = true;
    for (const char c : error.code().message()) {
        if (c == ' ') {
            upper = true;
        } else {
            type.push_back(upper ? ascii_upper(c) : c);
            upper = false;
        }
    }
    return type;
}

actuator::ScheduledTask described(const std::string& target, const Schedule& schedule) {
    actuator::ScheduledTask task{.target = target, .initial_delay = schedule.initial_delay()};
    if (const auto* cron = std::get_if<CronExpression>(&schedule.kind())) {
        task.kind = actuator::TriggerKind::cron;
        task.expression = cron->text();
    } else if (const auto* rate = std::get_if<Schedule::FixedRate>(&schedule.kind())) {
        task.kind = actuator::TriggerKind::fixed_rate;
        task.interval = rate->interval;
    } else {
        task.kind = actuator::TriggerKind::fixed_delay;
        task.interval = std::get<Schedule::FixedDelay>(schedule.kind()).delay;
    }
    return task;
}

}  // namespace

Task<Result<void>> run_job(runtime::Runtime& runtime, Job job) {
    if (!job.blocks()) co_return co_await job.coroutine()();
    auto function = job.plain();
    co_return co_await runtime.blocking(std::move(function));
}

TargetName::TargetName(const std::string& target) {
    const auto dot = target.rfind('.');
    if (dot != std::string::npos) space = target.substr(0, dot);
    function = dot == std::string::npos ? target : target.substr(dot + 1);
    span = to_kebab(function);
}

void Scheduler::add(std::string target, Schedule schedule, Job job) {
    TargetName name(target);
    auto report = means_.reports.add(described(target, schedule));
    const bool quiet = means_.quiet.matches(target);
    entries_.push_back(
        {std::move(target), std::move(name), std::move(schedule), std::move(job), std::move(report), quiet}
    );
}

void Scheduler::start() {
    for (Entry& entry : entries_) scope_.spawn(entry.target, keep_running(entry));
}

Task<std::size_t> Scheduler::stop(Deadline deadline) {
    stopping_ = true;
    stop_.notify_all();
    co_return co_await scope_.drain(deadline);
}

Task<> Scheduler::keep_running(Entry& entry) {
    const Clock& clock = means_.runtime.clock();
    auto due = entry.schedule.first(moment_of(clock));
    while (due) {
        entry.report.next_at(due->wall);
        if (const bool goes_on = co_await wait_until(entry.schedule, *due); !goes_on) co_return;
        co_await run_once(entry);
        due = entry.schedule.next(*due, moment_of(clock));
    }
}

Task<bool> Scheduler::wait_until(const Schedule& schedule, Moment due) {
    const Clock& clock = means_.runtime.clock();
    const bool by_wall_clock = std::holds_alternative<CronExpression>(schedule.kind());
    while (!stopping_) {
        const Duration left = by_wall_clock ? due.wall - clock.wall_now() : due.now - clock.now();
        if (left <= Duration::zero()) co_return true;
        const Duration nap = by_wall_clock ? std::min(left, wall_clock_check) : left;
        co_await stop_.wait(Deadline::after(clock.now(), nap));
    }
    co_return false;
}

tracing::Span Scheduler::span_of(const Entry& entry) {
    const tracing::SpanStart start{.name = entry.name.span};
    if (!entry.quiet) return means_.tracer.start_root(tracing::SpanKind::none, start);
    // What it calls keeps to that decision, also in other processes.
    tracing::Extracted not_sampled;
    not_sampled.decision = tracing::Decision::deny;
    return means_.tracer.start_incoming(tracing::SpanKind::none, not_sampled, start);
}

Task<> Scheduler::run_once(Entry& entry) {
    const TargetName& name = entry.name;
    tracing::Span span = span_of(entry);
    span.tag("class", name.space);
    span.tag("method", name.function);
    const tracing::Scope current(span);

    std::optional<Failure> failure;
    entry.report.started(means_.runtime.clock().wall_now());
    {
        metrics::Observation observation(
            means_.meters,
            "tasks.scheduled.execution",
            {{"code.function", name.function}, {"code.namespace", name.space}}
        );
        failure = co_await outcome_of(entry);
        const std::string type = failure ? failure->type : "none";
        observation.error(type);
        observation.tag("exception", type);
        observation.tag("outcome", failure ? "ERROR" : "SUCCESS");
    }
    const WallTime ended = means_.runtime.clock().wall_now();
    if (!failure) {
        entry.report.succeeded(ended);
        co_return;
    }
    entry.report.failed(ended, failure->type, failure->message);
    span.error(failure->message);
    means_.log.error("{} failed: {}: {}", entry.target, failure->type, failure->message);
}

Task<std::optional<Scheduler::Failure>> Scheduler::outcome_of(Entry& entry) {
    try {
        const auto done = co_await run_job(means_.runtime, entry.job);
        if (done) co_return std::nullopt;
        co_return Failure{type_of(done.error()), done.error().message()};
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;  // cut off, not failed
        co_return Failure{"system_error", error.what()};
    } catch (const std::exception& error) {
        co_return Failure{metrics::simple_type_name(typeid(error)), error.what()};
    }
}

}  // namespace flotilla::service
