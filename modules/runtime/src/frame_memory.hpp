#pragma once
// What a loop's thread keeps of freed frames; see detail::allocate_frame.

#include <cstddef>

namespace flotilla::runtime {

/// While it lives, its thread keeps freed frames; in the end they go back to the heap. One to a thread.
class FrameMemory {
public:
    /// More than this is not kept: the frames of some 400 requests in flight.
    static constexpr std::size_t limit = 2 * 1024 * 1024;

    FrameMemory() noexcept;
    ~FrameMemory();
    FrameMemory(const FrameMemory&) = delete;
    FrameMemory& operator=(const FrameMemory&) = delete;

    /// Under sanitizers everything goes to the heap, where they see its use after its end.
    static bool pools() noexcept;
    /// What the calling thread keeps, in bytes.
    static std::size_t kept() noexcept;
};

}  // namespace flotilla::runtime
