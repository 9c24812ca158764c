#include "flotilla/actuator/scheduled_tasks.hpp"

#include <chrono>
#include <utility>

#include "flotilla/base/units.hpp"

namespace flotilla::actuator {

using reflect::Json;

namespace {

std::int64_t milliseconds(Duration span) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

}  // namespace

ScheduledTasks::Report::Report(Report&& other) noexcept
    : tasks_(std::exchange(other.tasks_, nullptr)), entry_(other.entry_) {}

ScheduledTasks::Report& ScheduledTasks::Report::operator=(Report&& other) noexcept {
    if (this != &other) {
        forget();
        tasks_ = std::exchange(other.tasks_, nullptr);
        entry_ = other.entry_;
    }
    return *this;
}

ScheduledTasks::Report::~Report() {
    forget();
}

void ScheduledTasks::Report::forget() noexcept {
    if (!tasks_) return;
    const std::scoped_lock lock(tasks_->mutex_);
    tasks_->entries_.erase(entry_);
    tasks_ = nullptr;
}

void ScheduledTasks::Report::next_at(WallTime when) {
    const std::scoped_lock lock(tasks_->mutex_);
    entry_->next = when;
}

void ScheduledTasks::Report::started(WallTime when) {
    const std::scoped_lock lock(tasks_->mutex_);
    entry_->last = Execution{"STARTED", when, {}, {}};
}

void ScheduledTasks::Report::succeeded(WallTime when) {
    const std::scoped_lock lock(tasks_->mutex_);
    entry_->last = Execution{"SUCCESS", when, {}, {}};
}

void ScheduledTasks::Report::failed(WallTime when, std::string type, std::string message) {
    const std::scoped_lock lock(tasks_->mutex_);
    entry_->last = Execution{"ERROR", when, std::move(type), std::move(message)};
}

ScheduledTasks::Report ScheduledTasks::add(ScheduledTask task) {
    const std::scoped_lock lock(mutex_);
    entries_.push_back({.task = std::move(task)});
    return {this, std::prev(entries_.end())};
}

Json ScheduledTasks::json() const {
    Json json = Json::object({
        {"cron", Json::array()},
        {"fixedDelay", Json::array()},
        {"fixedRate", Json::array()},
        {"custom", Json::array()},
    });
    const std::scoped_lock lock(mutex_);
    for (const auto& entry : entries_) {
        Json one = Json::object({{"runnable", Json::object({{"target", entry.task.target}})}});
        const char* list = "custom";
        switch (entry.task.kind) {
            case TriggerKind::cron:
                list = "cron";
                one.set("expression", entry.task.expression);
                break;
            case TriggerKind::fixed_delay:
            case TriggerKind::fixed_rate:
                list = entry.task.kind == TriggerKind::fixed_delay ? "fixedDelay" : "fixedRate";
                one.set("initialDelay", milliseconds(entry.task.initial_delay));
                one.set("interval", milliseconds(entry.task.interval));
                break;
            case TriggerKind::custom:
                one.set("trigger", entry.task.expression);
                break;
        }
        if (entry.next) one.set("nextExecution", Json::object({{"time", format_iso_time(*entry.next)}}));
        if (entry.last) {
            Json last =
                Json::object({{"status", entry.last->status}, {"time", format_iso_time(entry.last->time)}});
            if (entry.last->status == "ERROR") {
                last.set(
                    "exception", Json::object({{"type", entry.last->type}, {"message", entry.last->message}})
                );
            }
            one.set("lastExecution", std::move(last));
        }
        json[list].push_back(std::move(one));
    }
    return json;
}

}  // namespace flotilla::actuator
