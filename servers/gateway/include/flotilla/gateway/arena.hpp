#pragma once
/// Memory that lives as long as one exchange: what filters write needs no heap for the usual few hundred
/// bytes.

#include <array>
#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <string_view>

namespace flotilla::gateway {

class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// A copy that stays.
    std::string_view keep(std::string_view text) {
        if (text.empty()) return {"", 0};
        return {
            static_cast<const char*>(std::memcpy(room(text.size()), text.data(), text.size())), text.size()
        };
    }

    /// One text of several parts.
    template <class... Parts>
    std::string_view join(const Parts&... parts) {
        const std::size_t size = (std::string_view(parts).size() + ... + 0);
        if (size == 0) return {"", 0};
        char* const text = room(size);
        char* at = text;
        (..., [&](std::string_view part) {
            if (!part.empty()) std::memcpy(at, part.data(), part.size());
            at += part.size();
        }(std::string_view(parts)));
        return {text, size};
    }

    char* room(std::size_t size) { return static_cast<char*>(memory_.allocate(size, 1)); }

    [[nodiscard]] std::pmr::memory_resource* resource() noexcept { return &memory_; }

private:
    std::array<std::byte, 2048>
        first_;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
    std::pmr::monotonic_buffer_resource memory_{first_.data(), first_.size()};
};

}  // namespace flotilla::gateway
