#include "flotilla/runtime/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/detail/thread_context.hpp>
#include <boost/asio/detail/thread_info_base.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>

#include "descriptor_state.hpp"
#include "flotilla/base/assert.hpp"
#include "frame_memory.hpp"

namespace flotilla::runtime {

namespace {

using namespace std::chrono_literals;

constexpr int events_per_round = 256;
constexpr Duration sweep_interval = 10ms;

thread_local EventLoop* loop_of_thread = nullptr;

/// Gives Asio its per-thread cache of cancellation handlers, which it otherwise keeps for threads of its own
/// schedulers only; without it every await would go to the heap.
class HandlerCache : public asio::detail::thread_context {
public:
    HandlerCache() : entry_(this, info_) {}

private:
    asio::detail::thread_info_base info_;
    thread_call_stack::context entry_;
};

}  // namespace

// A timed wait has two sources that may end it: the one that it waits for, and the loop's timers.
struct EventLoop::TimerEntry {
    Waiter* waiter = nullptr;
    WaitSource* source = nullptr;
};

/// Access of waiters to the loop's timers.
class TimedWait {
public:
    using Timers = std::multimap<TimePoint, EventLoop::TimerEntry*>;

    void arm(EventLoop& loop, TimePoint at, Waiter& waiter, WaitSource& source) {
        loop_ = &loop;
        entry_ = {&waiter, &source};
        // Never due in this round, so that whoever sleeps for no time in a loop starves nobody.
        place_ = loop.timers_.emplace(std::max(at, loop.now_ + Duration(1)), &entry_);
    }

    void disarm() noexcept {
        if (loop_) loop_->timers_.erase(place_);
        loop_ = nullptr;
    }

    /// The timer fired: its entry is out of the map already.
    void fired() noexcept { loop_ = nullptr; }

    static TimedWait& of(Waiter& waiter) noexcept;

private:
    EventLoop* loop_ = nullptr;
    EventLoop::TimerEntry entry_;
    Timers::iterator place_;
};

namespace {

class TimedWaiter : public Waiter {
public:
    TimedWait timer;

protected:
    ~TimedWaiter() = default;
};

template <class Handler>
class WaiterOf final : public TimedWaiter {
public:
    explicit WaiterOf(Handler&& handler, WaitSource& source)
        : handler_(std::move(handler)), source_(source) {}

    static void start(Handler&& handler, WaitSource& source, Deadline deadline) {
        auto* const self =
            new (detail::allocate_frame(sizeof(WaiterOf))) WaiterOf(std::move(handler), source);
        auto slot = asio::get_associated_cancellation_slot(self->handler_);
        if (slot.is_connected()) {
            slot.assign([self](asio::cancellation_type) { self->cancel(); });
        }
        if (!deadline.never()) self->timer.arm(EventLoop::current(), deadline.at(), *self, source);
        source.add(*self);
    }

    void wake(Wake why) override {
        timer.disarm();
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) slot.clear();
        Handler handler(std::move(handler_));
        release();  // the memory is free for the next wait of the resumed coroutine
        const TaskContext::Scope scope(asio::get_associated_executor(handler).task_context());
        std::move(handler)(why);
    }

    void drop() noexcept override {
        timer.disarm();
        const Handler handler(std::move(handler_));
        release();
    }

    /// May be called from inside the slot, which must not be emptied under its own feet: the coroutine
    /// resumes in a job.
    void cancel() override {
        if (std::exchange(cancelling_, true)) return;
        source_.forget(*this);
        timer.disarm();
        EventLoop::current().post(Cancelled(this));
    }

private:
    /// Owns a waiter on its way through the job queue.
    struct Cancelled {
        explicit Cancelled(WaiterOf* w) : waiter(w) {}

        Cancelled(Cancelled&& other) noexcept : waiter(std::exchange(other.waiter, nullptr)) {}

        Cancelled& operator=(Cancelled&&) = delete;

        ~Cancelled() {
            if (waiter) waiter->drop();
        }

        void operator()() && { std::exchange(waiter, nullptr)->wake(Wake::cancelled); }

        WaiterOf* waiter;
    };

    void release() noexcept {
        std::destroy_at(this);
        detail::deallocate_frame(this, sizeof(WaiterOf));
    }

    Handler handler_;
    WaitSource& source_;
    bool cancelling_ = false;
};

}  // namespace

TimedWait& TimedWait::of(Waiter& waiter) noexcept {
    return static_cast<TimedWaiter&>(waiter).timer;
}

Task<Wake> wait_on(WaitSource& source, Deadline deadline) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Wake)>(
        [](auto handler, WaitSource* on, Deadline until) {
            WaiterOf<decltype(handler)>::start(std::move(handler), *on, until);
        },
        asio::use_awaitable_t<Executor>(),
        &source,
        deadline
    );
}

