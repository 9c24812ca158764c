#pragma once
/// Memory that lives as long as one exchange: what filters write needs no heap for the usual few hundred
/// bytes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

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

/// A list of a few things in an arena, which takes its room when the first one comes. There is nothing to be
/// done at its end.
template <class T>
class ArenaList {
    static_assert(std::is_trivially_destructible_v<T>);

public:
    ArenaList(Arena& arena, std::size_t most) noexcept
        : arena_(&arena), most_(static_cast<std::uint32_t>(most)) {}

    /// Does nothing when the list is full.
    void add(const T& item) {
        if (size_ == most_) return;
        if (!items_) items_ = static_cast<T*>(arena_->resource()->allocate(most_ * sizeof(T), alignof(T)));
        new (items_ + size_++) T(item);
    }

    /// Forgets all beyond that many.
    void shrink(std::size_t size) noexcept {
        if (size < size_) size_ = static_cast<std::uint32_t>(size);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] std::span<const T> all() const noexcept { return {items_, size_}; }

    [[nodiscard]] std::span<T> all() noexcept { return {items_, size_}; }

private:
    Arena* arena_;
    T* items_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint32_t most_;
};

}  // namespace flotilla::gateway
