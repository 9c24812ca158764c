#include "flotilla/runtime/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace flotilla::runtime {

namespace {

/// Room for what a socket has to give at once; what the kernel gives without being asked is 64 KiB.
constexpr int wanted_size = 256 * 1024;

}  // namespace

Result<Pipe> Pipe::open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) < 0)
        return fail(Errc::unavailable, "pipe: " + std::system_category().message(errno));
    // A user has so much for all his pipes; beyond it they stay small.
    (void)::fcntl(ends[1], F_SETPIPE_SZ, wanted_size);
    return Pipe(ends[0], ends[1]);
}

Pipe::~Pipe() {
    if (out_ < 0) return;
    ::close(out_);
    ::close(in_);
}

}  // namespace flotilla::runtime
