#include "frame_boundary.hpp"

#include <algorithm>

namespace flotilla::proxy {

std::size_t FrameBoundary::header_needed() const noexcept {
    if (header_size_ < 2) return 2;
    const unsigned length = header_[1] & 0x7f;
    const std::size_t mask = (header_[1] & 0x80) != 0 ? 4 : 0;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    return 2 + extended + mask;
}

void FrameBoundary::header_complete() noexcept {
    const unsigned length = header_[1] & 0x7f;
    payload_ = length;
    if (length >= 126) {
        payload_ = 0;
        const std::size_t bytes = length == 126 ? 2 : 8;
        for (std::size_t i = 0; i < bytes; ++i) payload_ = payload_ << 8 | header_[2 + i];
    }
    if ((header_[0] & 0x0f) == 8) close_passed_ = true;
    header_size_ = 0;
}

void FrameBoundary::pass(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        if (payload_ > 0) {
            const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(payload_, bytes.size()));
            payload_ -= skipped;
            bytes.remove_prefix(skipped);
            continue;
        }
        header_[header_size_++] = static_cast<std::uint8_t>(bytes.front());
        bytes.remove_prefix(1);
        if (header_size_ == header_needed()) header_complete();
    }
}

}  // namespace flotilla::proxy
