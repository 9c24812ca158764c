// What stands around the attempts of a call, from outside to inside: retry, circuit breaker, rate limiter,
// time limit, bulkhead, timer.

#include "client.hpp"
#include "flotilla/http/error.hpp"
#include "flotilla/resilience/bulkhead.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "flotilla/resilience/rate_limiter.hpp"
#include "flotilla/resilience/retry.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/resilience/timer.hpp"
#include "remote_core.hpp"

namespace flotilla::remote::detail {

namespace {

using resilience::RateLimiter;

/// As policies are configured to see it: an answer by its status, everything else by its code.
Error seen_by_policies(const CallError& error) {
    if (error.kind() == ErrorKind::status)
        return {http::make_error_code(static_cast<http::Status>(error.status())), error.message()};
    return error;
}

/// The caller's own doing: he had no time, asked for nonsense, or left. Many may leave at the same moment.
bool says_nothing_of_the_service(ErrorKind kind) {
    return kind == ErrorKind::deadline || kind == ErrorKind::invalid || kind == ErrorKind::cancelled;
}

/// Wakes a coroutine on its loop, from any thread. Outlives it: the message may still be on its way.
struct Admission final : resilience::Waiter {
    struct Shared {
        explicit Shared(runtime::EventLoop& its_loop) : loop(its_loop) {}

        runtime::EventLoop& loop;
        runtime::Signal signal;
        bool admitted = false;
    };

    Admission() : shared(std::make_shared<Shared>(runtime::EventLoop::current())) {}

    void admitted() noexcept override {
        shared->loop.post([to = shared] {
            to->admitted = true;
            to->signal.notify_all();
        });
    }

    const std::shared_ptr<Shared> shared;
};

/// Leaves the queue when its owner is cancelled while he waits; a place that he was given meanwhile is given
/// back.
template <class Bulkhead>
class Queueing {
public:
    Queueing(Bulkhead& bulkhead, Admission& admission) : bulkhead_(bulkhead), admission_(admission) {}

    ~Queueing() {
        if (waiting_ && !bulkhead_.leave_queue(admission_)) (void)bulkhead_.permit_of(admission_);
    }

    Queueing(const Queueing&) = delete;
    Queueing& operator=(const Queueing&) = delete;

    void done() noexcept { waiting_ = false; }

private:
    Bulkhead& bulkhead_;
    Admission& admission_;
    bool waiting_ = true;
};

/// A place in the bulkhead, or nothing when there is none in time.
template <class Bulkhead>
Task<typename Bulkhead::Permit> enter(Bulkhead& bulkhead, Deadline patience) {
    using Permit = typename Bulkhead::Permit;
    Admission admission;
    const auto entry = bulkhead.enter(admission);
    if (entry == resilience::Entry::refused) co_return Permit();
    if (entry == resilience::Entry::waiting) {
        Queueing<Bulkhead> queueing(bulkhead, admission);
        while (!admission.shared->admitted) {
            const runtime::Wake wake = co_await admission.shared->signal.wait(patience);
            if (wake != runtime::Wake::timed_out) continue;
            queueing.done();
            if (bulkhead.leave_queue(admission)) co_return Permit();
            break;  // admitted in the last moment
        }
        queueing.done();
    }
    co_return bulkhead.permit_of(admission);
}

/// Counts those who wait for their turn, also when they are cancelled.
struct Turn {
    explicit Turn(RateLimiter& its_limiter) : limiter(its_limiter) { limiter.begin_wait(); }

    ~Turn() { limiter.end_wait(); }

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    RateLimiter& limiter;
};

}  // namespace

Task<Method::Failure> Method::guarded(OutgoingRequest request, Call call) const {
    // What may not be sent twice is not, whatever is configured.
    if (!guards_.retry || !request.replayable()) co_return co_await inside_breaker(std::move(request), call);
    auto attempts = guards_.retry->start(&client_.budget, call.deadline);
    for (;;) {
        auto failure = co_await inside_breaker(request, call);
        const TimePoint now = core_.clock.now();
        if (!failure) {
            (void)attempts.succeeded(now);
            co_return failure;
        }
        const auto wait = attempts.failed(seen_by_policies(*failure), now);
        if (!wait) co_return failure;
        if (*wait > Duration::zero()) co_await runtime::sleep_until(now + *wait);
    }
}

Task<Method::Failure> Method::inside_breaker(OutgoingRequest request, Call call) const {
    const TimePoint began = core_.clock.now();
    resilience::CircuitBreaker::Permit permit;
    if (guards_.breaker) {
        permit = guards_.breaker->try_acquire(began);
        if (!permit) co_return CallError(ErrorKind::not_permitted, guards_.breaker->refusal().message());
    }
    Failure failure;
    if (guards_.rate_limiter) {
        const auto wait = guards_.rate_limiter->reserve_within(
            std::min(guards_.rate_limiter->config().timeout_duration, call.deadline.left(began)), began
        );
        if (!wait) {
            failure = CallError(ErrorKind::rejected, guards_.rate_limiter->refusal().message());
        } else if (*wait > Duration::zero()) {
            const Turn turn(*guards_.rate_limiter);
            co_await runtime::sleep_until(began + *wait);
        }
    }
    bool limit_is_nearest = false;
    if (guards_.time_limiter && !failure) {
        const Deadline limit = guards_.time_limiter->deadline(core_.clock.now());
        limit_is_nearest = limit.at() < call.deadline.at();
        call.deadline = call.deadline.or_sooner(limit);
    }
    resilience::Bulkhead::Permit place;
    if (guards_.bulkhead && !failure) {
        const Duration patience = guards_.bulkhead->config().max_wait_duration;
        if (patience == Duration::zero())
            place = guards_.bulkhead->try_enter();
        else
            place =
                co_await enter(*guards_.bulkhead, call.deadline.or_sooner(Deadline::after(began, patience)));
        if (!place) failure = CallError(ErrorKind::rejected, guards_.bulkhead->refusal().message());
    }
    resilience::QueueBulkhead::Permit thread;
    if (guards_.queue_bulkhead && !failure) {
        thread = co_await enter(*guards_.queue_bulkhead, call.deadline);
        if (!thread) failure = CallError(ErrorKind::rejected, guards_.queue_bulkhead->refusal().message());
    }
    const bool asked = !failure;
    TimePoint started = began;
    if (asked && guards_.timer) started = guards_.timer->start(core_.clock.now());
    if (asked) failure = co_await innermost(std::move(request), call);
    thread.leave();
    place.leave();

    const TimePoint now = core_.clock.now();
    if (asked && guards_.timer) {
        if (failure) {
            guards_.timer->failed(started, now, seen_by_policies(*failure));
        } else {
            guards_.timer->succeeded(started, now);
        }
    }
    if (asked && guards_.time_limiter) {
        if (!failure) {
            guards_.time_limiter->succeeded(now);
        } else if (failure->kind() == ErrorKind::timeout && limit_is_nearest && call.deadline.passed(now)) {
            CallError expired(ErrorKind::timeout, guards_.time_limiter->timed_out(now).message());
            expired.tried(failure->attempts(), failure->instance());
            failure = std::move(expired);
        } else {
            guards_.time_limiter->failed(now, seen_by_policies(*failure));
        }
    }
    if (permit) {
        if (!failure)
            permit.succeeded(now);
        else if (says_nothing_of_the_service(failure->kind()))
            permit.release();
        else
            permit.failed(now, seen_by_policies(*failure));
    }
    co_return failure;
}

}  // namespace flotilla::remote::detail
