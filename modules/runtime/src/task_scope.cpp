#include "flotilla/runtime/task_scope.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "flotilla/base/assert.hpp"

namespace flotilla::runtime {

struct TaskScope::Running {
    std::string name;
    TaskContext context;
    TimePoint started;
    asio::cancellation_signal cancel;
};

TaskScope::TaskScope(EventLoop& loop, FailureHandler on_failure)
    : loop_(loop), on_failure_(std::move(on_failure)) {}

TaskScope::~TaskScope() {
    FLT_ASSERT(running_.empty());
}

bool TaskScope::spawn(std::string name, Task<> task) {
    return spawn(std::move(name), [&task](TaskCancel) { return std::move(task); });
}

bool TaskScope::spawn(std::string name, const std::function<Task<>(TaskCancel)>& task) {
    FLT_ASSERT(loop_.on_this_thread());
    if (stopping_) return false;
    running_.emplace_front();
    const auto self = running_.begin();
    self->name = std::move(name);
    self->context = TaskContext::current();
    self->started = loop_.now();
    asio::co_spawn(
        Executor(loop_, self->context),
        task(TaskCancel(self->cancel)),
        asio::bind_cancellation_slot(
            self->cancel.slot(), [this, self](std::exception_ptr failure) { ended(self, failure); }
        )
    );
    return true;
}

void TaskScope::ended(std::list<Running>::iterator task, std::exception_ptr failure) noexcept {
    // The task's context stays current, and so must live, until this returns.
    std::list<Running> gone;
    gone.splice(gone.begin(), running_, task);
    const std::string& name = task->name;
    if (failure && on_failure_) {
        try {
            std::rethrow_exception(failure);
        } catch (const boost::system::system_error& error) {
            if (error.code() != asio::error::operation_aborted) on_failure_(name, failure);
        } catch (...) {
            on_failure_(name, failure);
        }
    }
    if (running_.empty()) empty_.notify_all();
}

std::vector<TaskInfo> TaskScope::tasks() const {
    std::vector<TaskInfo> infos;
    infos.reserve(running_.size());
    for (const auto& task : running_) infos.push_back({task.name, task.started, task.context.trace});
    return infos;
}

void TaskScope::cancel_all() {
    // A cancelled wait resumes in a job, so that no task ends, and no iterator dies, inside this loop.
    for (auto& task : running_) task.cancel.emit(asio::cancellation_type::terminal);
}

Task<> TaskScope::wait_until_empty(Deadline deadline) {
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!running_.empty()) {
        const Wake wake = co_await wait_on(empty_, deadline);
        if (wake != Wake::ready && !deadline.never()) break;
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
}

Task<std::size_t> TaskScope::drain(Deadline deadline) {
    stopping_ = true;
    // Not quite never, so that a cancellation ends the wait.
    const TimePoint far = TimePoint::max() - Duration(1);
    co_await wait_until_empty(deadline.or_sooner(Deadline(far)));
    const std::size_t left = running_.size();
    cancel_all();
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await wait_until_empty({});
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return left;
}

Task<> TaskScope::stop() {
    stopping_ = true;
    cancel_all();
    co_await wait_until_empty({});
}

}  // namespace flotilla::runtime
