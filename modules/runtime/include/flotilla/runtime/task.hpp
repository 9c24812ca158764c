#pragma once
/// Coroutines of Flotilla: Asio's awaitable with one concrete executor, and nothing more.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "flotilla/base/task_context.hpp"

namespace flotilla {

namespace asio = boost::asio;

namespace runtime {

class EventLoop;

namespace detail {

/// Memory of coroutine frames and of what else lives for one wait. A loop's thread keeps what it frees, up to
/// a limit, for the next that asks; other threads use the heap. Freed on any thread, with the size asked for.
[[nodiscard]] void* allocate_frame(std::size_t size);
void deallocate_frame(void* memory, std::size_t size) noexcept;

/// Work queued on a loop; runs once and frees itself.
class Job {
public:
    virtual void run() = 0;
    virtual void drop() noexcept = 0;
    Job* next = nullptr;

protected:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    ~Job() = default;
};

template <class Function>
class JobOf final : public Job {
public:
    explicit JobOf(Function&& function) : function_(std::move(function)) {}

    static Job* make(Function function) {
        return new (allocate_frame(sizeof(JobOf))) JobOf(std::move(function));
    }

    void run() override {
        Function function(std::move(function_));
        drop();  // the memory is free for what the function starts
        std::move(function)();
    }

    void drop() noexcept override {
        std::destroy_at(this);
        deallocate_frame(this, sizeof(JobOf));
    }

private:
    Function function_;
};

bool on_loop_thread(const EventLoop& loop) noexcept;
void post(EventLoop& loop, Job* job) noexcept;
asio::execution_context& context_of(EventLoop& loop) noexcept;

}  // namespace detail

/// Runs functions on one event loop, on behalf of one task: the task's context is current while they run, and
/// at no other time. Cheap to copy; the loop and the context must outlive it.
class Executor {
public:
    Executor(EventLoop& loop, TaskContext& context) noexcept : loop_(&loop), context_(&context) {}

    [[nodiscard]] EventLoop& loop() const noexcept { return *loop_; }

    [[nodiscard]] TaskContext& task_context() const noexcept { return *context_; }

    template <class Function>
    void execute(Function&& function) const {
        if (!never_inline_ && detail::on_loop_thread(*loop_)) {
            const TaskContext::Scope scope(*context_);
            std::forward<Function>(function)();
            return;
        }
        auto run = [context = context_, f = std::forward<Function>(function)]() mutable {
            const TaskContext::Scope scope(*context);
            std::move(f)();
        };
        detail::post(*loop_, detail::JobOf<decltype(run)>::make(std::move(run)));
    }

    // What Asio asks of an executor.
    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept {
        return detail::context_of(*loop_);
    }

    [[nodiscard]] asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
        return never_inline_ ? asio::execution::blocking_t(asio::execution::blocking.never)
                             : asio::execution::blocking_t(asio::execution::blocking.possibly);
    }

    [[nodiscard]] Executor require(asio::execution::blocking_t::never_t) const noexcept { return with(true); }

    [[nodiscard]] Executor require(asio::execution::blocking_t::possibly_t) const noexcept {
        return with(false);
    }

    friend bool operator==(const Executor& a, const Executor& b) noexcept {
        return a.loop_ == b.loop_ && a.context_ == b.context_ && a.never_inline_ == b.never_inline_;
    }

    friend bool operator!=(const Executor& a, const Executor& b) noexcept { return !(a == b); }

private:
    [[nodiscard]] Executor with(bool never_inline) const noexcept {
        Executor other(*this);
        other.never_inline_ = never_inline;
        return other;
    }

    EventLoop* loop_;
    TaskContext* context_;
    bool never_inline_ = false;
};

}  // namespace runtime

/// A coroutine that ends with a T. It starts when it is awaited or spawned.
template <class T = void>
using Task = asio::awaitable<T, runtime::Executor>;

}  // namespace flotilla

/// Frames of tasks come out of `allocate_frame`: Asio's own cache holds two for a thread, and a request has
/// more, of which many wait at a time.
template <>
inline void* boost::asio::detail::awaitable_frame_base<flotilla::runtime::Executor>::operator new(
    std::size_t size
) {
    return flotilla::runtime::detail::allocate_frame(size);
}

template <>
inline void boost::asio::detail::awaitable_frame_base<flotilla::runtime::Executor>::operator delete(
    void* memory, std::size_t size
) {
    flotilla::runtime::detail::deallocate_frame(memory, size);
}
