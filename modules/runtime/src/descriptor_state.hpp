#pragma once
// What a loop keeps for each registered descriptor. Its memory outlives the descriptor by the rest of the
// round, because an event for it may already have been fetched.

#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::runtime {

class DescriptorState {
public:
    struct Direction final : WaitSource {
        Waiter* waiter = nullptr;
        TimePoint deadline = TimePoint::max();
        bool maybe_ready = true;

        void add(Waiter& w) override { waiter = &w; }

        void forget(Waiter& w) noexcept override {
            if (waiter == &w) waiter = nullptr;
        }

        void wake(Wake why) {
            if (!waiter) return;
            Waiter& woken = *waiter;
            waiter = nullptr;
            deadline = TimePoint::max();
            woken.wake(why);
        }
    };

    static DescriptorState* open(EventLoop& loop, int fd);
    static void close(DescriptorState* state) noexcept;

    void on_events(std::uint32_t events);
    /// Wakes the directions whose deadline has passed; the earliest deadline that is left.
    TimePoint expire(TimePoint now);

    EventLoop* loop = nullptr;
    int fd = -1;
    bool hung_up = false;
    Direction read;
    Direction write;
    DescriptorState* next = nullptr;
    DescriptorState* previous = nullptr;
    DescriptorState* next_dead = nullptr;  // not `next`, which a sweep in progress may still follow

    void set_deadline(Direction& direction, Deadline deadline) noexcept;
};

}  // namespace flotilla::runtime
