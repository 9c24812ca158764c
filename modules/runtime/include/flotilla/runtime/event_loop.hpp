#pragma once
/// One thread's event loop: readiness of descriptors, timers, and functions posted from anywhere.
///
/// Everything that belongs to a loop (streams, timers, task scopes) is touched on that loop's thread only;
/// `post` is the one door that other threads may use. A loop reads the clock once per round and hands that
/// reading out as `now()`.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::runtime {

/// Why a suspended coroutine goes on.
enum class Wake { ready, timed_out, cancelled };

class Waiter;

/// Something that coroutines wait for. It keeps the waiters that it was given until it wakes or forgets them.
class WaitSource {
public:
    virtual void add(Waiter& waiter) = 0;
    virtual void forget(Waiter& waiter) noexcept = 0;

protected:
    ~WaitSource() = default;
};

/// One suspended coroutine. Lives from the suspension to `wake`, which resumes the coroutine on the calling
/// thread: the loop's.
class Waiter {
public:
    /// Resumes the coroutine; the waiter is gone afterwards. Unlinks itself from its source's timer, not from
    /// the source.
    virtual void wake(Wake why) = 0;
    /// Destroys the coroutine without resuming it.
    virtual void drop() noexcept = 0;
    /// Leaves the source and goes on with `Wake::cancelled` in a job of the loop, not at once.
    virtual void cancel() = 0;

    Waiter* next = nullptr;  ///< for the source's use
    Waiter* previous = nullptr;

protected:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() = default;
};

/// Suspends the calling coroutine until the source wakes it, the deadline passes, or its task is cancelled.
Task<Wake> wait_on(WaitSource& source, Deadline deadline = {});

/// Throws what cancellation throws: `system_error(operation_aborted)`, which unwinds to the owner of the
/// task.
[[noreturn]] void throw_cancelled();

struct LoopStats {
    std::uint64_t rounds = 0;
    std::uint64_t jobs = 0;    ///< functions run that were posted
    Duration busy{};           ///< time outside epoll_wait
    Duration longest_round{};  ///< since the last call of `EventLoop::stats`: how late a timer can have been
};

class DescriptorState;

class EventLoop final : public asio::execution_context {
public:
    explicit EventLoop(std::size_t index = 0, const Clock& clock = Clock::system());
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Runs on the calling thread until `stop`.
    void run();
    /// Ends `run` after the current round. From any thread.
    void stop() noexcept;

    [[nodiscard]] std::size_t index() const noexcept { return index_; }

    [[nodiscard]] bool on_this_thread() const noexcept;

    /// The loop that runs on the calling thread; asserts that there is one.
    static EventLoop& current() noexcept;

    /// The time at which this round began: good enough for deadlines, free of charge.
    [[nodiscard]] TimePoint now() const noexcept { return now_; }

    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

    /// Runs a function on the loop's thread soon. From any thread.
    template <class Function>
    void post(Function function) {
        post_job(detail::JobOf<Function>::make(std::move(function)));
    }

    void post_job(detail::Job* job) noexcept;

    /// An executor for work of the loop itself, outside any task.
    [[nodiscard]] Executor executor() noexcept { return {*this, own_context_}; }

    /// Figures for the metrics; from any thread.
    [[nodiscard]] LoopStats stats() noexcept;

private:
    friend class DescriptorState;
    friend class TimedWait;

    void run_jobs();
    void drop_jobs() noexcept;
    void drop_waiters() noexcept;
    void take_remote_jobs() noexcept;
    void bury_the_dead() noexcept;
    void fire_timers();
    void sweep_descriptors();
    [[nodiscard]] int poll_timeout() const noexcept;
    void poll();

    const std::size_t index_;
    const Clock& clock_;
    TaskContext own_context_;
    int epoll_fd_ = -1;
    int wake_fd_ = -1;
    TimePoint now_;

    detail::Job* jobs_head_ = nullptr;  // own thread only
    detail::Job* jobs_tail_ = nullptr;
    std::atomic<detail::Job*> remote_jobs_{nullptr};  // pushed by other threads, newest first
    std::atomic<bool> sleeping_{false};
    std::atomic<bool> stop_{false};

    struct TimerEntry;
    std::multimap<TimePoint, TimerEntry*> timers_;

    DescriptorState* descriptors_ = nullptr;  // every registered one, for the deadline sweep
    DescriptorState* graveyard_ = nullptr;  // closed in this round; an event for it may still be in the batch
    TimePoint next_sweep_ = TimePoint::max();

    std::atomic<std::uint64_t> rounds_{0};
    std::atomic<std::uint64_t> jobs_run_{0};
    std::atomic<std::int64_t> busy_ns_{0};
    std::atomic<std::int64_t> longest_round_ns_{0};
};

/// Suspends for a time. Throws when the task is cancelled.
Task<> sleep_until(TimePoint at);
Task<> sleep_for(Duration span);
/// Lets everything else that is ready on this loop run first.
Task<> yield();

/// Wakes coroutines of one loop. Not thread-safe: to signal from another thread, post to the loop.
class Signal final : public WaitSource {
public:
    Signal() = default;
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /// Waits for the next notification. `Wake::ready` or `Wake::timed_out`; throws when the task is
    /// cancelled.
    Task<Wake> wait(Deadline deadline = {});
    /// Resumes the coroutine that has waited longest, if any; true if there was one.
    bool notify_one();
    /// Resumes those who wait now, not those who come back meanwhile. A resumed coroutine may destroy the
    /// Signal.
    void notify_all();

    [[nodiscard]] bool has_waiters() const noexcept { return head_ != nullptr; }

    void add(Waiter& waiter) override;
    void forget(Waiter& waiter) noexcept override;

private:
    Waiter* head_ = nullptr;
    Waiter* tail_ = nullptr;
    Waiter* newcomer_ = nullptr;  // the first one that came during notify_all: where it ends
    bool* notifying_ = nullptr;   // set when the Signal dies during the innermost notify_all
};

}  // namespace flotilla::runtime
