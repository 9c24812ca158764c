#pragma once
/// One code point to UTF-8.

#include <cstdint>
#include <string>

namespace flotilla::reflect::detail {

/// `point` is a Unicode scalar value.
inline void append_utf8(std::string& out, std::uint32_t point) {
    const auto tail = [&](int shift) { out.push_back(static_cast<char>(0x80 | ((point >> shift) & 0x3F))); };
    if (point < 0x80) {
        out.push_back(static_cast<char>(point));
    } else if (point < 0x800) {
        out.push_back(static_cast<char>(0xC0 | (point >> 6)));
        tail(0);
    } else if (point < 0x10000) {
        out.push_back(static_cast<char>(0xE0 | (point >> 12)));
        tail(6);
        tail(0);
    } else {
        out.push_back(static_cast<char>(0xF0 | (point >> 18)));
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace flotilla::reflect::detail
