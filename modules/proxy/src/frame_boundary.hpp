#pragma once
// Where the frames of a WebSocket end in a stream of bytes, and whether one of them says good-bye.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flotilla::proxy {

class FrameBoundary {
public:
    /// What has gone by.
    void pass(std::string_view bytes) noexcept;

    /// The next byte begins a frame.
    [[nodiscard]] bool between_frames() const noexcept { return header_size_ == 0 && payload_ == 0; }

    [[nodiscard]] bool close_passed() const noexcept { return close_passed_; }

private:
    [[nodiscard]] std::size_t header_needed() const noexcept;
    void header_complete() noexcept;

    std::array<std::uint8_t, 14> header_{};
    std::size_t header_size_ = 0;
    std::uint64_t payload_ = 0;  // bytes of it still to come
    bool close_passed_ = false;
};

}  // namespace flotilla::proxy
