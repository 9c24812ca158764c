#pragma once
// What a loop keeps for each registered descriptor. Its memory outlives the descriptor by the rest of the
// round, because an event for it may already have been fetched.

#include <utility>

#include "flotilla/runtime/descriptor.hpp"

namespace flotilla::runtime {

class DescriptorState {
public:
    struct Direction final : WaitSource {
        Waiter* waiter = nullptr;
        TimePoint deadline = TimePoint::max();
        bool maybe_ready = true;
        EventLoop* loop = nullptr;
        std::uint64_t round = 0;  // the one in which `moved` was
        std::size_t moved = 0;

        [[nodiscard]] bool turn_is_over() const noexcept;
        void has_moved(std::size_t bytes) noexcept;

        void add(Waiter& w) override;

        void forget(Waiter& w) noexcept override {
            if (waiter != &w) return;
            waiter = nullptr;
            deadline = TimePoint::max();
        }

        void wake(Wake why) {
            deadline = TimePoint::max();
            if (Waiter* const woken = std::exchange(waiter, nullptr)) woken->wake(why);
        }

        void expire(TimePoint now) {
            if (deadline <= now) wake(maybe_ready ? Wake::ready : Wake::timed_out);
        }

        void set_deadline(TimePoint at) noexcept;
    };

    static DescriptorState* open(EventLoop& loop, int fd);
    static void close(DescriptorState* state) noexcept;

    void on_events(std::uint32_t events);
    /// Lets the next round begin with an event for what is ready now.
    void announce_again() noexcept;
    /// Destroys one coroutine that waits here; false when there is none.
    bool drop_waiter() noexcept;
    /// Wakes the directions whose deadline has passed; the earliest deadline that is left.
    TimePoint expire(TimePoint now);

    EventLoop* loop = nullptr;
    int fd = -1;
    bool hung_up = false;
    HangUpListener* hang_up_listener = nullptr;
    Direction read;
    Direction write;
    DescriptorState* next = nullptr;
    DescriptorState* previous = nullptr;
    DescriptorState* next_dead = nullptr;  // not `next`, which a sweep in progress may still follow
};

}  // namespace flotilla::runtime
