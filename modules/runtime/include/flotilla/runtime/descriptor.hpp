#pragma once
/// Readiness of one non-blocking file descriptor on one loop: the seam between system calls and coroutines.

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