void throw_cancelled() {
    throw boost::system::system_error(asio::error::operation_aborted);
}

bool detail::on_loop_thread(const EventLoop& loop) noexcept {
    return loop_of_thread == &loop;
}

void detail::post(EventLoop& loop, Job* job) noexcept {
    loop.post_job(job);
}

asio::execution_context& detail::context_of(EventLoop& loop) noexcept {
    return loop;
}

EventLoop::EventLoop(std::size_t index, const Clock& clock)
    : index_(index),
      clock_(clock),
      epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      now_(clock.now()) {
    FLT_ASSERT(epoll_fd_ >= 0 && wake_fd_ >= 0);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = nullptr;
    FLT_ASSERT(::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) == 0);
}

EventLoop::~EventLoop() {
    // What is still suspended or queued is destroyed, not resumed. Whoever waits for a Signal belongs to the
    // owner of that.
    drop_jobs();
    drop_waiters();
    drop_jobs();  // what the destructors have posted
    bury_the_dead();
    shutdown();
    ::close(wake_fd_);
    ::close(epoll_fd_);
}

void EventLoop::drop_jobs() noexcept {
    for (;;) {
        take_remote_jobs();
        detail::Job* job = std::exchange(jobs_head_, nullptr);
        jobs_tail_ = nullptr;
        if (!job) return;
        while (job) {
            detail::Job* const next = job->next;
            job->drop();
            job = next;
        }
    }
}

void EventLoop::drop_waiters() noexcept {
    while (!timers_.empty()) {
        const TimerEntry entry = *timers_.begin()->second;
        entry.source->forget(*entry.waiter);
        entry.waiter->drop();
    }
    for (DescriptorState* state = descriptors_; state;) {
        // Dropping may close any descriptor, this one too: begin anew.
        state = state->drop_waiter() ? descriptors_ : state->next;
    }
}

bool EventLoop::on_this_thread() const noexcept {
    return loop_of_thread == this;
}

EventLoop& EventLoop::current() noexcept {
    FLT_ASSERT(loop_of_thread != nullptr);
    return *loop_of_thread;
}

void EventLoop::run() {
    FLT_ASSERT(loop_of_thread == nullptr);
    loop_of_thread = this;
    const FrameMemory frames;
    const HandlerCache handlers;
    now_ = clock_.now();
    while (!stop_.load(std::memory_order_acquire)) {
        run_jobs();
        fire_timers();
        sweep_descriptors();
        poll();
    }
    loop_of_thread = nullptr;
}

void EventLoop::stop() noexcept {
    stop_.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

void EventLoop::post_job(detail::Job* job) noexcept {
    job->next = nullptr;
    if (on_this_thread()) {
        (jobs_tail_ ? jobs_tail_->next : jobs_head_) = job;
        jobs_tail_ = job;
        return;
    }
    detail::Job* head = remote_jobs_.load(std::memory_order_relaxed);
    do {
        job->next = head;
    } while (
        !remote_jobs_.compare_exchange_weak(head, job, std::memory_order_seq_cst, std::memory_order_relaxed)
    );
    // Sequentially consistent on both sides: either the loop sees the job before it sleeps, or we see it
    // sleeping.
    if (sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false)) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
    }
}

void EventLoop::bury_the_dead() noexcept {
    while (graveyard_) {
        DescriptorState* dead = graveyard_;
        graveyard_ = dead->next_dead;
        delete dead;
    }
}

void EventLoop::take_remote_jobs() noexcept {
    detail::Job* newest_first = remote_jobs_.exchange(nullptr, std::memory_order_acquire);
    detail::Job* oldest_first = nullptr;
    detail::Job* tail = newest_first;
    while (newest_first) {
        detail::Job* next = newest_first->next;
        newest_first->next = oldest_first;
        oldest_first = newest_first;
        newest_first = next;
    }
    if (!oldest_first) return;
    (jobs_tail_ ? jobs_tail_->next : jobs_head_) = oldest_first;
    jobs_tail_ = tail;
}

void EventLoop::run_jobs() {
    take_remote_jobs();
    // Only what is queued now: a job that posts again waits for the next round, so that I/O is never starved.
    detail::Job* job = std::exchange(jobs_head_, nullptr);
    jobs_tail_ = nullptr;
    std::uint64_t count = 0;
    for (; job; ++count) {
        detail::Job* next = job->next;
        job->run();
        job = next;
    }
    if (count) jobs_run_.fetch_add(count, std::memory_order_relaxed);
}

void EventLoop::fire_timers() {
    while (!timers_.empty() && timers_.begin()->first <= now_) {
        const TimerEntry entry = *timers_.begin()->second;
        timers_.erase(timers_.begin());
        TimedWait::of(*entry.waiter).fired();
        entry.source->forget(*entry.waiter);
        entry.waiter->wake(Wake::timed_out);
    }
}

