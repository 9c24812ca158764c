#include "handshake_turn.hpp"

#include <utility>

namespace flotilla::runtime {

namespace {

struct Turns {
    TimePoint round = TimePoint::min();  // in which somebody had his turn
    bool called = false;                 // the next one is called by a job in the loop's queue
    Signal waiting;
};

/// Of the loop that runs on this thread.
thread_local Turns turns;

/// In the job that calls the next one; a loop that ends may drop it.
class Calling {
public:
    Calling() { turns.called = true; }

    Calling(Calling&& other) noexcept : holds_(std::exchange(other.holds_, false)) {}

    Calling& operator=(Calling&&) = delete;

    ~Calling() { done(); }

    void done() noexcept {
        if (std::exchange(holds_, false)) turns.called = false;
    }

private:
    bool holds_ = true;
};

void call_next(EventLoop& loop) {
    if (turns.called) return;
    loop.post([&loop, calling = Calling()]() mutable {
        calling.done();
        turns.round = loop.now();
        turns.waiting.notify_one();
        if (turns.waiting.has_waiters()) call_next(loop);
    });
}

}  // namespace

Task<Wake> handshake_turn(Deadline deadline) {
    EventLoop& loop = EventLoop::current();
    if (turns.round != loop.now() && !turns.waiting.has_waiters()) {
        turns.round = loop.now();
        co_return Wake::ready;
    }
    call_next(loop);
    co_return co_await turns.waiting.wait(deadline);
}

}  // namespace flotilla::runtime
