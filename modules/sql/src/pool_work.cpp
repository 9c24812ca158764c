#include <exception>
#include <mutex>
#include <optional>

#include "pool.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;

/// How long a cancelled work may take to end before it is asked again, and how often it is asked.
constexpr Duration grace = 250ms;
constexpr int graces = 4;

}  // namespace

/// One piece of work on a thread. Shared by that thread and the caller, who may leave first.
struct Pool::Call {
    explicit Call(runtime::EventLoop& loop) noexcept : home(loop) {}

    runtime::EventLoop& home;
    // On the home loop only, and written by the thread before it posts there:
    runtime::Signal signal;
    bool finished = false;
    std::optional<Result<Rows>> result;
    std::exception_ptr failure;

    // Held while somebody cancels, which may take a second: not for the loop.
    std::mutex running_mutex;
    Connection* running = nullptr;  // while it works
    bool cancelled = false;         // before it worked

    std::mutex mutex;        // held for moments
    bool abandoned = false;  // the caller has gone
    LeasePtr lease;          // for the caller, after the work
};

/// The caller's side: takes the lease back, or makes sure that nobody misses it.
class Pool::Attending {
public:
    Attending(Pool& pool, std::shared_ptr<Call> call, Heirs* heirs) noexcept
        : pool_(pool), call_(std::move(call)), heirs_(heirs) {}

    ~Attending() {
        LeasePtr left;
        {
            const std::lock_guard lock(call_->mutex);
            call_->abandoned = true;
            left = std::move(call_->lease);
        }
        if (left) pool_.dispose(std::move(left));
        if (call_->finished) return;
        if (heirs_)
            heirs_->inherit([&pool = pool_, call = call_] { pool.cancel(call); });
        else
            pool_.cancel(call_);
    }

    Attending(const Attending&) = delete;
    Attending& operator=(const Attending&) = delete;

private:
    Pool& pool_;
    std::shared_ptr<Call> call_;
    Heirs* heirs_;
};

void Pool::do_work(Call& call, LeasePtr& lease, bool keep, Work& work, Deadline deadline) {
    try {
        auto ready = make_ready(lease->slot, deadline);
        bool go = ready.has_value();
        if (!go) {
            call.result.emplace(flotilla::fail(std::move(ready).error()));
        } else {
            const std::lock_guard lock(call.running_mutex);
            go = !call.cancelled;
            if (go) call.running = lease->slot.connection.get();
        }
        if (go) {
            call.result.emplace(work(*lease->slot.connection, deadline));
        } else if (!call.result) {
            call.result.emplace(fail(SqlErrc::timed_out, "the statement was stopped before it began"));
        }
    } catch (...) {
        call.failure = std::current_exception();
    }
    {
        // Whoever cancels it has done so, and nobody begins to.
        const std::lock_guard lock(call.running_mutex);
        call.running = nullptr;
    }
    LeasePtr done = std::move(lease);
    const std::lock_guard lock(call.mutex);
    if (keep && !call.abandoned) call.lease = std::move(done);
    // Otherwise it goes back now, before the caller knows: another one may be waiting for it.
}

void Pool::cancel(const std::shared_ptr<Call>& call) noexcept {
    (void)threads_->submit([call] {
        const std::lock_guard lock(call->running_mutex);
        call->cancelled = true;
        if (call->running) call->running->cancel();
    });
}

Task<Result<Rows>> Pool::perform(LeasePtr& lease, bool keep, Work work, Deadline deadline, Heirs* heirs) {
    const auto call = std::make_shared<Call>(runtime::EventLoop::current());
    const Attending attending(*this, call, heirs);
    const Deadline patience = heirs ? heirs->patience() : deadline;
    const bool others_go_on = patience < deadline;
    // The pool outlives its threads, see close().
    auto job = [this, call, held = std::move(lease), keep, work = std::move(work), deadline]() mutable {
        do_work(*call, held, keep, work, deadline);
        work = nullptr;
        call->home.post([call] {
            call->finished = true;
            call->signal.notify_all();
        });
    };
    if (!threads_->submit(std::move(job))) co_return fail(SqlErrc::closed);

    for (int asked = 0; !call->finished;) {
        const Deadline until = asked == 0 ? patience : Deadline::after(clock_.now(), grace);
        const runtime::Wake wake = co_await call->signal.wait(until);
        if (wake != runtime::Wake::timed_out || call->finished) continue;
        if (others_go_on) co_return fail(SqlErrc::timed_out, "others wait longer for it");
        if (asked++ == graces) co_return fail(SqlErrc::timed_out, "the statement does not stop");
        cancel(call);
    }
    {
        const std::lock_guard lock(call->mutex);
        lease = std::move(call->lease);
    }
    if (call->failure) std::rethrow_exception(call->failure);
    co_return std::move(*call->result);
}

}  // namespace flotilla::sql
