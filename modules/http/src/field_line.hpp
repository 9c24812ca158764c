#pragma once
// Appends `Name: value` and its line end with one look at the string's capacity.

#include <cstring>
#include <string>
#include <string_view>

namespace flotilla::http::detail {

/// Short texts are most of what is copied here: without a call for each.
inline char* copy_short(char* to, std::string_view text) noexcept {
    const std::size_t size = text.size();
    const char* const from = text.data();
    if (size > 32) {
        std::memcpy(to, from, size);
    } else if (size >= 16) {
        // The two halves may overlap.
        std::memcpy(to, from, 16);
        std::memcpy(to + size - 16, from + size - 16, 16);
    } else if (size >= 8) {
        std::memcpy(to, from, 8);
        std::memcpy(to + size - 8, from + size - 8, 8);
    } else {
        for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
    }
    return to + size;
}

inline void append_line(std::string& out, std::string_view name, std::string_view value) {
    const std::size_t before = out.size();
    const std::size_t size = before + name.size() + value.size() + 4;
    // The second argument may be more than was asked for (libstdc++ 12 rounds it up), so it is not what is
    // returned.
    out.resize_and_overwrite(size, [&](char* text, std::size_t) {
        char* to = copy_short(text + before, name);
        std::memcpy(to, ": ", 2);
        to = copy_short(to + 2, value);
        std::memcpy(to, "\r\n", 2);
        return size;
    });
}

}  // namespace flotilla::http::detail
