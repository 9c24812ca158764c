#pragma once
/// Owner of running tasks: nothing is started that nobody waits for.

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::runtime {

/// A view of one running task, for thread dumps.
struct TaskInfo {
    std::string name;
    TimePoint started;
    TraceContext trace;
};

/// Starts tasks on its loop and does not end before they do. Whoever is handed a `TaskScope&` may start work
/// that outlives the call. Used on its loop's thread only; `stop` must have run before it is destroyed.
///
/// A task that throws (other than by cancellation) is reported to `on_failure` and ends alone; its siblings
/// go on.
class TaskScope {
public:
    using FailureHandler = std::function<void(const std::string& task, std::exception_ptr)>;

    explicit TaskScope(EventLoop& loop, FailureHandler on_failure = {});
    ~TaskScope();
    TaskScope(const TaskScope&) = delete;
    TaskScope& operator=(const TaskScope&) = delete;

    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }

    /// Starts a task, now, up to its first suspension. It inherits the trace and the deadline of the current
    /// task. After `stop` has begun, the task is destroyed unstarted and false returned.
    bool spawn(std::string name, Task<> task);

    [[nodiscard]] std::size_t active() const noexcept { return running_.size(); }

    [[nodiscard]] std::vector<TaskInfo> tasks() const;

    /// Refuses new tasks; running ones may finish by themselves until the deadline, then they are cancelled
    /// and awaited. The number of those that had to be cancelled.
    Task<std::size_t> drain(Deadline deadline);
    /// Refuses new tasks, cancels the running ones and waits for their ends.
    Task<> stop();

private:
    struct Running;

    void ended(std::list<Running>::iterator task, std::exception_ptr failure) noexcept;
    void cancel_all();
    Task<> wait_until_empty();

    EventLoop& loop_;
    FailureHandler on_failure_;
    std::list<Running> running_;
    Signal empty_;
    bool stopping_ = false;
};

}  // namespace flotilla::runtime