void EventLoop::sweep_descriptors() {
    if (now_ < next_sweep_) return;
    TimePoint earliest = TimePoint::max();
    next_sweep_ = TimePoint::max();
    for (DescriptorState* state = descriptors_; state;) {
        // Waking may close any descriptor; closed ones keep their memory and their `next` until the round
        // ends.
        DescriptorState* const next = state->next;
        earliest = std::min(earliest, state->expire(now_));
        state = next;
    }
    next_sweep_ = std::min(
        next_sweep_, earliest == TimePoint::max() ? earliest : std::max(earliest, now_ + sweep_interval)
    );
}

int EventLoop::poll_timeout() const noexcept {
    if (jobs_head_) return 0;
    TimePoint next = next_sweep_;
    if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
    if (next == TimePoint::max()) return -1;
    const TimePoint now = clock_.now();
    if (next <= now) return 0;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);
    return static_cast<int>(std::min<std::int64_t>(wait.count(), 60'000));
}

void EventLoop::poll() {
    const TimePoint before = clock_.now();
    const Duration round = before - now_;
    busy_ns_.fetch_add(round.count(), std::memory_order_relaxed);
    if (round.count() > longest_round_ns_.load(std::memory_order_relaxed))
        longest_round_ns_.store(round.count(), std::memory_order_relaxed);
    rounds_.fetch_add(1, std::memory_order_relaxed);

    int timeout = poll_timeout();
    sleeping_.store(true, std::memory_order_seq_cst);
    if (remote_jobs_.load(std::memory_order_seq_cst) || stop_.load()) timeout = 0;
    std::array<epoll_event, events_per_round> events;
    const int count = ::epoll_wait(epoll_fd_, events.data(), events_per_round, timeout);
    sleeping_.store(false, std::memory_order_relaxed);
    now_ = clock_.now();

    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr) {
            static_cast<DescriptorState*>(event.data.ptr)->on_events(event.events);
        } else {
            std::uint64_t value = 0;
            [[maybe_unused]] const auto got = ::read(wake_fd_, &value, sizeof value);
        }
    }
    bury_the_dead();
}

LoopStats EventLoop::stats() noexcept {
    return {
        .rounds = rounds_.load(std::memory_order_relaxed),
        .jobs = jobs_run_.load(std::memory_order_relaxed),
        .busy = Duration(busy_ns_.load(std::memory_order_relaxed)),
        .longest_round = Duration(longest_round_ns_.exchange(0, std::memory_order_relaxed)),
    };
}

namespace {

/// Nothing ever happens here but the deadline.
class Never final : public WaitSource {
public:
    void add(Waiter&) override {}

    void forget(Waiter&) noexcept override {}
};

}  // namespace

Task<> sleep_until(TimePoint at) {
    Never never;
    if (const auto wake = co_await wait_on(never, Deadline(at)); wake == Wake::cancelled) throw_cancelled();
}

Task<> sleep_for(Duration span) {
    co_await sleep_until(Deadline::after(EventLoop::current().clock().now(), span).at());
}

Task<> yield() {
    co_await sleep_until(TimePoint{});
}

Signal::~Signal() {
    FLT_ASSERT(head_ == nullptr);
    if (notifying_) *notifying_ = true;
}

Task<Wake> Signal::wait(Deadline deadline) {
    const Wake why = co_await wait_on(*this, deadline);
    if (why == Wake::cancelled) throw_cancelled();
    co_return why;
}

bool Signal::notify_one() {
    if (!head_) return false;
    Waiter& waiter = *head_;
    forget(waiter);
    waiter.wake(Wake::ready);
    return true;
}

void Signal::notify_all() {
    bool died = false;
    bool* const outer = std::exchange(notifying_, &died);
    newcomer_ = nullptr;
    while (head_ && head_ != newcomer_) {
        Waiter* const waiter = head_;
        forget(*waiter);
        waiter->wake(Wake::ready);
        if (died) {
            if (outer) *outer = true;
            return;
        }
    }
    // For a notify_all around this one, all that are left are newcomers too.
    newcomer_ = head_;
    notifying_ = outer;
}

void Signal::add(Waiter& waiter) {
    waiter.next = nullptr;
    waiter.previous = tail_;
    (tail_ ? tail_->next : head_) = &waiter;
    tail_ = &waiter;
    if (notifying_ && !newcomer_) newcomer_ = &waiter;
}

void Signal::forget(Waiter& waiter) noexcept {
    if (newcomer_ == &waiter) newcomer_ = waiter.next;
    (waiter.previous ? waiter.previous->next : head_) = waiter.next;
    (waiter.next ? waiter.next->previous : tail_) = waiter.previous;
}

}  // namespace flotilla::runtime
