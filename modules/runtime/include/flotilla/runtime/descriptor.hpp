#pragma once
/// Readiness of one non-blocking file descriptor on one loop: the seam between system calls and coroutines.

#include <cstddef>
#include <cstdint>

#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::runtime {

/// Told when the other side of a connection hangs up.
class HangUpListener {
public:
    virtual void on_hang_up() noexcept = 0;

protected:
    ~HangUpListener() = default;
};

/// Owns a descriptor and closes it. Its readiness is remembered edge by edge, so that a caller who knows that
/// nothing is left to read (a short read) waits without asking the kernel again: one read per message.
///
/// A connection whose other side is always ready would keep the loop for itself: in each round it has a turn,
/// so many bytes in each direction, and then waits for the next one as if nothing were there.
///
/// At most one coroutine waits for each direction. Deadlines are checked every 10 ms or more.
class Descriptor {
public:
    /// Takes over `fd`, which must be non-blocking.
    Descriptor(EventLoop& loop, int fd);
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    [[nodiscard]] int fd() const noexcept;
    [[nodiscard]] EventLoop& loop() const noexcept;

    /// False when the last read left nothing behind and no event has come since.
    [[nodiscard]] bool maybe_readable() const noexcept;
    [[nodiscard]] bool maybe_writable() const noexcept;
    void mark_drained() noexcept;
    void mark_full() noexcept;
    /// Whether to try: not when nothing can be there, nor when its turn in this round is over.
    [[nodiscard]] bool may_read() noexcept;
    [[nodiscard]] bool may_write() noexcept;
    /// What its turn is measured by.
    void has_read(std::size_t bytes) noexcept;
    void has_written(std::size_t bytes) noexcept;
    /// For who only looks whether something is there, or has a last word: "not now" is not "nothing".
    void begin_turn() noexcept;
    /// The other side has closed its half, or all of it; there may be bytes left to read.
    [[nodiscard]] bool peer_closed() const noexcept;

    /// Calls the listener once, on the loop, when the other side closes; null for nobody. Not called for a
    /// hang-up that has been seen: ask `peer_closed` first.
    void listen_for_hang_up(HangUpListener* listener) noexcept;

    /// Waits until a read (write) is worth trying, which may be now. `ready`, `timed_out`, or `cancelled`
    /// after `cancel()`; throws when the task itself is cancelled.
    Task<Wake> readable(Deadline deadline = {});
    Task<Wake> writable(Deadline deadline = {});

    /// Wakes whoever waits with `Wake::cancelled`.
    void cancel();

private:
    DescriptorState* state_;
};

}  // namespace flotilla::runtime
