#pragma once
/// What `/actuator/scheduledtasks` shows. Data only: whoever runs the tasks reports here.

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::actuator {

enum class TriggerKind { cron, fixed_delay, fixed_rate, custom };

struct ScheduledTask {
    std::string target;  ///< `StockJob.reconcile`
    TriggerKind kind = TriggerKind::fixed_delay;
    std::string expression{};  ///< of cron; a description of a custom trigger
    Duration initial_delay{};
    Duration interval{};
};

/// Tasks with their last and next runs. Safe from any thread.
class ScheduledTasks {
    struct Entry;

public:
    /// How the runner of one task reports; the task is listed while the report exists. ScheduledTasks
    /// outlives it.
    class [[nodiscard]] Report {
    public:
        Report() = default;
        Report(Report&& other) noexcept;
        Report& operator=(Report&& other) noexcept;
        ~Report();

        void next_at(WallTime when);
        void started(WallTime when);
        void succeeded(WallTime when);
        void failed(WallTime when, std::string type, std::string message);

    private:
        friend class ScheduledTasks;

        Report(ScheduledTasks* tasks, std::list<Entry>::iterator entry) : tasks_(tasks), entry_(entry) {}

        void forget() noexcept;

        ScheduledTasks* tasks_ = nullptr;
        std::list<Entry>::iterator entry_{};
    };

    Report add(ScheduledTask task);

    [[nodiscard]] reflect::Json json() const;

private:
    struct Execution {
        std::string status;  ///< STARTED, SUCCESS, ERROR
        WallTime time;
        std::string type;
        std::string message;
    };

    struct Entry {
        ScheduledTask task;
        std::optional<WallTime> next{};
        std::optional<Execution> last{};
    };

    mutable std::mutex mutex_;
    std::list<Entry> entries_;
};

}  // namespace flotilla::actuator
