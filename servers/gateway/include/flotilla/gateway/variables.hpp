#pragma once
/// What path and host patterns have captured, by name: `{segment}` in the values of filters.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "flotilla/gateway/arena.hpp"

namespace flotilla::gateway {

/// At most sixteen; further ones are forgotten. Texts live in the arena or in what was matched.
class Variables {
public:
    static constexpr std::size_t most = 16;

    explicit Variables(Arena& arena) noexcept : arena_(&arena) {}

    /// The later of two of one name wins.
    void set(std::string_view name, std::string_view value) {
        for (std::size_t i = 0; i < size_; ++i) {
            if (items_[i].first != name) continue;
            items_[i].second = value;
            return;
        }
        if (size_ < most) items_[size_++] = {name, value};
    }

    /// For a text that does not stay.
    void set_copy(std::string_view name, std::string_view value) { set(name, arena_->keep(value)); }

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < size_; ++i)
            if (items_[i].first == name) return items_[i].second;
        return std::nullopt;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Forgets all beyond that many: what a route captured that did not match after all.
    void shrink(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }

    [[nodiscard]] Arena& arena() const noexcept { return *arena_; }

private:
    Arena* arena_;
    std::size_t size_ = 0;
    std::array<std::pair<std::string_view, std::string_view>, most> items_{};
};

}  // namespace flotilla::gateway
