#pragma once
/// Owner of running tasks: nothing is started that nobody waits for.

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <functional>
#include <list>
#include <optional>
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

/// Cancels one task of a scope, in the way that the scope does. Valid as long as the task runs.
class TaskCancel {
public:
    explicit TaskCancel(asio::cancellation_signal& signal) noexcept : signal_(&signal) {}

    /// On the loop. The task goes on in a later round, with an exception out of what it waits for.
    void operator()() const { signal_->emit(asio::cancellation_type::terminal); }

private:
    asio::cancellation_signal* signal_;
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
    /// The same for a task that is handed the means to cancel itself, or to have itself cancelled by what it
    /// waits for: see `TaskCancel`.
    bool spawn(std::string name, const std::function<Task<>(TaskCancel)>& task);

    [[nodiscard]] std::size_t active() const noexcept { return running_.size(); }

    [[nodiscard]] std::vector<TaskInfo> tasks() const;

    /// Refuses new tasks; running ones may finish by themselves until the deadline, then they are cancelled
    /// and awaited. The number of those that had to be cancelled. When the caller is cancelled meanwhile, the
    /// deadline has come; the caller's next wait throws.
    Task<std::size_t> drain(Deadline deadline);
    /// Refuses new tasks, cancels the running ones and waits for their ends, also when the caller is
    /// cancelled meanwhile.
    Task<> stop();

private:
    struct Running;

    void ended(std::list<Running>::iterator task, std::exception_ptr failure) noexcept;
    void cancel_all();
    /// Never throws for a cancellation; only a wait with a deadline ends by one.
    Task<> wait_until_empty(Deadline deadline);

    EventLoop& loop_;
    FailureHandler on_failure_;
    std::list<Running> running_;
    Signal empty_;
    bool stopping_ = false;
};

/// Runs `body` with a scope of its own, which is stopped when `body` ends, in whatever way: for tasks that
/// live within one function. `body` lives as long; it may be a lambda that captures by reference.
template <class T>
Task<T> in_scope(EventLoop& loop, std::function<Task<T>(TaskScope&)> body) {
    TaskScope scope(loop);
    std::exception_ptr failure;
    std::optional<T> value;
    try {
        value.emplace(co_await body(scope));
    } catch (...) {
        failure = std::current_exception();
    }
    // A cancelled caller must wait as well.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await scope.stop();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (failure) std::rethrow_exception(failure);
    co_return std::move(*value);
}

}  // namespace flotilla::runtime
