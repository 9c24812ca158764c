#pragma once
/// The machine that a process runs on: one event loop per core, and a pool for what blocks.

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/runtime/blocking_pool.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::runtime {

struct RuntimeConfig {
    std::size_t loops = 0;  ///< 0: one per core that this process may use
    BlockingPoolConfig blocking;
};

namespace detail {

template <class T>
struct Flattened {
    using type = T;
};

template <class T>
struct Flattened<Result<T>> {
    using type = T;
};

/// Where a function that runs elsewhere leaves its outcome; shared, so that neither side cares who goes
/// first.
template <class T>
struct Outcome {
    std::optional<T> value;
    std::exception_ptr failure;
    bool finished = false;
    Signal signal;
    TaskContext context;  // of what runs on another loop
};

}  // namespace detail

/// Owns the loops, their threads and the pool. Lives in main, outlives everything that runs on it.
class Runtime {
public:
    explicit Runtime(RuntimeConfig config = {}, const Clock& clock = Clock::system());
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    /// Runs `main` on the first loop, on the calling thread; the other loops run meanwhile on threads of
    /// their own. Ends when `main` ends, with its value. What `main` throws is thrown.
    int run(Task<int> main);

    [[nodiscard]] std::size_t size() const noexcept { return loops_.size(); }

    [[nodiscard]] EventLoop& loop(std::size_t index) const noexcept { return *loops_[index]; }

    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

    [[nodiscard]] BlockingPool& pool() noexcept { return pool_; }

    /// Runs a function on the pool, with the trace of the calling task, and resumes the caller with what it
    /// returned. A full pool is `Errc::limit_exceeded`. A cancelled caller leaves at once; the function still
    /// runs to its end.
    template <class Function>
    Task<Result<typename detail::Flattened<std::invoke_result_t<Function>>::type>> blocking(Function function
    );

    /// Runs a coroutine on another loop, with the trace and deadline of the calling task, and resumes the
    /// caller with its value. A cancelled caller leaves at once; the coroutine still runs to its end.
    template <class T>
    Task<T> on(EventLoop& loop, std::function<Task<T>()> start);

    /// Waits for SIGTERM or SIGINT, which `run` has blocked for the whole process.
    Task<int> next_signal();

private:
    /// `owner` keeps the context alive.
    static void start_on(
        EventLoop& loop, TaskContext& context, std::shared_ptr<void> owner, std::function<Task<>()> start
    );

    const Clock& clock_;
    std::vector<std::unique_ptr<EventLoop>> loops_;
    std::vector<std::thread> threads_;
    BlockingPool pool_;
    TaskContext background_;
};

template <class Function>
Task<Result<typename detail::Flattened<std::invoke_result_t<Function>>::type>> Runtime::blocking(
    Function function
) {
    using Returned = std::invoke_result_t<Function>;
    using Value = typename detail::Flattened<Returned>::type;
    EventLoop& home = EventLoop::current();
    auto outcome = std::make_shared<detail::Outcome<Result<Value>>>();
    auto job = [outcome, &home, context = TaskContext::current(), function = std::move(function)]() mutable {
        const TaskContext::Scope scope(context);
        try {
            if constexpr (std::is_void_v<Returned>) {
                function();
                outcome->value.emplace();
            } else {
                outcome->value.emplace(function());
            }
        } catch (...) {
            outcome->failure = std::current_exception();
        }
        home.post([outcome] {
            outcome->finished = true;
            outcome->signal.notify_all();
        });
    };
    if (!pool_.submit(std::move(job)))
        co_return fail(Errc::limit_exceeded, "the blocking pool's queue is full");
    while (!outcome->finished) co_await outcome->signal.wait();
    if (outcome->failure) std::rethrow_exception(outcome->failure);
    co_return std::move(*outcome->value);
}

template <class T>
Task<T> Runtime::on(EventLoop& loop, std::function<Task<T>()> start) {
    using Stored = std::conditional_t<std::is_void_v<T>, bool, T>;
    EventLoop& home = EventLoop::current();
    auto outcome = std::make_shared<detail::Outcome<Stored>>();
    outcome->context = TaskContext::current();

    // A function and not a capturing lambda: its parameters live in the coroutine's frame.
    struct There {
        static Task<> run(
            std::shared_ptr<detail::Outcome<Stored>> to, EventLoop* back, std::function<Task<T>()> body
        ) {
            try {
                if constexpr (std::is_void_v<T>) {
                    co_await body();
                    to->value.emplace(true);
                } else {
                    to->value.emplace(co_await body());
                }
            } catch (...) {
                to->failure = std::current_exception();
            }
            back->post([to] {
                to->finished = true;
                to->signal.notify_all();
            });
        }
    };

    std::function<Task<>()> body = [outcome, &home, start = std::move(start)] {
        return There::run(outcome, &home, start);
    };
    start_on(loop, outcome->context, outcome, std::move(body));
    while (!outcome->finished) co_await outcome->signal.wait();
    if (outcome->failure) std::rethrow_exception(outcome->failure);
    if constexpr (!std::is_void_v<T>) co_return std::move(*outcome->value);
}

}  // namespace flotilla::runtime
